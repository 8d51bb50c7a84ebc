"""Calls as the operator API shows them, and what a viewer does not see of them. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from control.operator_api_auth import Role, User
from control.operator_api_model import (
    Actions,
    BookingView,
    CallDetail,
    CallItem,
    ExcerptView,
    Fault,
    IntentView,
    OrderLineView,
    OrderView,
    RecordingView,
    ToolView,
    TransferView,
    TurnView,
    UsageView,
)
from control.operator_services import OperatorServices
from shared.booking_records import Booking
from shared.call_archive import Transcript
from shared.call_facts import CallFacts, is_fault
from shared.call_words import Excerpt
from shared.calls import Call, CallState, EventKind, ToolRun, Turn, is_waiting, talks_from
from shared.g711 import RATE
from shared.intents import result_of
from shared.json_errors import NOT_JSON
from shared.order_records import Order
from shared.restaurants import Catalogue, UnknownRestaurantError
from shared.tape_wav import size_of
from shared.tapes import Extent, Tape, TapeState

_NULL: Final = msgspec.Raw(b"null")
_SHOWN_DIGITS: Final = 2
_FAILED: Final = frozenset(
    {EventKind.FAILED, EventKind.MEDIA_FAILED, EventKind.ANSWER_FAILED, EventKind.LOST}
)
_SAME: Final = (
    *("seq", "role", "started_at", "ended_at", "interrupted", "latency_ms", "first_audio_ms"),
    *("transcript_ms", "tool_ms", "filler", "heard_ms", "interrupted_ms", "input_tokens"),
    *("cached_tokens", "output_tokens"),
)


@dataclass(frozen=True, slots=True)
class Made:
    """What stands because of a call."""

    bookings: Sequence[Booking] = ()
    orders: Sequence[Order] = ()


def money(millionths: int | None) -> float | None:
    """An amount in units of the currency, to a ten thousandth."""
    return None if millionths is None else round(millionths / 1_000_000, 4)


def masked_number(raw_id: str) -> str:
    """All but the last two digits of a number; nothing of any other id."""
    number = re.fullmatch(r"(?:4:)?\+?(\d+)", raw_id)
    if number is None:
        return "*" if raw_id else ""
    return f"{'*' * (len(number[1]) - _SHOWN_DIGITS)}{number[1][-_SHOWN_DIGITS:]}"


def ended_item(facts: CallFacts, user: User, excerpts: Sequence[Excerpt] = ()) -> CallItem:
    """An ended call in a list, with where it was said what the list was searched for."""
    sees_all = user.role >= Role.OPERATOR
    return CallItem(
        id=facts.id,
        state=CallState.ENDED,
        carrier=facts.carrier,
        rang_at=facts.rang_at,
        ended_at=facts.ended_at,
        caller=facts.caller if sees_all else masked_number(facts.caller),
        called=facts.called,
        outcome=facts.outcome,
        intent=facts.decision.intent,
        reached=facts.decision.reached,
        seconds=facts.seconds,
        greeting_ms=facts.greeting_ms,
        slowest_reply_ms=facts.slowest_ms,
        interruptions=facts.interruptions,
        misunderstandings=facts.misunderstandings,
        tool_faults=facts.tool_faults,
        restaurants=list(facts.restaurants),
        wishes=list(facts.wishes),
        # A code is half of the proof that a booking is somebody's.
        bookings=list(facts.bookings) if sees_all else [],
        orders=list(facts.orders) if sees_all else [],
        cost=money(facts.cost),
        excerpts=[ExcerptView(seq=one.seq, role=one.role, text=one.text) for one in excerpts if sees_all],
    )


def live_item(call: Call, user: User) -> CallItem:
    """A call in a list that is in progress, or has ended and is not counted yet."""
    return CallItem(
        id=call.id,
        state=call.state,
        waiting=is_waiting(call),
        carrier="phone" if call.talk is None else "browser",
        rang_at=call.rang_at,
        ended_at=call.ended_at,
        caller=call.caller if user.role >= Role.OPERATOR else masked_number(call.caller),
        called=call.called,
        greeting_ms=call.greeting_ms,
    )


def detail(
    ops: OperatorServices,
    user: User,
    call: Call,
    said: Transcript,
    facts: CallFacts | None,
    made: Made,
    tape: RecordingView | None = None,
) -> CallDetail:
    """Everything about a call. `facts` is None while it is live, and until it is counted."""
    sees_all = user.role >= Role.OPERATOR
    live = call.state is not CallState.ENDED
    usage = None if facts is None else facts.usage
    return CallDetail(
        call=live_item(call, user) if facts is None or live else ended_item(facts, user),
        masked=not sees_all,
        answered_at=call.answered_at,
        live_from=talks_from(call),
        end_reason=call.end_reason,
        model=call.model,
        language=call.talk.language if call.talk is not None else "",
        intent=None if facts is None else _intent(facts, sees_all),
        transfer=_transfer(call, sees_all),
        turns=[_turn(turn, sees_all) for turn in said.turns],
        tools=[_tool(run, sees_all) for run in said.tools],
        bookings=[_booking(ops, booking) for booking in made.bookings],
        orders=[_order(ops, order) for order in made.orders],
        recording=tape,
        usage=UsageView(
            input_tokens=_sum(said.turns, "input_tokens") if usage is None else usage.input_tokens,
            cached_tokens=_sum(said.turns, "cached_tokens") if usage is None else usage.cached_tokens,
            output_tokens=_sum(said.turns, "output_tokens") if usage is None else usage.output_tokens,
            cost=None if facts is None else money(facts.cost),
            currency=ops.prices.currency,
            prices_as_of=ops.prices.as_of,
        ),
        faults=_faults(call, said.tools),
        actions=Actions(
            end=sees_all and live and (call.talk is not None or call.call_connection_id != ""),
            # Who waits in line is at no bridge that could put them through.
            transfer=sees_all
            and live
            and call.talk is None
            and not is_waiting(call)
            and ops.agent.transfer.any,
            correct=sees_all and not live,
            listen=sees_all and not live and tape is not None and tape.bytes > 0,
        ),
    )


def recording(tape: Tape, found: Extent) -> RecordingView:
    """What there is of a call's sound."""
    return RecordingView(
        refused=tape.state is TapeState.REFUSED,
        began_at=tape.began_at,
        seconds=found.samples / RATE,
        complete=found.complete,
        bytes=size_of(found.samples) if found.samples else 0,
    )


