"""Recognition and the rules of interruption together are right enough to work.

Callers utter signs of listening, interruptions, coughs and noises over an agent who talks. The stand-in's
hearing runs as in a call, on the clock of the audio, and its events go to `Interruption`. Most of these
utterances were at hand while the rules were made, so this guards what was reached.
"""

from __future__ import annotations

import base64
import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle

import msgspec
import numpy as np
import pytest

from bridge.interruption import Interruption, Verdict
from local.speech import FloatAudio, Recognizer, Speaker, VoiceActivity, float_to_pcm16
from local.speech.transcript import Transcript
from local.voice_live.outbox import Recognize
from local.voice_live.session import Session
from tests.e2e.interruptions import sounds
from tests.e2e.interruptions.cases import BACKCHANNELS, COUGHS, INTERRUPTIONS, NOISES

PADDING_MS, SILENCE_MS = 420, 500
SESSION = {
    "turn_detection": {
        "type": "azure_semantic_vad",
        "prefix_padding_ms": PADDING_MS,
        "silence_duration_ms": SILENCE_MS,
        "create_response": False,
        "interrupt_response": False,
        "end_of_utterance_detection": {"model": "semantic_detection_v1", "timeout_ms": 1000},
    },
    "input_audio_transcription": {"model": "azure-speech", "language": "en-US"},
}
BEFORE_S, AFTER_S = 1.0, 3.0
STEP_S = 0.02
HASTY_S, WHOLE_S = 0.1, 0.25
"""What recognition takes, partial and final, on a machine that does something else besides."""

VOICES = ("low", "bright", "old")


@dataclass
class Course:
    """What became of one sound. Seconds since the caller began to make it."""

    text: str
    verdicts: list[tuple[float, Verdict]] = field(default_factory=list)

    @property
    def yielded(self) -> bool:
        """Silent within 600 ms and for good: the agent is paused from the first verdict on."""
        kinds = {verdict for _, verdict in self.verdicts}
        return Verdict.YIELD in kinds and Verdict.RESUME not in kinds and self.verdicts[0][0] <= 0.6

    @property
    def survived(self) -> bool:
        return not self.verdicts or self.verdicts[-1][1] is Verdict.RESUME

    def tell(self, at: float, verdict: Verdict) -> None:
        if not self.verdicts or self.verdicts[-1][1] is not verdict:
            self.verdicts.append((round(at - BEFORE_S, 2), verdict))


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer()


@pytest.fixture(scope="module")
def speaker() -> Speaker:
    return Speaker()


def test_interruptions_have_the_floor(recognizer: Recognizer, speaker: Speaker) -> None:
    """95 of 100 at least."""
    courses = [hear(recognizer, text, audio) for text, audio in said(speaker, INTERRUPTIONS)]
    lost = [course for course in courses if not course.yielded]
    assert len(lost) <= 0.05 * len(courses), lost


def test_signs_of_listening_coughs_and_noises_leave_it(recognizer: Recognizer, speaker: Speaker) -> None:
    """85 of 100 at least; a cough that voice activity does not take for speech is no case at all."""
    listening = [hear(recognizer, text, audio) for text, audio in said(speaker, BACKCHANNELS)]
    noises = [hear(recognizer, name, audio) for name, audio in made()]
    courses = listening + [course for course in noises if course.verdicts]
    lost = [course for course in courses if not course.survived]
    assert len(courses) > len(listening), "some noise must reach the rules"
    assert len(lost) <= 0.15 * len(courses), lost


def said(speaker: Speaker, texts: tuple[str, ...]) -> Iterator[tuple[str, FloatAudio]]:
    """Each in one of the callers' voices, every second one over a telephone line."""
    for number, (text, voice) in enumerate(zip(texts, cycle(VOICES), strict=False)):
        audio = sounds.words(speaker, text, voice)
        yield text, sounds.over_the_telephone(audio) if number % 2 else audio


def made() -> Iterator[tuple[str, FloatAudio]]:
    for cough in COUGHS:
        yield cough.name, sounds.over_the_telephone(sounds.cough(cough))
    for noise in NOISES:
        yield noise.name, sounds.noise(noise)


def hear(recognizer: Recognizer, text: str, audio: FloatAudio) -> Course:
    """Play a sound into a session and the session's events into the rules."""
    session = Session(target="gpt-4.1", make_activity=VoiceActivity, clock=lambda: 0.0)
    session.receive(msgspec.json.encode({"type": "session.update", "session": SESSION}).decode())
    session.outbox.take_effects()
    follower = Follower(Course(text))
    at_work: list[tuple[float, int, Transcript]] = []
    now = 0.0
    for piece in _pieces(audio):
        now += STEP_S
        while at_work and at_work[0][0] <= now:
            _, job, transcript = heapq.heappop(at_work)
            session.recognized(job, transcript)
        session.receive(msgspec.json.encode({"type": "input_audio_buffer.append", "audio": piece}).decode())
        for effect in session.outbox.take_effects():
            assert isinstance(effect, Recognize)
            transcript = recognizer.transcribe(
                effect.audio, effect.phrases, 1 if effect.hasty else 8, effect.asked
            )
            heapq.heappush(at_work, (now + (HASTY_S if effect.hasty else WHOLE_S), effect.job, transcript))
        for event in session.outbox.take_events():
            follower.take(event, now)
        follower.wait_until(now)
    return follower.course


class Follower:
    """Tells one `Interruption` what the session's events say, as the bridge does."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._sound: Interruption | None = None
        self._started_ms = 0
        self._words = ""

    def take(self, event: dict[str, str], now: float) -> None:
        kind = event["type"].rpartition(".")[2]
        if kind == "speech_started":
            self._sound = Interruption(
                "adaptive", began_at=now, language="en-US", asked=False, unheard=5.0, partials_seen=True
            )
            self._started_ms = int(event["audio_start_ms"])
            self._words = ""
            self.course.tell(now, self._sound.verdict)
        elif self._sound is None:
            return
        elif kind == "speech_stopped":
            voiced_ms = int(event["audio_end_ms"]) - self._started_ms - PADDING_MS - SILENCE_MS
            self.course.tell(now, self._sound.stopped(voiced_ms / 1000, now))
        elif kind == "delta":
            self._words += event["delta"]
            self.course.tell(now, self._sound.partial(self._words, now))
        elif event["type"].endswith("transcription.completed"):
            self.course.tell(now, self._sound.transcript(event["transcript"]))

    def wait_until(self, now: float) -> None:
        due = self._sound.due() if self._sound else None
        if self._sound is not None and due is not None and due <= now:
            self.course.tell(due, self._sound.on_timer(due))


def _pieces(audio: FloatAudio) -> Iterator[str]:
    """20 ms each, base64: a second of a quiet room, the sound, and the quiet after it."""
    room = np.random.default_rng(1)
    quiet = [np.zeros(int(sounds.RATE * seconds), np.float32) for seconds in (BEFORE_S, AFTER_S)]
    whole = np.concatenate([quiet[0], audio, quiet[1]])
    pcm = float_to_pcm16(whole + room.normal(0.0, 1e-4, len(whole)).astype(np.float32))
    size = int(sounds.RATE * STEP_S) * 2
    for start in range(0, len(pcm), size):
        yield base64.b64encode(pcm[start : start + size]).decode()
