"""Throws faults at a stream of calls, and notes what becomes of the calls."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import aiohttp
import numpy as np

from chaos.booker import QUESTIONS, WHENS, Booker
from chaos.caller import Caller
from chaos.faults import Fault, NotKeptError
from chaos.house import House
from chaos.schedule import Step
from local.call import CALLED, somebody
from local.ear import RATE, Samples
from local.line import LineError, Progress, place_call
from local.phone import FRAME_BYTES, Move
from local.processes import ServiceDiedError, StartError, Tell
from local.scripts import WISHES
from local.speech import Recognizer, Resampler, Speaker, pcm16_to_float
from local.speech.moonshine import SAMPLE_RATE

AFTER_S = 8.0
"""After a fault is undone, it counts against it what happens in so many seconds."""
ANSWERED_WITHIN_S = 32.0
SPEAKS_WITHIN_S = 12.0
_STAGGER_S = 2.5
"""Between the first calls: people do not speak in unison."""
_PARTIES = ((2, "two"), (3, "three"), (4, "four"))
"""Of these the restaurants have tables for a whole evening of callers."""
_LONGEST_HEARD_S = 20
"""As much of what the agent says at a stretch as is understood: the end of it, where the question is."""
_EXPECTED = (
    "AI assistant",
    "what name",
    "is that right",
    "is booked",
    "your booking code",
    "remember that",
    "goodbye",
)
"""What a caller expects to hear, and so hears on a bad line, too."""


@dataclass(slots=True)
class Placed:
    """One call."""

    number: int
    caller: Caller
    progress: Progress = field(default_factory=Progress)
    trouble: str = ""
    """Why the line broke."""
    over: bool = False

    @property
    def up(self) -> bool:
        """Whether it was answered and goes on."""
        return self.progress.answered_at is not None and not self.over


@dataclass(slots=True)
class Window:
    """The time of one fault: from its beginning until what it does has had its effect."""

    fault: Fault
    begins: dict[int, int] = field(default_factory=dict)
    """Where each call stood when it began, in samples; 0 for one that rang later."""
    ends: dict[int, int] = field(default_factory=dict)
    """Where it stood at the end, or when it was over."""
    outlived: set[int] = field(default_factory=set)
    """The calls that went on at its end."""
    not_kept: str = ""
    """A promise about the fault itself that was not kept."""


class Stream:
    """Keeps `lanes` calls going through a system, and throws faults at them.

    Args:
        seed: of what the callers want and ask.
    """

    def __init__(self, house: House, lanes: int, seed: int, speech: Speech, tell: Tell) -> None:
        self.house = house
        self.calls: list[Placed] = []
        self.windows: list[Window] = []
        self._lanes = lanes
        self._seed = seed
        self._speech = speech
        self._tell = tell
        self._numbers = itertools.count(1)
        self._closing = False
        self._extra: set[asyncio.Task[None]] = set()

    async def run(self, faults: Mapping[str, Fault], steps: Sequence[Step]) -> None:
        """Place calls until every step is done, and wait for the last ones to end.

        Raises:
            ServiceDiedError: a service ended that no fault has ended.
        """
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self.house.stack.watch())
                for number in range(self._lanes):
                    group.create_task(self._lane(number * _STAGGER_S))
                await self._first_words()
                for step in steps:
                    await asyncio.sleep(step.pause_s)
                    await self._throw(faults[step.fault])
                self._closing = True
                await _until(lambda: all(call.over for call in self.calls))
                watch.cancel()
        except* ServiceDiedError as deaths:
            raise deaths.exceptions[0] from None

    # --- Trial: what a fault has to work with

    @property
    def calls_up(self) -> int:
        return sum(call.up for call in self.calls)

    async def ring(self) -> None:
        call = await self._new_call(most_questions=0)
        task = asyncio.create_task(self._place(call))
        self._extra.add(task)
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            await _until(lambda: call.progress.answered_at is not None or call.over)

    async def rung_out(self) -> None:
        if self._extra:
            await asyncio.wait(self._extra)
            self._extra.clear()

    async def agent_speaks(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SPEAKS_WITHIN_S):
                await _until(lambda: any(_hears_agent(call) for call in self.calls if call.up))

    async def fill(self, rings: int) -> tuple[int, int]:
        phones = [Holding() for _ in range(rings)]
        progresses = [Progress() for _ in phones]
        async with asyncio.TaskGroup() as group:
            for phone, progress in zip(phones, progresses, strict=True):
                group.create_task(self._hold(phone, progress))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANSWERED_WITHIN_S):
                    await _until(lambda: all(one.answered_at or one.ended for one in progresses))
            answered = sum(one.answered_at is not None for one in progresses)
            for phone in phones:
                phone.enough = True
        return answered, sum(one.ended == "rejected" for one in progresses)

    # --- inside

    async def _lane(self, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        while not self._closing:
            await self._place(await self._new_call(most_questions=2))

    async def _new_call(self, *, most_questions: int) -> Placed:
        number = next(self._numbers)
        chance = random.Random(
            f"{self._seed} {number}"
        )  # the caller of a number is the same, whoever rings when
        size, word = chance.choice(_PARTIES)
        wish = replace(WISHES[number % len(WISHES)], party_size=size, party_word=word)
        asked = chance.sample(QUESTIONS, chance.randint(0, most_questions))
        when, *later = chance.sample(list(WHENS), len(WHENS))
        booker = Booker(wish, when, asked, later)
        voice = await asyncio.to_thread(self._speech.say, booker.vocabulary, wish.voice)
        call = Placed(number, Caller(booker, voice, self._speech.understand))
        self.calls.append(call)
        return call

    async def _place(self, call: Placed) -> None:
        try:
            await place_call(
                self.house.addresses.acs, call.caller, call.progress, caller=somebody(), called=CALLED
            )
        except LineError as error:
            call.trouble = str(error)
        finally:
            call.over = True

    async def _hold(self, phone: Holding, progress: Progress) -> None:
        with contextlib.suppress(LineError):
            await place_call(self.house.addresses.acs, phone, progress, caller=somebody(), called=CALLED)

    async def _first_words(self) -> None:
        """Wait until every lane's caller has said something."""
        await _until(
            lambda: (
                len(self.calls) >= self._lanes
                and all(call.caller.booker.said or call.over for call in self.calls)
            )
        )

    async def _throw(self, fault: Fault) -> None:
        window = Window(fault, {call.number: call.caller.agent.now for call in self.calls if call.up})
        self.windows.append(window)
        known, begun = len(self.calls), time.monotonic()
        self._tell(f"{fault.name}: {fault.about} ({len(window.begins)} calls)")
        try:
            await fault.act(self)
        except NotKeptError as error:
            window.not_kept = str(error)
        except (StartError, TimeoutError, OSError, aiohttp.ClientError) as error:
            window.not_kept = f"the fault could not be made: {type(error).__name__} {error}"
        acted = time.monotonic() - begun
        await asyncio.sleep(AFTER_S)
        window.begins |= {call.number: 0 for call in self.calls[known:]}
        for call in self.calls:
            if call.number in window.begins:
                window.ends[call.number] = call.caller.agent.now
                if not call.over:
                    window.outlived.add(call.number)
        self._tell(f"{fault.name}: {acted:.0f} s, {len(window.outlived)} calls go on")


