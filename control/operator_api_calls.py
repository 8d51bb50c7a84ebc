"""The operator API: calls, live and past."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

import msgspec

from control.answering import follow
from control.operator_api_auth import Role, User, require
from control.operator_api_csv import write_csv
from control.operator_api_figures import InsightsQuery
from control.operator_api_http import ApiAnswer, ApiError, ApiRequest, answer_if_new, answer_struct
from control.operator_api_model import (
    Accepted,
    CallItem,
    CallPage,
    CallsQuery,
    Correction,
    IntentView,
    LiveCalls,
    NoQuery,
    RecordingView,
    TransferOrder,
)
from control.operator_api_views import Made, detail, ended_item, live_item, recording
from control.operator_services import OperatorServices
from shared.call_archive import Transcript
from shared.call_facts import CallFacts, codes_of
from shared.call_search import BadTokenError, CallFilter
from shared.call_words import NothingToFindError
from shared.calls import Call, CallEvent, CallState, EventKind, is_call_id, is_waiting
from shared.commands import CallCommand, Order
from shared.handover import paragraph
from shared.insights import CountConflictError
from shared.intents import Decision
from shared.tapes import extent
from shared.telephony import TelephonyError

MOST_DAYS: Final = 92
"""Days of one list or one set of figures: one small read each."""
_DAYS: Final = 30


def days_of(query: InsightsQuery | CallsQuery, today: date) -> tuple[date, date]:
    """The range of days a query asks for.

    Raises:
        ApiError: it is turned around, or longer than MOST_DAYS.
    """
    last = query.to or today
    first = query.from_ or last - timedelta(days=_DAYS - 1)
    if first > last:
        raise ApiError(
            400, "bad_parameter", f"from {first} is after to {last}", field="from", fix="swap them"
        )
    if (last - first).days >= MOST_DAYS:
        raise ApiError(
            400,
            "bad_parameter",
            f"from {first} to {last} are more than {MOST_DAYS} days",
            field="from",
            fix=f"ask for {MOST_DAYS} days at most at a time",
        )
    return first, last


async def list_calls(ops: OperatorServices, user: User, _: ApiRequest, query: CallsQuery) -> ApiAnswer:
    """GET /calls"""
    return answer_struct(await page_of(ops, user, query))


async def list_csv(ops: OperatorServices, user: User, _: ApiRequest, query: CallsQuery) -> ApiAnswer:
    """GET /calls.csv: a page at a time, so that none is too large; `Link` (RFC 8288) leads to the next."""
    page = await page_of(ops, user, query)
    headers = {"Content-Disposition": 'attachment; filename="tabletalk-calls.csv"'}
    if page.continuation is not None:
        given = {
            name: _text(value) for name, value in msgspec.to_builtins(query).items() if value is not None
        }
        target = urlencode(given | {"continuation": page.continuation})
        headers["Link"] = f'</api/v1/calls.csv?{target}>; rel="next"'
    return ApiAnswer(200, write_csv(CallItem.__struct_fields__, map(_row, page.calls)), "text/csv", headers)


async def page_of(ops: OperatorServices, user: User, query: CallsQuery) -> CallPage:
    """A page of calls, live or ended.

    Raises:
        ApiError: a parameter is not allowed.
    """
    if query.state == "live":
        calls = [item for item in await _live(ops, user) if _fits(item, query)]
        return CallPage(
            calls=calls[: query.limit],
            continuation=None,
            currency=ops.prices.currency,
            masked=user.role < Role.OPERATOR,
        )
    if query.said is not None:
        require(user, Role.OPERATOR, field="said")
    try:
        page = await ops.search.page(
            filter_of(ops, query), query.limit, query.continuation, personal=user.role >= Role.OPERATOR
        )
    except BadTokenError as error:
        raise ApiError(
            400, "bad_parameter", str(error), field="continuation", fix="begin again without it"
        ) from error
    except NothingToFindError as error:
        raise ApiError(
            400, "bad_parameter", str(error), field="said", fix="ask for one to ten words"
        ) from error
    return CallPage(
        calls=[ended_item(facts, user, page.excerpts.get(facts.id, [])) for facts in page.calls],
        continuation=page.next,
        back_to=page.back_to,
        currency=ops.prices.currency,
        masked=user.role < Role.OPERATOR,
    )


def filter_of(ops: OperatorServices, query: CallsQuery) -> CallFilter:
    """What to search for."""
    first, last = days_of(query, ops.insights.day_of(ops.clock()))
    same = {f: getattr(query, f) for f in CallFilter.__struct_fields__ if f not in ("first", "last")}
    return CallFilter(first=first, last=last, **same)


async def call_of(ops: OperatorServices, call_id: str) -> Call:
    """The call of this id.

    Raises:
        ApiError: there is none.
    """
    call = await ops.line.calls.get(call_id) if is_call_id(call_id) else None
    if call is None:
        raise ApiError(404, "unknown_call", "there is no such call", field="id", fix="take an id of a list")
    return call


async def live_calls(ops: OperatorServices, user: User, request: ApiRequest, _: NoQuery) -> ApiAnswer:
    """GET /live"""
    return answer_if_new(LiveCalls(calls=await _live(ops, user), masked=user.role < Role.OPERATOR), request)


async def get_call(
    ops: OperatorServices, user: User, request: ApiRequest, call_id: str, _: NoQuery
) -> ApiAnswer:
    """GET /calls/{id}"""
    call = await call_of(ops, call_id)
    said, facts, tape = await asyncio.gather(
        ops.archive.transcript(call.id), _counted(ops, call), _tape(ops, call)
    )
    made = await _made(ops, said) if user.role >= Role.OPERATOR else Made()
    return answer_if_new(detail(ops, user, call, said, facts, made, tape), request)


async def correct_intent(
    ops: OperatorServices, user: User, _: ApiRequest, call_id: str, order: Correction
) -> ApiAnswer:
    """PATCH /calls/{id}/intent"""
    call = await call_of(ops, call_id)
    if call.state is not CallState.ENDED:
        raise ApiError(
            409, "still_live", "the intent is decided when the call has ended", fix="wait for its end"
        )
    reason = paragraph(order.reason, 200)
    decision = Decision(intent=order.intent, reached=order.reached, reason=reason, by=user.name)
    await ops.archive.correct(call.id, decision)
    await ops.line.calls.recount(call.id)  # what comes now may fail, and is then made up for
    try:
        await ops.counter.count_now(call.id)
    except CountConflictError as error:
        raise ApiError(
            503, "busy", "the figures are being changed by others", fix="they follow soon"
        ) from error
    return answer_struct(
        IntentView(intent=decision.intent, reached=decision.reached, reason=reason, by=decision.by)
    )


async def end_call(ops: OperatorServices, _: User, __: ApiRequest, call_id: str) -> ApiAnswer:
    """POST /calls/{id}/end"""
    call = await _live_call(ops, call_id)
    if call.talk is not None:
        await ops.commands.give(CallCommand(call.id, Order.END, ops.clock()))
    else:
        if not call.call_connection_id:
            raise ApiError(409, "not_answered", "the call is not answered yet", fix="try again in a second")
        # On record first: if the hang-up gets lost, the sweep sees that it is wanted.
        await follow(ops.line, call.id, [CallEvent(EventKind.HUNG_UP, ops.clock(), "operator")])
        try:
            await ops.line.telephony.hang_up(call.call_connection_id)
        except TelephonyError as error:
            raise ApiError(502, "not_hung_up", str(error), fix="it is tried again within a minute") from error
    return answer_struct(Accepted(id=call.id, accepted="end"), 202)


async def transfer_call(
    ops: OperatorServices, _: User, __: ApiRequest, call_id: str, order: TransferOrder
) -> ApiAnswer:
    """POST /calls/{id}/transfer"""
    call = await _live_call(ops, call_id)
    if call.talk is not None:
        raise ApiError(
            409, "not_by_phone", "a talk from the page cannot be put through", fix="end it instead"
        )
    if is_waiting(call):
        raise ApiError(
            409,
            "in_line",
            "the caller waits in line, and talks with nobody yet",
            fix="end the call, or set ADMISSION_QUEUE_THEN to person",
        )
    targets = ops.agent.transfer.everybody
    if not targets:
        raise ApiError(
            409, "nobody", "nobody is configured to take calls", fix="set [transfer] in agent.toml"
        )
    if order.to and order.to not in targets:
        raise ApiError(
            400, "bad_body", "nobody of that name takes calls", field="to", fix=f"one of {', '.join(targets)}"
        )
    summary = paragraph(order.summary)
    await ops.commands.give(CallCommand(call.id, Order.TRANSFER, ops.clock(), order.to, summary))
    return answer_struct(Accepted(id=call.id, accepted="transfer"), 202)


# --- inside --------------------------------------------------------------------------------------------


async def _counted(ops: OperatorServices, call: Call) -> CallFacts | None:
    return None if call.state is not CallState.ENDED else await ops.insights.facts(call.id)


async def _made(ops: OperatorServices, said: Transcript) -> Made:
    """By what the tools answered, so that it is there while the call goes on."""
    bookings, orders = await asyncio.gather(
        asyncio.gather(*map(ops.bookings.get, codes_of(said.tools, "book_table"))),
        asyncio.gather(*map(ops.orders.get, codes_of(said.tools, "place_order"))),
    )
    return Made([one for one in bookings if one is not None], [one for one in orders if one is not None])


async def _live_call(ops: OperatorServices, call_id: str) -> Call:
    call = await call_of(ops, call_id)
    if call.state is CallState.ENDED:
        raise ApiError(409, "ended", "the call has ended")
    return call


async def _tape(ops: OperatorServices, call: Call) -> RecordingView | None:
    """What there is of a call's sound."""
    tape = await ops.tapes.find(call.id)
    if tape is None:
        return None
    return recording(tape, extent(await ops.tapes.spans(call.id)))


async def _live(ops: OperatorServices, user: User) -> list[CallItem]:
    return [live_item(call, user) for call in await ops.live.calls()]


def _row(item: CallItem) -> dict[str, object]:
    """A call as a row of CSV: several values of one kind are parted by spaces, excerpts by " | "."""
    row = msgspec.to_builtins(item)
    row["excerpts"] = " | ".join(f"{excerpt.role}: {excerpt.text}" for excerpt in item.excerpts)
    return {name: " ".join(value) if isinstance(value, list) else value for name, value in row.items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fits(item: CallItem, query: CallsQuery) -> bool:
    text = (query.text or "").casefold()
    of_carrier = query.carrier is None or item.carrier == query.carrier
    return of_carrier and any(text in place.casefold() for place in (item.id, item.caller, item.called))
