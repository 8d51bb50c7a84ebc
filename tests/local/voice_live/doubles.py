"""Simple stand-ins for hearing, speech and mind, and a bench that drives a session without a socket."""

from __future__ import annotations

import base64
import random
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from local.speech.audio import FloatAudio
from local.speech.transcript import Transcript
from local.voice_live.admission import FoundryAgent
from local.voice_live.faults import NO_FAULTS, Faults
from local.voice_live.ids import Ids
from local.voice_live.mind.outputs import CallFunction, Output, Say, ToolChoice
from local.voice_live.outbox import Close, Effect, Recognize, Speak, Think
from local.voice_live.seams import Parts
from local.voice_live.session import Session

type Event = dict[str, Any]


class LoudnessActivity:
    """Calls every loud frame speech."""

    def feed(self, audio_16k: FloatAudio) -> list[float]:
        frames = audio_16k[: len(audio_16k) // 512 * 512].reshape(-1, 512)
        return [1.0 if np.abs(frame).max() > 0.1 else 0.0 for frame in frames]


class ScriptedRecognizer:
    """Gives the texts of its script in order, then the last one for ever."""

    def __init__(self, *texts: str) -> None:
        self._texts = list(texts) or ["hello"]
        self.asked: list[str] = []
        """What it was told that the agent said last, each time."""

    def transcribe(
        self, audio_16k: FloatAudio, phrases: Sequence[str] = (), beam: int = 8, asked: str = ""
    ) -> Transcript:
        del audio_16k, phrases, beam
        self.asked.append(asked)
        text = self._texts.pop(0) if len(self._texts) > 1 else self._texts[0]
        return Transcript(text, 0.9)


class ToneSpeaker:
    """Speaks a tone as long as the text: 50 ms a character. `gate` holds it back until set."""

    def __init__(self, gate: threading.Event | None = None) -> None:
        self._gate = gate

    def stream(self, text: str, voice: str = "agent", rate: float = 1.0) -> Iterator[bytes]:
        del voice
        if self._gate is not None:
            self._gate.wait(timeout=30)
        yield tone(round(50 * len(text) / rate))


class ClauseSpeaker(ToneSpeaker):
    """Speaks in two chunks of 100 ms, the second only when `gate` is set."""

    def __init__(self, gate: threading.Event) -> None:
        super().__init__()
        self._second = gate

    def stream(self, text: str, voice: str = "agent", rate: float = 1.0) -> Iterator[bytes]:
        del text, voice, rate
        yield tone(100)
        self._second.wait(timeout=30)
        yield tone(100)


class SilentSpeaker(ToneSpeaker):
    """Finds nothing to speak in any text."""

    def stream(self, text: str, voice: str = "agent", rate: float = 1.0) -> Iterator[bytes]:
        del text, voice, rate
        return iter(())


class ScriptedMind:
    """Gives the outputs of its script in order, then the last for ever; remembers what it was asked."""

    def __init__(self, *script: Sequence[Output]) -> None:
        self._script = [list(outputs) for outputs in script] or [[Say("All right.")]]
        self.asked: list[list[dict[str, Any]]] = []
        self.instructions: list[str] = []

    async def think(
        self,
        instructions: str,
        tools: Sequence[Mapping[str, Any]],
        items: Sequence[Mapping[str, Any]],
        tool_choice: ToolChoice = "auto",
    ) -> list[Output]:
        del tools, tool_choice
        return self.answer(instructions, items)

    def answer(self, instructions: str, items: Sequence[Mapping[str, Any]]) -> list[Output]:
        self.instructions.append(instructions)
        self.asked.append([dict(item) for item in items])
        return self._script.pop(0) if len(self._script) > 1 else self._script[0]


def weather_mind() -> ScriptedMind:
    """Calls get_weather, then tells the result."""
    call = CallFunction("get_weather", {"city": "London"})
    return ScriptedMind([call], [Say("It's foggy and 12 degrees in London right now.")])


def parts(
    *,
    recognizer: ScriptedRecognizer | None = None,
    speaker: ToneSpeaker | None = None,
    mind: ScriptedMind | None = None,
) -> Parts:
    return Parts(
        recognizer or ScriptedRecognizer(), speaker or ToneSpeaker(), mind or ScriptedMind(), LoudnessActivity
    )


def tone(milliseconds: int, rate: int = 24_000) -> bytes:
    """PCM16LE mono that counts as speech."""
    time = np.arange(milliseconds * rate // 1000) / rate
    return (np.sin(2 * np.pi * 300 * time) * 12_000).astype("<i2").tobytes()


def silence(milliseconds: int, rate: int = 24_000) -> bytes:
    return bytes(milliseconds * rate // 1000 * 2)


class Bench:
    """A session on a table: a clock that moves when told, and effects done by hand or at once."""

    def __init__(
        self,
        *,
        faults: Faults = NO_FAULTS,
        recognizer: ScriptedRecognizer | None = None,
        mind: ScriptedMind | None = None,
        by_hand: bool = False,
        target: str | FoundryAgent = "gpt-realtime",
        seed: int = 1,
    ) -> None:
        """`by_hand`: leave effects in `waiting` until `work` is called."""
        self.now = 1_700_000_000.0
        self.recognizer = recognizer or ScriptedRecognizer()
        self.mind = mind or ScriptedMind()
        self.by_hand = by_hand
        self.waiting: list[Effect] = []
        self.log: list[Event] = []
        """Every event so far."""
        self.closed: Close | None = None
        self.session = Session(
            target=target,
            make_activity=LoudnessActivity,
            clock=lambda: self.now,
            faults=faults,
            ids=Ids(random.Random(seed)),
        )
        self._settle()

    def send(self, kind: str, **fields: Any) -> list[Event]:
        """One client event; the events it brought about, follow-up work included."""
        return self.frame(msgspec.json.encode({"type": kind, **fields}).decode())

    def frame(self, frame: str | bytes) -> list[Event]:
        return self._watch(lambda: self.session.receive(frame))

    def hear(self, *sounds: bytes) -> list[Event]:
        """Append audio in 20 ms steps of 24 kHz PCM16."""
        audio = b"".join(sounds)
        before = len(self.log)
        for start in range(0, len(audio), 960):
            self.send(
                "input_audio_buffer.append", audio=base64.b64encode(audio[start : start + 960]).decode()
            )
        return self.log[before:]

    def say(self, text: str) -> list[Event]:
        """A typed message of the user."""
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        return self.send("conversation.item.create", item=item)

    def update(self, **session: Any) -> list[Event]:
        return self.send("session.update", session=session)

    def work(self, kind: type[Effect] | None = None) -> list[Event]:
        """Do the oldest waiting effect (of a kind)."""
        effect = next(e for e in self.waiting if kind is None or isinstance(e, kind))
        self.waiting.remove(effect)
        return self._watch(lambda: self._do(effect))

    def understand(self) -> list[Event]:
        """Do all recognition that waits."""
        before = len(self.log)
        while any(isinstance(effect, Recognize) for effect in self.waiting):
            self.work(Recognize)
        return self.log[before:]

    def overdue(self, response_id: str) -> list[Event]:
        """Thinking takes longer than it may."""
        return self._watch(lambda: self.session.overdue(response_id))

    def only(self, kind: str) -> list[Event]:
        return [event for event in self.log if event["type"] == kind]

    def last(self, kind: str) -> Event:
        return self.only(kind)[-1]

    def _watch(self, step: Callable[[], None]) -> list[Event]:
        before = len(self.log)
        step()
        self._settle()
        return self.log[before:]

    def _settle(self) -> None:
        """Collect events; do the work the session asks for, unless it is done by hand."""
        while True:
            self.log += self.session.outbox.take_events()
            self.waiting += self.session.outbox.take_effects()
            for effect in [e for e in self.waiting if isinstance(e, Close)]:
                self.closed = effect
                self.waiting.remove(effect)
            if self.by_hand or not self.waiting:
                return
            self._do(self.waiting.pop(0))

    def _do(self, effect: Effect) -> None:
        match effect:
            case Recognize():
                beam = 1 if effect.hasty else 8
                result = self.recognizer.transcribe(effect.audio, effect.phrases, beam, effect.asked)
                self.session.recognized(effect.job, result)
            case Think():
                self.session.thought(effect.response_id, self.mind.answer(effect.instructions, effect.items))
            case Speak():
                self._speak(effect)
            case _:
                pass

    def _speak(self, effect: Speak) -> None:
        """100 ms a word; by hand one word at a time, so that a test can come between."""
        words = re.findall(r"\S+\s*", effect.text)
        now = words[:1] if self.by_hand else words
        for word in now:
            self.session.spoken(effect.response_id, word, tone(100))
        rest = "".join(words[len(now) :])
        if rest:
            self.waiting.insert(0, Speak(effect.response_id, rest, effect.rate))
        else:
            self.session.speech_ended(effect.response_id)


def types(events: Sequence[Event]) -> list[str]:
    return [event["type"] for event in events]


def squeeze(names: Sequence[str]) -> list[str]:
    """Runs of the same event type become one."""
    return [name for index, name in enumerate(names) if not index or names[index - 1] != name]
