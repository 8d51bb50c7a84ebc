"""Calls as a busy line has them, made up from a seed: the same seed gives the same calls."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from shared.calls import Call, CallEvent, EventKind, ToolRun, Turn, apply, derive_call_id
from shared.restaurants import Catalogue
from shared.tally import midnight

_HOURS: Final = (1, 0, 0, 0, 0, 0, 1, 2, 3, 5, 10, 30, 45, 25, 10, 8, 15, 45, 80, 70, 45, 25, 10, 4)
"""How busy the hours of a day are, by the wall clock: lunch and dinner."""
_KINDS: Final = {
    "book": 28,
    "ask": 22,
    "find": 17,
    "order": 8,
    "change": 4,
    "person": 4,
    "refused": 4,
    "unmet": 5,
    "broken": 2,
    "silent": 3,
    "missed": 3,
}
_WISHES: Final = ("ramen", "ethiopian", "bubble tea", "fondue", "poutine", "arepas", "kosher deli")


@dataclass(slots=True)
class Made:
    """One call with what was said in it."""

    call: Call
    turns: list[Turn] = field(default_factory=list)
    tools: list[ToolRun] = field(default_factory=list)


def calls_of(day: date, count: int, catalogue: Catalogue, seed: int) -> Iterator[Made]:
    """The calls of one day (of the restaurants), in order of time."""
    dice = random.Random(f"{seed} {day}")  # noqa: S311 - made-up calls, no secret
    zone = catalogue.zone
    begin, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    hours = int((end - begin) / timedelta(hours=1))
    spread = dice.choices(range(24), _HOURS, k=count)
    moments = sorted(min(hour, hours - 1) * 3600 + dice.random() * 3600 for hour in spread)
    for number, second in enumerate(moments):
        yield _Script(dice, catalogue, begin.astimezone(UTC) + timedelta(seconds=second), number).play()


class _Script:
    """Plays one call: each line takes the seconds it would take."""

    def __init__(self, dice: random.Random, catalogue: Catalogue, rang_at: datetime, number: int) -> None:
        self._dice = dice
        self._restaurant = dice.choice(catalogue.restaurants)
        self._rang_at = rang_at
        self._name = f"{number}-{dice.getrandbits(64):x}"
        self._now = 1.5
        self._seq = 0
        self._made = Made(self._new())

    def play(self) -> Made:
        kind = self._dice.choices(list(_KINDS), list(_KINDS.values()))[0]
        if kind == "missed":
            self._made.call = apply(
                self._new(), CallEvent(EventKind.RING_ENDED, self._rang_at + timedelta(seconds=30))
            )
            return self._made
        self._event(EventKind.ANSWERED, 0.4, connection="c")
        self._event(EventKind.MEDIA_CONNECTED, 1.0, "gpt-4.1")
        self._event(EventKind.GREETED, 1.4, ms=round(self._dice.lognormvariate(5.8, 0.4)))
        self._agent(
            "Hello, this is Larkhaven Tables. I am an AI assistant. What would you like to eat?", None
        )
        getattr(self, f"_{kind}")()
        return self._made

    # --- kinds of calls ---------------------------------------------------------------------------

    def _book(self) -> None:
        self._caller("I would like to book a table for two tomorrow at seven.")
        self._agent(f"{self._restaurant.name}, tomorrow at seven, two people. Is that right?")
        self._caller("Yes, please. My name is Anna.")
        self._tool("book_table", self._asked(), self._done("booked"))
        self._agent("Your table is booked.")
        self._end(EventKind.HUNG_UP, "caller_done")

    def _ask(self) -> None:
        self._caller(f"When does {self._restaurant.name} open today?")
        self._tool(
            "restaurant_details",
            self._asked() | {"topic": "hours"},
            self._named() | {"open": ["12:00-22:00"]},
        )
        self._agent(f"{self._restaurant.name} is open from noon to ten in the evening.")
        if self._dice.random() < 0.2:
            self._caller("Sorry?")
            self._agent(f"{self._restaurant.name} is open from noon to ten.")
        self._end(EventKind.MEDIA_CLOSED, "1000")

    def _find(self) -> None:
        dish = self._dice.choice(self._restaurant.dishes).name
        self._caller(f"I feel like {dish}.")
        found = {"exact": True, "total": 1, "restaurants": [{"id": self._restaurant.id}]}
        self._tool("find_restaurants", {"dish": dish}, found)
        self._agent(f"{self._restaurant.name} has {dish}.")
        self._end(EventKind.MEDIA_CLOSED, "1000")

    def _order(self) -> None:
        self._caller("I want to order food to my door.")
        self._tool("place_order", {"name": "Anna"}, self._done("ordered"))
        self._agent("Your order is placed.")
        self._end(EventKind.HUNG_UP, "caller_done")

    def _change(self) -> None:
        self._caller("I have to cancel my booking.")
        self._tool("cancel_booking", {"code": "HKLMO"}, self._done("cancelled"))
        self._agent("Your table is cancelled.")
        self._end(EventKind.MEDIA_CLOSED, "1000")

    def _person(self) -> None:
        self._caller("Let me talk to a person.")
        self._tool("transfer_to_person", {"reason": "wants a person", "summary": "-"}, {"transferring": True})
        self._event(EventKind.TRANSFER_STARTED, self._now, transfer=1)
        self._event(EventKind.TRANSFER_ACCEPTED, self._now + 8, transfer=1)
        self._now += 8
        self._end(None, "")

    def _refused(self) -> None:
        self._caller("A table for two tonight, please.")
        self._tool("book_table", self._asked(), {"error": "full", "message": "No table is free."})
        self._agent("I am sorry, there is no table tonight.")
        self._end(EventKind.MEDIA_CLOSED, "1000")

    def _unmet(self) -> None:
        wish = self._dice.choice(_WISHES)
        self._caller(f"Is there any {wish}?")
        self._tool("find_restaurants", {"dish": wish}, {"error": "nothing_found", "message": "-"})
        self._agent(f"I am sorry, nobody has {wish}.")
        self._end(EventKind.HUNG_UP, "caller_done")

    def _broken(self) -> None:
        self._caller("A table for four, please.")
        self._tool("book_table", self._asked(), {"error": "timeout", "message": "-"})
        self._end(EventKind.FAILED, "voice_live")

    def _silent(self) -> None:
        self._end(EventKind.MEDIA_CLOSED, "1000")

    # --- lines ------------------------------------------------------------------------------------

    def _caller(self, text: str) -> None:
        began = self._at()
        self._now += len(text) / 15
        self._made.turns.append(Turn(self._next(), "caller", text, began, self._at(), transcript_ms=180))

    def _agent(self, text: str, latency: int | None = 0) -> None:
        if latency is not None:
            latency = round(self._dice.lognormvariate(6.6, 0.35))
            self._now += latency / 1000
        began = self._at()
        self._now += len(text) / 14
        cut = self._dice.random() < 0.06
        tokens = self._dice.randrange(1800, 6000)
        self._made.turns.append(
            Turn(
                self._next(),
                "agent",
                text,
                began,
                self._at(),
                latency_ms=latency,
                interrupted=cut,
                heard_ms=900 if cut else None,
                interrupted_ms=850 if cut else None,
                input_tokens=tokens,
                cached_tokens=tokens // 2,
                output_tokens=self._dice.randrange(20, 120),
            )
        )

    def _tool(self, name: str, arguments: dict[str, Any], result: dict[str, Any]) -> None:
        ms = self._dice.randrange(5, 90)
        run = ToolRun(self._next(), name, json.dumps(arguments), json.dumps(result), ms, self._at())
        self._made.tools.append(run)

    def _end(self, kind: EventKind | None, detail: str) -> None:
        self._now += 1 + self._dice.random() * 40
        if kind is not None:
            self._event(kind, self._now, detail)
        self._event(EventKind.DISCONNECTED, self._now + 0.3)

    def _event(
        self,
        kind: EventKind,
        second: float,
        detail: str = "",
        *,
        connection: str = "",
        transfer: int = 0,
        ms: int | None = None,
    ) -> None:
        at = self._rang_at + timedelta(seconds=second)
        self._made.call = apply(
            self._made.call, CallEvent(kind, at, detail, connection, transfer=transfer, ms=ms)
        )

    def _asked(self) -> dict[str, Any]:
        return {"restaurant": self._restaurant.name}

    def _named(self) -> dict[str, Any]:
        return {"restaurant": self._restaurant.name, "id": self._restaurant.id}

    def _done(self, what: str) -> dict[str, Any]:
        code = "".join(self._dice.choices("HKLMOQRTWXY", k=5))
        return {what: True, "code": code, "restaurant": self._restaurant.name}

    def _new(self) -> Call:
        number = f"4:+1555{self._dice.randrange(10**7):07d}" if self._dice.random() < 0.97 else ""
        return Call(
            id=derive_call_id(self._rang_at, self._name),
            rang_at=self._rang_at,
            claimed_at=self._rang_at,
            caller=number,
            called="4:+15550199",
            correlation_id=self._name,
        )

    def _at(self) -> datetime:
        return self._rang_at + timedelta(seconds=self._now)

    def _next(self) -> int:
        self._seq += 1
        return self._seq - 1
