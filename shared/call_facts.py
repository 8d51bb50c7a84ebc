"""What is kept of an ended call for lists and figures: one small value, worked out from its record. No I/O.

Personal data in it: the numbers of both sides, and in `words` which words were said, though not in what
order. `wishes` are search words of the model for restaurants and dishes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

import msgspec

from shared import intents
from shared.call_words import words_of
from shared.calls import Call, EventKind, Outcome, ToolRun, Turn, talks_from
from shared.intents import Decision, Intent, arguments_of, commits, result_of
from shared.prices import Prices, Usage
from shared.repairs import LANGUAGES, asks_again, plain_words
from shared.restaurants import Catalogue, UnknownRestaurantError

type Carrier = Literal["phone", "browser"]


class CallerOutcome(StrEnum):
    """What a call came to for the caller. Each call has one; the first that fits."""

    REJECTED = "rejected"
    """Turned away before it was answered."""
    GAVE_UP = "gave_up"
    """The caller hung up while they waited in line for a place."""
    MISSED = "missed"
    """Not answered in time, or the caller left before."""
    HANDED_OVER = "handed_over"
    """A person took it."""
    FAILED = "failed"
    """It ended because of a fault of ours."""
    ORDERED = "ordered"
    BOOKED = "booked"
    CHANGED = "changed"
    """A booking or an order was moved or cancelled."""
    INFORMED = "informed"
    """A question was answered, or a restaurant found."""
    ANSWERED = "answered"
    """It came to a goodbye, and the caller got nothing of what they wanted."""
    ABANDONED = "abandoned"
    """The caller left with nothing."""


CONTAINED: Final = frozenset(
    {
        CallerOutcome.ORDERED,
        CallerOutcome.BOOKED,
        CallerOutcome.CHANGED,
        CallerOutcome.INFORMED,
        CallerOutcome.ANSWERED,
    }
)
"""Outcomes of calls that the agent brought to an end by itself."""

UNANSWERED: Final = frozenset({CallerOutcome.REJECTED, CallerOutcome.GAVE_UP, CallerOutcome.MISSED})
"""Outcomes of calls that never became a conversation."""

_FAULTS: Final = frozenset({"timeout", "unavailable", "busy", "bad_arguments", "unknown_tool"})
"""Errors of tools that are a fault of ours or the model's; the others are answers, such as "full"."""

_INFORMING: Final = frozenset({Intent.FIND, Intent.ASK, Intent.CHECK})
_AGREED_ENDS: Final = frozenset({EventKind.HUNG_UP})
_SEARCHED: Final = ("dish", "cuisine", "diet", "area", "price")
_MOST_WISHES: Final = 10
_LONGEST_WISH: Final = 80
_MOST_NAMES: Final = 2000


class CallFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One ended call in figures."""

    id: str
    rang_at: datetime
    ended_at: datetime
    carrier: Carrier
    outcome: CallerOutcome
    decision: Decision
    intents: tuple[Intent, ...] = ()
    """All that the caller wanted, the strongest first."""
    caller: str = ""
    called: str = ""
    end_reason: str = ""
    model: str = ""
    live_from: datetime | None = None
    """When the conversation began; None when there was none."""
    seconds: int = 0
    """How long it was, begun ones counted whole."""
    greeting_ms: int | None = None
    replies_ms: tuple[int, ...] = ()
    """What the caller waited for each reply."""
    caller_turns: int = 0
    agent_turns: int = 0
    interruptions: int = 0
    misunderstandings: int = 0
    tools: dict[str, tuple[int, int]] = msgspec.field(default_factory=dict)
    """Name to runs and faults."""
    usage: Usage = Usage()
    cost: int | None = None
    """Estimate, in millionths of the currency of the prices; None when the model has no price."""
    restaurants: tuple[str, ...] = ()
    """Ids of those spoken of, booked or ordered from."""
    bookings: tuple[str, ...] = ()
    """Codes of bookings made in this call."""
    booked_at: tuple[str, ...] = ()
    """Ids of their restaurants, one for each."""
    orders: tuple[str, ...] = ()
    """Codes of orders placed in this call."""
    ordered_from: tuple[str, ...] = ()
    """Ids of their restaurants, one for each."""
    wishes: tuple[str, ...] = ()
    """What was asked for and not found."""
    words: str | None = None
    """The different words that were said (`shared.call_words`). They stand beside the facts and are read to
    search in them only; None when they were not read, or are not kept of this call."""

    @property
    def tool_faults(self) -> int:
        return sum(faults for _, faults in self.tools.values())

    @property
    def slowest_ms(self) -> int | None:
        """The longest wait for a reply."""
        return max(self.replies_ms, default=None)

    @property
    def contained(self) -> bool | None:
        """Whether the agent brought the call to its end by itself; None when nobody talked."""
        return None if self.outcome in UNANSWERED else self.outcome in CONTAINED


class NotEndedError(ValueError):
    """The call has not ended: there is nothing to count yet."""


class FactsMaker:
    """Works out the facts of calls, by the restaurants, prices and phrases there are now.

    Args:
        repeats: what the agent says when it has not understood, as `phrases_that_ask_again` gives it.
    """

    def __init__(self, catalogue: Catalogue, prices: Prices, repeats: frozenset[str] = frozenset()) -> None:
        self._catalogue = catalogue
        self._prices = prices
        self._repeats = repeats
        self._ids: dict[str, str | None] = {}
        """Restaurants by the names that tools gave them: matching names takes long."""

    def of(
        self, call: Call, turns: Sequence[Turn], tools: Sequence[ToolRun], corrected: Decision | None = None
    ) -> CallFacts:
        """The facts of an ended call. `corrected`, the intent as an operator or a model has it, goes before
        that of the rules.

        Raises:
            NotEndedError
        """
        if call.ended_at is None:
            raise NotEndedError(f"call {call.id} has not ended")
        wishes = intents.wishes(call, turns, tools)
        agent = [turn for turn in turns if turn.role == "agent"]
        live_from = talks_from(call)
        seconds = 0 if live_from is None else max(0, math.ceil((call.ended_at - live_from).total_seconds()))
        carrier: Carrier = "browser" if call.talk is not None else "phone"
        usage = _usage(agent)
        bookings, orders = self._made(tools, "book_table"), self._made(tools, "place_order")
        return CallFacts(
            id=call.id,
            rang_at=call.rang_at,
            ended_at=call.ended_at,
            carrier=carrier,
            outcome=_outcome(call, wishes, tools),
            decision=corrected or intents.decide(call, turns, tools),
            intents=tuple(wish.intent for wish in wishes),
            caller=call.caller,
            called=call.called,
            end_reason=call.end_reason,
            model=call.model,
            live_from=live_from,
            seconds=seconds,
            greeting_ms=call.greeting_ms,
            replies_ms=tuple(turn.latency_ms for turn in agent if turn.latency_ms is not None),
            caller_turns=len(turns) - len(agent),
            agent_turns=len(agent),
            # A turn that the call ended under was cut short too, and by nobody.
            interruptions=sum(turn.interrupted and turn.interrupted_ms is not None for turn in agent),
            misunderstandings=sum(map(self._is_misunderstanding, turns)),
            tools=_tools(tools),
            usage=usage,
            cost=self._prices.cost(call.model, usage, seconds, phone=carrier == "phone"),
            restaurants=self._restaurants(tools),
            bookings=tuple(bookings),
            booked_at=tuple(bookings.values()),
            orders=tuple(orders),
            ordered_from=tuple(orders.values()),
            wishes=_unmet(tools),
            words=words_of(turns),
        )

    def _is_misunderstanding(self, turn: Turn) -> bool:
        """The caller only asks for the last turn again, or the agent says that it has not understood."""
        if turn.role == "agent":
            return " ".join(plain_words(turn.text)) in self._repeats
        return any(asks_again(turn.text, language) for language in LANGUAGES)

    def _restaurants(self, tools: Sequence[ToolRun]) -> tuple[str, ...]:
        """Those that were spoken of by name, each once; a list of suggestions is not."""
        found: dict[str, None] = {}
        for run in tools:
            facts = result_of(run)
            said = facts.get("id") or facts.get("restaurant") or arguments_of(run).get("restaurant")
            if run.name != "find_restaurants" and isinstance(said, str) and (known := self._id(said)):
                found[known] = None
        return tuple(found)

    def _made(self, tools: Sequence[ToolRun], name: str) -> dict[str, str]:
        """Codes of what the tool made, to the ids of their restaurants; the same again is one."""
        made: dict[str, str] = {}
        for code, restaurant in _codes(tools, name):
            made[code] = (isinstance(restaurant, str) and self._id(restaurant)) or "unknown"
        return made

    def _id(self, said: str) -> str | None:
        if said not in self._ids:
            if len(self._ids) >= _MOST_NAMES:
                self._ids.clear()
            try:
                self._ids[said] = self._catalogue.get(said).id
            except UnknownRestaurantError:
                self._ids[said] = None
        return self._ids[said]


def codes_of(tools: Sequence[ToolRun], name: str) -> list[str]:
    """Codes of what the tool of this name made, each once."""
    return list(dict.fromkeys(code for code, _ in _codes(tools, name)))


def _codes(tools: Sequence[ToolRun], name: str) -> Iterator[tuple[str, object]]:
    """Codes of what the tool made, each with what it says of the restaurant."""
    for run in tools:
        facts = result_of(run)
        code = facts.get("code")
        if run.name == name and commits(run) and isinstance(code, str):
            yield code, facts.get("id") or facts.get("restaurant")


def is_fault(run: ToolRun) -> bool:
    """Whether a tool failed by a fault of ours or the model's; "full" or "closed" are answers."""
    return result_of(run).get("error") in _FAULTS