async def _until(happened: Callable[[], bool]) -> None:
    """Look every 20 ms, which is how often the line has anything new."""
    while not happened():  # noqa: ASYNC110 - a phone tells nobody what it hears
        await asyncio.sleep(0.02)


def _hears_agent(call: Placed) -> bool:
    """Whether the agent is heard in this call at this moment."""
    ear = call.caller.agent
    return ear.last_sound is not None and ear.now - ear.last_sound < RATE // 10


class Holding:
    """A handset that says nothing and holds the line until it is `enough`."""

    def __init__(self) -> None:
        self.enough = False

    def tick(self, frame: bytes) -> Move:
        """Nothing is said."""
        return Move(bytes(FRAME_BYTES), hang_up=self.enough)


class Speech:
    """What the callers speak with and understand by."""

    def __init__(self) -> None:
        self._speaker = Speaker()
        self._recognizer = Recognizer(adapter_file=None)  # tuned to callers it would mishear the agent
        self._one_at_a_time = asyncio.Lock()
        self._spoken: dict[tuple[str, str], Samples] = {}

    def say(self, texts: Sequence[str], voice: str) -> dict[str, Samples]:
        """The samples of each text in this voice."""
        for text in texts:
            if (text, voice) not in self._spoken:
                pcm = b"".join(self._speaker.stream(text, voice))
                self._spoken[text, voice] = np.frombuffer(pcm, "<i2")
        return {text: self._spoken[text, voice] for text in texts}

    async def understand(self, heard: Samples) -> str:
        """Words for a stretch of the agent's speech."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._recognize, heard)

    def _recognize(self, heard: Samples) -> str:
        resampler = Resampler(RATE, SAMPLE_RATE)
        last = heard[-_LONGEST_HEARD_S * RATE :]
        audio = np.concatenate([resampler.feed(pcm16_to_float(last.tobytes())), resampler.flush()])
        return self._recognizer.transcribe(audio, _EXPECTED, beam=1).text
