"""The parts a session leans on. Sessions are written against these, so a test may hand in simple ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from local.speech.audio import FloatAudio
from local.speech.transcript import Transcript
from local.voice_live.mind.outputs import Mind


class Recognizer(Protocol):
    """Speech to text; blocking, shared by all sessions and called from worker threads."""

    def transcribe(
        self, audio_16k: FloatAudio, phrases: Sequence[str] = (), beam: int = 8, asked: str = ""
    ) -> Transcript: ...


class VoiceActivity(Protocol):
    """Speech probability of one audio stream, one per 512 samples at 16 kHz; keeps what is left over."""

    def feed(self, audio_16k: FloatAudio) -> list[float]: ...


class Speaker(Protocol):
    """Text to speech; blocking, shared, PCM16LE 24 kHz mono, a chunk for a sentence or a clause of it."""

    def stream(self, text: str, voice: str = "agent", rate: float = 1.0) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything of a service that is not protocol."""

    recognizer: Recognizer
    speaker: Speaker
    mind: Mind
    voice_activity: Callable[[], VoiceActivity]
    """Makes a new one for every session: it holds the state of one stream."""