def _outcome(call: Call, wishes: Sequence[intents.Wish], tools: Sequence[ToolRun]) -> CallerOutcome:
    if call.outcome is Outcome.REJECTED:
        return CallerOutcome.REJECTED
    if call.outcome is Outcome.GAVE_UP:
        return CallerOutcome.GAVE_UP
    if call.outcome is Outcome.MISSED:
        return CallerOutcome.MISSED
    if call.outcome is Outcome.TRANSFERRED:
        return CallerOutcome.HANDED_OVER
    if call.outcome is Outcome.FAILED:
        return CallerOutcome.FAILED
    done = {run.name for run in tools if commits(run)}
    if "place_order" in done:
        return CallerOutcome.ORDERED
    if "book_table" in done:
        return CallerOutcome.BOOKED
    if done:
        return CallerOutcome.CHANGED
    if any(wish.reached and wish.intent in _INFORMING for wish in wishes):
        return CallerOutcome.INFORMED
    kind = call.end_reason.partition(":")[0]
    return CallerOutcome.ANSWERED if kind in _AGREED_ENDS and wishes else CallerOutcome.ABANDONED


def _usage(agent: Sequence[Turn]) -> Usage:
    return Usage(
        input_tokens=sum(turn.input_tokens or 0 for turn in agent),
        cached_tokens=sum(turn.cached_tokens or 0 for turn in agent),
        output_tokens=sum(turn.output_tokens or 0 for turn in agent),
    )


def _tools(tools: Sequence[ToolRun]) -> dict[str, tuple[int, int]]:
    counted: dict[str, tuple[int, int]] = {}
    for run in tools:
        # A name that the model made up may be anything, words of the caller too.
        name = run.name if result_of(run).get("error") != "unknown_tool" else "other"
        runs, faults = counted.get(name, (0, 0))
        counted[name] = runs + 1, faults + is_fault(run)
    return counted


def _unmet(tools: Sequence[ToolRun]) -> tuple[str, ...]:
    """What was searched for and not there: "ramen", "vegan, Harbour", "Chez Paul"; each once."""
    found: dict[str, None] = {}
    for run in tools:
        facts, asked = result_of(run), arguments_of(run)
        if run.name == "find_restaurants" and (
            facts.get("error") == "nothing_found" or facts.get("exact") is False
        ):
            found[_wish([asked.get(name) for name in _SEARCHED])] = None
        elif facts.get("error") == "unknown_restaurant":
            found[_wish([asked.get("restaurant")])] = None
        elif facts.get("error") == "unknown_dish":
            found[_wish([asked.get("dish") or asked.get("item"), asked.get("restaurant")])] = None
    found.pop("", None)
    return tuple(found)[:_MOST_WISHES]


def _wish(parts: Sequence[object]) -> str:
    """The words of a wish in one spelling, so that equal ones are counted together."""
    texts = [" ".join(part.casefold().split()) for part in parts if isinstance(part, str)]
    return ", ".join(text for text in texts if text)[:_LONGEST_WISH].strip()


def phrases_that_ask_again(phrases: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Fixed phrases by language, as `facts_of` takes them in `repeats`."""
    return frozenset(" ".join(plain_words(text)) for texts in phrases.values() for text in texts)