def _intent(facts: CallFacts, sees_all: bool) -> IntentView:
    decision = facts.decision
    return IntentView(
        intent=decision.intent,
        reached=decision.reached,
        reason=decision.reason,
        by=decision.by if sees_all or decision.by == "rules" else "operator",
    )


def _transfer(call: Call, sees_all: bool) -> TransferView | None:
    if not call.transfer:
        return None
    return TransferView(
        number=call.transfer,
        state=call.transfer_state,
        detail=call.transfer_detail,
        at=call.transferred_at,
        summary=call.summary if sees_all else "",
    )


def _turn(turn: Turn, sees_all: bool) -> TurnView:
    return TurnView(text=turn.text if sees_all else "", **{name: getattr(turn, name) for name in _SAME})


def _tool(run: ToolRun, sees_all: bool) -> ToolView:
    error = result_of(run).get("error")
    return ToolView(
        seq=run.seq,
        name=run.name,
        arguments=_json(run.arguments) if sees_all else _NULL,
        result=_json(run.result) if sees_all else _NULL,
        error=error if isinstance(error, str) else None,
        fault=is_fault(run),
        ms=run.ms,
        started_at=run.started_at,
    )


def _order(ops: OperatorServices, order: Order) -> OrderView:
    return OrderView(
        code=order.code,
        restaurant=order.restaurant_id,
        restaurant_name=restaurant_name(ops.catalogue, order.restaurant_id),
        due=order.due,
        address=order.to.address,
        name=order.name,
        lines=[
            OrderLineView(
                name=line.name,
                quantity=line.quantity,
                options=list(line.options),
                note=line.note,
                amount=f"{line.amount:.2f}",
            )
            for line in order.lines
        ],
        fee=f"{order.fee:.2f}",
        total=f"{order.total:.2f}",
        currency=ops.catalogue.city.currency,
        status=order.status.value,
    )


def restaurant_name(catalogue: Catalogue, restaurant_id: str) -> str:
    """What callers call it; its id when it is in the catalogue no more."""
    try:
        return catalogue.get(restaurant_id).name
    except UnknownRestaurantError:
        return restaurant_id


def _booking(ops: OperatorServices, booking: Booking) -> BookingView:
    return BookingView(
        code=booking.code,
        restaurant=booking.restaurant_id,
        restaurant_name=restaurant_name(ops.catalogue, booking.restaurant_id),
        on=booking.on,
        at=f"{booking.at:%H:%M}",
        party_size=booking.party_size,
        name=booking.name,
        status=str(booking.status),
    )


def _faults(call: Call, tools: Sequence[ToolRun]) -> list[Fault]:
    """What went wrong, in order of time."""
    found = [
        Fault(at=run.started_at, what=f"{run.name}: {result_of(run)['error']}")
        for run in tools
        if is_fault(run)
    ]
    kind = call.end_reason.partition(":")[0]
    if kind in _FAILED:
        found.append(Fault(at=call.ended_at or call.rang_at, what=call.end_reason))
    if call.transfer_detail:
        found.append(Fault(at=call.ended_at or call.rang_at, what=f"hand-over: {call.transfer_detail}"))
    return sorted(found, key=_time_of)


def _time_of(fault: Fault) -> datetime:
    return fault.at


def _sum(turns: Sequence[Turn], name: str) -> int:
    return sum(getattr(turn, name) or 0 for turn in turns)


def _json(text: str) -> msgspec.Raw:
    """JSON as it is; what a model wrote wrongly, as a JSON string."""
    try:
        value: Any = msgspec.json.decode(text)
    except NOT_JSON:
        value = text
    return msgspec.Raw(msgspec.json.encode(value))
