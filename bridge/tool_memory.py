"""The memory tools of one call: remember, and forget. They act for the caller of this call only."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time
from typing import Any, Final

import msgspec
from azure.core.exceptions import AzureError

from bridge.tool_booking_answers import spoken_day
from bridge.tool_parameters import ForgetMe, Remember
from bridge.tool_results import ToolFailureError, ToolResult, result
from bridge.tool_schema import ToolArgumentError
from shared import caller_memory, spoken
from shared.caller_erasure import Erasure, Stays
from shared.caller_memory import Dish, Memory, Told, Visit
from shared.callers import CallerStore, Known
from shared.handover import paragraph
from shared.languages import primary
from shared.ledger import ConflictError
from shared.order_records import Order
from shared.orders import OrderStore
from shared.restaurants import Catalogue

type Later = Callable[[Callable[[], Awaitable[object]]], None]
"""Takes a write that is done off the audio path, and tried again when it fails."""

_MOST_NOTE: Final = 60
_MOST_NAME: Final = 60

log = logging.getLogger(__name__)


class MemoryTools:
    """What this call may know and change about its caller.

    Args:
        store: of the callers.
        erasure: makes calls and bookings nobody's.
        number: the caller's, as `own_number` gives it; None when it is withheld.
        known: what the store had when the call began; None when it did not say in time.
        languages: what the agent speaks (BCP-47).
        language: what the caller speaks now; None while that is not known.
        later: for what is noted by the way.
    """

    def __init__(
        self,
        store: CallerStore,
        erasure: Erasure,
        catalogue: Catalogue,
        orders: OrderStore,
        *,
        number: str | None,
        call_id: str,
        known: Known | None,
        languages: Sequence[str],
        language: Callable[[], str | None],
        now: Callable[[], datetime],
        later: Later,
    ) -> None:
        self._store = store
        self._erasure = erasure
        self._catalogue = catalogue
        self._orders = orders
        self._number = number
        self._call_id = call_id
        self._may_have_memory = known is None or known.memory is not None
        self.languages = tuple(languages)
        """What a caller can be greeted in."""
        self._language = language
        self._now = now
        self._later = later
        self._visits: dict[str, Visit | None] = {}
        """What was booked and ordered in this call, by what names it; None for what came to nothing."""
        self._forgotten = False

    def begin(self, later: Later | None = None) -> None:
        """Note the call, off the audio path; `later` in place of what everything else is noted by."""
        if self._number is not None:
            (later or self._later)(self._note_call)

    async def remember(self, wish: Remember) -> ToolResult:
        """remember"""
        try:
            return await self._remember(self._own_number(), wish)
        except (ConflictError, AzureError) as error:
            log.warning("not remembered", extra={"reason": type(error).__name__})
            raise ToolFailureError(
                "not_remembered", "It could not be kept just now. Say so, and offer to try once more."
            ) from error

    async def forget(self, wish: ForgetMe) -> ToolResult:
        """forget_me"""
        if wish.only is not None:
            return await self._forget_one(wish.only)
        self._forgotten = True  # before the store is asked: what is noted by the way must not come back
        self._visits.clear()
        try:
            stays = await self._erasure.forget(self._number, self._call_id, self._now())
        except AzureError as error:
            log.warning("not forgotten", extra={"reason": type(error).__name__})
            raise ToolFailureError(
                "not_forgotten",
                "The store does not answer, and not everything was forgotten. Say so, and offer to try once "
                "more: it does no harm twice.",
            ) from error
        self._may_have_memory = False
        said = _ALL_FORGOTTEN if self._number is not None else _CALL_FORGOTTEN
        if stays:
            said += f" {self._staying(stays)}"
        return result({"forgotten": True, "staying": len(stays), "spoken": said})

    def noted(self, tool: str, output: str) -> None:
        """A tool has run: a booking or an order that was made, changed or cancelled makes "the usual"."""
        facts = _stands(tool, output)
        if facts is None or self._forgotten or self._number is None:
            return
        if facts.get("ordered"):
            self._later(lambda: self._note_order(facts["code"]))
            return
        ref = f"{'order' if tool == 'cancel_order' else 'booking'}-{facts['code']}"
        self._visits[ref] = None if facts.get("cancelled") else _booked(ref, facts)
        if self._may_have_memory:
            self._later(self._keep_visits)

    # --- inside ---------------------------------------------------------------------------------------

    async def _remember(self, number: str, wish: Remember) -> ToolResult:
        if wish.consent is False:
            return await self._refused(number)
        told = Told(
            name=paragraph(wish.name or "", _MOST_NAME),
            language=self._read_language(wish.language),
            usual_party=wish.usual_party,
            preferences=_notes(wish.preferences),
            allergies=_notes(wish.allergies),
        )
        if not wish.consent:
            await self._check_consent(number, told)
        now, today = self._now(), self._now().astimezone(self._catalogue.zone).date()

        def change(memory: Memory | None) -> Memory:
            return self._with_this_call(
                caller_memory.with_told(memory or caller_memory.begun(today), told), told.language
            )

        await self._store.change(number, change, now)
        self._may_have_memory, self._forgotten = True, False
        kept = msgspec.to_builtins(told)
        facts = {name: value for name, value in kept.items() if value}
        return result({"remembered": True, "kept": facts, "spoken": _kept(told)})

    async def _note_call(self) -> None:
        if self._number is not None and not self._forgotten:
            await self._store.called(self._number, self._call_id, self._now())

    async def _note_order(self, code: str) -> None:
        """What was ordered exactly stands in the store; the model is told it for the ear."""
        order = await self._orders.get(code)
        if order is not None and not self._forgotten:
            ref = f"order-{code}"
            self._visits[ref] = _ordered(ref, order)
            if self._may_have_memory:
                await self._keep_visits()

    async def _keep_visits(self) -> None:
        if self._number is None or self._forgotten:
            return

        def change(memory: Memory | None) -> Memory | None:
            return None if memory is None else self._with_this_call(memory, "")

        await self._store.change(self._number, change, self._now())

    def _with_this_call(self, memory: Memory, language: str) -> Memory:
        """The memory with what was booked in this call, and the language that the caller speaks."""
        for ref, visit in self._visits.items():
            memory = (
                caller_memory.without_visit(memory, ref)
                if visit is None
                else caller_memory.with_visit(memory, visit)
            )
        heard = language or self._language() or ""
        return caller_memory.with_told(memory, Told(language=heard))

    def _own_number(self) -> str:
        if self._number is None:
            raise ToolFailureError(
                "number_withheld",
                "Nothing was kept: this call shows no number to know the caller by. Say so, and do not ask "
                "again.",
            )
        return self._number

    async def _check_consent(self, number: str, told: Told) -> None:
        known = await self._store.look(number, self._now())
        if known.memory is None:
            raise ToolFailureError(
                "consent_needed",
                "Nothing was kept. Ask the caller whether you may remember it for next time, and call this "
                "again with consent true or false.",
            )
        if told.allergies and not known.memory.allergies_allowed:
            raise ToolFailureError(
                "consent_needed",
                "Nothing was kept. An allergy is about health: ask whether you may remember it, by its name, "
                "and call this again with consent true or false.",
            )
        if told == Told():
            raise ToolArgumentError("Nothing to remember was given. Ask the caller what it should be.")

    async def _refused(self, number: str) -> ToolResult:
        known = await self._store.look(number, self._now())
        if known.memory is None:
            await self._store.refuse(number, self._now())
            return result({"remembered": False, "spoken": "All right, I will not remember anything."})
        return result({"remembered": False, "spoken": "All right, I will not remember that."})

    async def _forget_one(self, kind: caller_memory.Kind) -> ToolResult:
        number = self._own_number()

        def change(memory: Memory | None) -> Memory | None:
            return None if memory is None else caller_memory.without(memory, kind)

        if kind == "places":
            self._visits.clear()
        try:
            await self._store.change(number, change, self._now())
        except (ConflictError, AzureError) as error:
            log.warning("not forgotten", extra={"reason": type(error).__name__})
            raise ToolFailureError(
                "not_forgotten", "It could not be forgotten just now. Say so, and offer to try once more."
            ) from error
        return result({"forgotten": True, "only": kind, "spoken": f"I have forgotten {_FORGOTTEN[kind]}."})

    def _staying(self, stays: Sequence[Stays]) -> str:
        names = {restaurant.id: restaurant.name for restaurant in self._catalogue.restaurants}
        today = self._now().astimezone(self._catalogue.zone).date()
        said = [
            f"{names.get(stay.restaurant_id, 'a restaurant')} {spoken_day(stay.on, today)}" for stay in stays
        ]
        return (
            f"What is booked or ordered at {spoken.listing(said)} stays, unless you cancel it; your name and "
            "number are taken out of it afterwards."
        )

    def _read_language(self, said: str | None) -> str:
        if said is None:
            return ""
        for tag in self.languages:
            if said.casefold() in (tag.casefold(), primary(tag)):
                return tag
        raise ToolArgumentError(
            f"language {said!r} is not one that is spoken here. There are {', '.join(self.languages)}."
        )


_MAKES_VISITS: Final = frozenset(
    {"book_table", "move_booking", "cancel_booking", "place_order", "cancel_order"}
)

_ALL_FORGOTTEN: Final = (
    "I have deleted what I remembered about you. Your number and what you said, in this call and in earlier "
    "ones, are erased within minutes of this call."
)
_CALL_FORGOTTEN: Final = (
    "Your number is not shown, so nothing is kept under it. What you said in this call is erased within "
    "minutes of its end."
)
_FORGOTTEN: Final[dict[str, str]] = {
    "name": "your name",
    "language": "your language",
    "usual_party": "how many you usually are",
    "preferences": "what you like",
    "allergies": "your allergies",
    "places": "where you have booked and ordered",
}


def _notes(text: str | None) -> tuple[str, ...]:
    """The notes in a list with commas, each one line."""
    notes = (paragraph(part, _MOST_NOTE) for part in (text or "").replace(";", ",").split(","))
    return tuple(note for note in notes if any(letter.isalnum() for letter in note))


def _kept(told: Told) -> str:
    parts = list(told.preferences)
    parts += [note if "allerg" in note.casefold() else f"the allergy, {note}" for note in told.allergies]
    if told.usual_party is not None:
        parts.append(f"that you are usually {spoken.number(told.usual_party)}")
    if told.name:
        parts.append(f"your name, {told.name}")
    if told.language:
        parts.append("your language")
    if not parts:
        return "I will remember you for next time."
    return f"I will remember for next time: {spoken.listing(parts)}."


def _stands(tool: str, output: str) -> dict[str, Any] | None:
    """What a tool says of a booking or an order that it made, changed or cancelled."""
    if tool not in _MAKES_VISITS:
        return None
    facts = json.loads(output)
    return facts if isinstance(facts, dict) and "error" not in facts and "code" in facts else None


def _booked(ref: str, facts: dict[str, Any]) -> Visit:
    return Visit(
        ref=ref,
        restaurant_id=facts["id"],
        name=facts["name"],
        party_size=facts["party_size"],
        at=time.fromisoformat(facts["time"]),
    )


def _ordered(ref: str, order: Order) -> Visit:
    dishes = tuple(
        Dish(id=line.item, name=line.name, quantity=line.quantity, options=line.options)
        for line in order.lines
    )
    return Visit(ref=ref, restaurant_id=order.restaurant_id, name=order.name, dishes=dishes)
