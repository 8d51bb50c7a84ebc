"""A Voice Live that keeps its own rules and has its bad days, on a virtual clock."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from bridge.voicelive import wire
from tests.bridge.model_line import RATE, Tape
from tests.bridge.model_time import Timeline
from tests.bridge.talk import words

_PACES = (12.5, 15.0, 19.0)
"""Characters a second, the same all the time, of a voice that does not tell when it says its words."""
_STALL = 0.04
"""How often audio stalls in the middle of an item."""

_SENTENCES = (
    "There is Sakura House.",
    "For how many people shall I book?",
    "It is open until ten.",
    "Very well.",
    "The kitchen closes at nine and the bar stays open until midnight on Fridays.",
    "Goodbye and enjoy your meal.",
)
TOOLS = ("find_restaurants", "restaurant_details", "book_table", "transfer_to_person", "end_call")


@dataclass(frozen=True, slots=True)
class Mood:
    """How a service behaves: chances from 0 to 1, but for the last four."""

    refuses: float = 0.0
    """A request."""
    ignores: float = 0.0
    """A request: nothing ever comes of it."""
    fails: float = 0.0
    """A response."""
    hangs: float = 0.0
    """A response, half-way."""
    deaf: float = 0.0
    """To a cancellation."""
    tools: float = 0.3
    """A reply calls tools."""
    calls: tuple[str, ...] = TOOLS
    """The names of these."""
    tells_words: bool = False
    """It tells when each word is said, and speaks now faster and now slower."""
    settings: str = "taken"
    """Or "refused", or "ignored"."""
    dead_at: float | None = None
    """When it falls silent for good."""
    lives: float | None = None
    """Seconds until it ends the session, as it says when that begins."""

    @property
    def is_well(self) -> bool:
        """Whether it does all it should."""
        sick = self.refuses + self.ignores + self.fails + self.hangs + self.deaf
        return not sick and self.settings == "taken" and self.dead_at is None


@dataclass(slots=True)
class Item:
    """One item of the history."""

    item_id: str
    kind: str
    call_id: str = ""
    text: str = ""
    size: int = 0
    """Bytes of its audio, so far."""
    words: tuple[int, ...] = ()
    """The sample at which the sound of each word is over."""


@dataclass(slots=True, eq=False)
class Response:
    """One response, from the request to `response.done`."""

    response_id: str
    text: str
    cancelled: bool = False
    over: bool = False
    steps: list[tuple[float, Callable[[], None]]] = field(default_factory=list)


class ModelService:
    """One session. What it is asked comes to `take`, what it tells goes to `tell`.

    Args:
        number: of the session; part of the ids that it makes.
        said: all items of the agent, of all sessions, also those deleted: their whole text and length.
        response_of: the responses of these.
        utc: seconds since 1970 at the zero of the timeline.
    """

    def __init__(
        self,
        timeline: Timeline,
        rng: random.Random,
        mood: Mood,
        tape: Tape,
        tell: Callable[[wire.ServerEvent], None],
        *,
        number: int,
        said: dict[str, Item],
        response_of: dict[str, str],
        utc: float,
    ) -> None:
        self.mood = mood
        self.number = number
        self.gone = False
        """Whether the session is over."""
        self.items: dict[str, Item] = {}
        """The history."""
        self.said = said
        self.response_of = response_of
        self._own: set[str] = set()
        """Items of the agent that are of this session."""
        self._utc = utc
        self.ends_at = None if mood.lives is None else timeline.now + mood.lives
        self._timeline = timeline
        self._rng = rng
        self._tape = tape
        self._tell = tell
        self._active: Response | None = None
        self._count = count(1)

    # --- what it is asked -----------------------------------------------------------------------------

    def take(self, event: wire.ClientEvent) -> None:
        """A client event arrives."""
        if self.gone:
            return
        match event:
            case wire.SessionUpdate():
                self._settings(event)
            case wire.ResponseCreate():
                self._create(event)
            case wire.ResponseCancel():
                self._cancel(event)
            case wire.ItemCreate(item=wire.FunctionOutputItem() as output):
                calls = [item for item in self.items.values() if item.call_id == output.call_id]
                assert [item.kind for item in calls] == ["function_call"], "an output without its one call"
                self._keep(
                    Item(self._id("output"), "function_call_output", output.call_id), event.previous_item_id
                )
            case wire.ItemCreate(item=wire.FunctionCallItem(call_id=call_id, id=str() as item_id)):
                self._keep(Item(item_id, "function_call", call_id), event.previous_item_id)
            case wire.ItemCreate(item=wire.MessageItem(content=[part], id=item_id)):
                item = Item(item_id or self._id("note"), "message", text=part.text)
                self._keep(item, event.previous_item_id)
            case wire.ItemDelete(item_id=item_id):
                self._check_written(item_id)
                self._check_own(item_id)
                if self.items.pop(item_id, None) is None:
                    self._complain(event, "item_delete_invalid_item_id")
            case wire.ItemTruncate():
                self._truncate(event)
            case _:
                raise AssertionError(f"what is {event}?")

    def heard_caller(self, item_id: str) -> None:
        """A turn of the caller is committed."""
        self._keep(Item(item_id, "caller"))

    def tell(self, event: wire.ServerEvent) -> None:
        """Tell the bridge something, unless this service is dead."""
        if not self.is_dead:
            self._tell(event)

    @property
    def is_dead(self) -> bool:
        """Whether it has fallen silent for good."""
        return self.gone or self.was_dead

    @property
    def was_dead(self) -> bool:
        """Whether it has fallen silent, in use or not."""
        return self.mood.dead_at is not None and self._timeline.now >= self.mood.dead_at

    def _settings(self, event: wire.SessionUpdate) -> None:
        if self.mood.settings == "refused":
            self._complain(event, "invalid_value")
        elif self.mood.settings == "taken":
            ends_at = None if self.ends_at is None else self.ends_at + self._utc
            self.tell(wire.SessionUpdated(wire.SessionLife(ends_at)))

    def _create(self, event: wire.ResponseCreate) -> None:
        assert self._active is None, "a response was asked for while one is active"
        text = words(event)
        if not text:
            self._check_calls()
        chance = self._rng.random()
        if chance < self.mood.ignores:
            return
        if chance < self.mood.ignores + self.mood.refuses:
            code = self._rng.choice(["server_error", "conversation_already_has_active_response"])
            self._later(self._rng.uniform(0.0, 0.5), lambda: self._complain(event, code))
            return
        self._active = response = Response(self._id("r"), text)
        self._plan(response)
        self._run(response)

    def _check_calls(self) -> None:
        items = list(self.items.values())
        outputs = {item.call_id for item in items if item.kind == "function_call_output"}
        calls = [(at, item.call_id) for at, item in enumerate(items) if item.kind == "function_call"]
        open_calls = [call_id for _, call_id in calls if call_id not in outputs]
        assert not open_calls, f"a reply is asked for while {open_calls} have no output"
        apart = [call_id for at, call_id in calls if items[at + 1].call_id != call_id]
        assert not apart, f"something stands between {apart} and their outputs"

    def _check_written(self, item_id: str) -> None:
        active = "" if self._active is None else self._active.response_id
        assert self.response_of.get(item_id) != active, f"{item_id} is changed while it is being written"

    def _check_own(self, item_id: str) -> None:
        assert item_id not in self.said or item_id in self._own, f"{item_id} is of another session"

    def _cancel(self, event: wire.ResponseCancel) -> None:
        response = self._active
        if response is None or response.response_id != event.response_id:
            self._complain(event, "response_cancel_not_active")
        elif not response.cancelled and self._rng.random() >= self.mood.deaf:
            response.cancelled = True
            self._later(self._rng.uniform(0.0, 0.4), lambda: self._done(response, "cancelled"))

    def _truncate(self, event: wire.ItemTruncate) -> None:
        self._check_written(event.item_id)
        self._check_own(event.item_id)
        item = self.items.get(event.item_id)
        if item is None or item.kind != "message":
            self._complain(event, "item_truncate_invalid_item_id")
        elif event.audio_end_ms * RATE > item.size // 2 * 1000:
            raise AssertionError(f"{event.item_id} is cut after its end")

    # --- what it says ---------------------------------------------------------------------------------

    def _plan(self, response: Response) -> None:
        rng = self._rng
        response_id = response.response_id
        self._step(response, rng.uniform(0.02, 0.8), wire.ResponseCreated(wire.ResponseId(response_id)))
        if rng.random() < self.mood.fails:
            status = rng.choice(["failed", "incomplete"])
            if rng.random() < 0.3:
                self._plan_call(response, finished=False)
            elif rng.random() < 0.3:
                status = "completed"  # without having said anything
        else:
            status = "completed"
            self._plan_content(response)
        if rng.random() < self.mood.hangs:
            del response.steps[rng.randrange(1, len(response.steps) + 1) :]
        else:
            response.steps.append((rng.uniform(0.0, 0.2), lambda: self._done(response, status)))

    def _plan_content(self, response: Response) -> None:
        rng = self._rng
        if response.text:
            self._plan_words(response, response.text)
            return
        calls = rng.choice([1, 1, 1, 2, 3]) if rng.random() < self.mood.tools else 0
        if not calls or rng.random() < 0.3:
            for _ in range(rng.choice([1, 1, 1, 2])):
                self._plan_words(response, rng.choice(_SENTENCES))
        for _ in range(calls):
            self._plan_call(response, finished=True)

    def _plan_words(self, response: Response, text: str) -> None:
        rng = self._rng
        words = self._times(text)
        item = Item(self._id("item"), "message", text=text, words=words)
        pcm = self._tape.record(item.item_id, words[-1])
        response_id, item_id = response.response_id, item.item_id
        self._step_item(response, item)
        half = text.find(" ", len(text) // 2)
        if half > 0 and rng.random() < 0.5:
            for piece in (text[:half], text[half:]):
                self._step(response, 0.02, wire.AudioTranscriptDelta(response_id, item_id, piece))
        pace = rng.choice([0.1, 0.3, 0.6])
        done = wire.AudioTranscriptDone(response_id, item_id, text)
        early = rng.random() < 0.7
        if early:
            self._step(response, 0.0, done)
        at = 0
        while at < len(pcm):
            size = rng.choice([9600, 24_000, 48_000, 7001])
            stall = rng.uniform(0.5, 2.5) if at and rng.random() < _STALL else 0.0
            self._step_audio(response, item, pcm[at : at + size], stall + rng.uniform(0.0, pace))
            at += size
        if rng.random() < 0.8:  # else it is told together with the end of the response
            self._step(response, rng.uniform(0.0, 0.1), wire.AudioDone(response_id, item_id))
        if not early:
            self._step(response, 0.02, done)

    def _times(self, text: str) -> tuple[int, ...]:
        """When each word of a text is over, in samples."""
        rng, words = self._rng, text.split()
        pace = rng.choice(_PACES)
        at, ends = 0.0, []
        for number, word in enumerate(words):
            if self.mood.tells_words:
                pace = rng.uniform(7.0, 22.0)
                at += rng.choice([0.0, 0.0, 0.4])  # a pause
            at += (len(word) + (number > 0)) / pace
            ends.append(round(at * RATE))
        return tuple(ends)

    def _plan_call(self, response: Response, *, finished: bool) -> None:
        item = Item(self._id("item"), "function_call", call_id=self._id("call"))
        self._step_item(response, item)
        name = self._rng.choice(self.mood.calls)
        done = wire.FunctionCallDone(response.response_id, item.item_id, item.call_id, name, "{}")
        if finished:
            self._step(response, self._rng.uniform(0.0, 0.2), done)

    def _step(self, response: Response, after: float, event: wire.ServerEvent) -> None:
        response.steps.append((after, lambda: self.tell(event)))

    def _step_item(self, response: Response, item: Item) -> None:
        def add() -> None:
            self._keep(item)
            self.said[item.item_id] = item
            self._own.add(item.item_id)
            self.response_of[item.item_id] = response.response_id
            output = wire.OutputItem(item.item_id, item.kind)
            self.tell(wire.OutputItemAdded(response.response_id, output))

        response.steps.append((self._rng.uniform(0.0, 0.1), add))

    def _step_audio(self, response: Response, item: Item, pcm: bytes, after: float) -> None:
        def speak() -> None:
            if self.mood.tells_words:
                self._tell_words(item, item.size, item.size + len(pcm))
            item.size += len(pcm)
            self.tell(wire.AudioDelta(response.response_id, item.item_id, pcm))

        response.steps.append((after, speak))

    def _tell_words(self, item: Item, begin: int, end: int) -> None:
        """When the words are said that begin in these bytes of audio; told in full milliseconds."""
        begins = (0, *item.words)
        for word, starts, ends in zip(item.text.split(), begins, item.words, strict=False):
            if begin <= starts * 2 < end:
                offset_ms = starts * 1000 // RATE
                duration_ms = math.ceil(ends * 1000 / RATE) - offset_ms
                self.tell(wire.AudioTimestamp(item.item_id, offset_ms, duration_ms, word))

    def _run(self, response: Response) -> None:
        """Do what is planned, one step after the other, also after a cancellation until that takes effect."""
        if response.steps:
            after, step = response.steps.pop(0)
            self._later(after, lambda: self._do(response, step))

    def _do(self, response: Response, step: Callable[[], None]) -> None:
        if not response.over:
            step()
            self._run(response)

    def _done(self, response: Response, status: str) -> None:
        if response.over:
            return
        response.over = True
        if self._active is response:
            self._active = None
        usage = wire.Usage(input_tokens=10, output_tokens=5)
        self.tell(wire.ResponseDone(wire.FinishedResponse(response.response_id, status, usage)))

    # --- inside ---------------------------------------------------------------------------------------

    def _keep(self, item: Item, after: str | None = None) -> None:
        """Put an item into the history, behind another one or at the end."""
        known = list(self.items.values())
        place = len(known) if after is None else known.index(self.items[after]) + 1
        self.items = {each.item_id: each for each in [*known[:place], item, *known[place:]]}

    def _later(self, after: float, do: Callable[[], None]) -> None:
        self._timeline.at(self._timeline.now + after, do)

    def _complain(self, event: wire.ClientEvent, code: str) -> None:
        self.tell(wire.Error(wire.ErrorDetails(message="no", code=code, event_id=event.event_id)))

    def _id(self, kind: str) -> str:
        return f"{kind}{self.number}.{next(self._count)}"
