"""The hearing of one session: audio in, turns of the caller and what was understood of them out.

It runs on the clock of the audio itself, so where turns begin and end does not depend on how fast the audio
comes. What depends on words does: recognition takes its own time. In audio pushed in faster than real time
the words may come too late for end-of-utterance detection, which then ends the turn at its timeout, finished
sentence or not; and there are fewer partial results, or none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from local.speech.audio import FloatAudio
from local.speech.transcript import Transcript
from local.voice_live.audio_formats import InputDecoder
from local.voice_live.ids import Ids
from local.voice_live.outbox import Outbox, Recognize
from local.voice_live.seams import VoiceActivity
from local.voice_live.settings import TurnRules
from local.voice_live.transcripts import PartialTranscript
from local.voice_live.turn_detector import FRAME_MS, Change, TurnDetector

FRAME_SAMPLES = 512
_LEAST_TO_COMMIT = 1600  # samples: 100 ms
_SPECULATE_AFTER_MS = 192
"""Silence after which the turn is recognized as if it had ended; most of the time it has."""
_FIRST_WORDS_MS = 2500
_FIRST_PARTIALS_EVERY_MS = 240
_PARTIALS_EVERY_MS = 400
"""Audio between partial results, within the first words and after them: clients decide by the first words
whether somebody interrupts, and short audio is quickly recognized."""
_PARTIAL_AGAIN_MS = 64
"""Pause before the next try when a partial result was dropped, because others needed the processor."""
_LONGEST_PARTIAL_MS = 12_000
"""Longer turns get no more partial results: each one recognizes the whole turn again."""
_LONGEST_TURN_MS = 60_000
"""A turn this long is ended: nobody speaks so long without a pause, so it is noise."""
_SLACK_MS = 1000
"""Kept beside the padding: short pauses inside the first sound."""
_LONGEST_BUFFER_MS = 300_000
"""Without turn detection the buffer keeps at most this much; the oldest audio goes first."""


@dataclass(slots=True, eq=False)
class Utterance:
    """One turn of the caller. Times are ms of audio appended in the session."""

    item_id: str
    start_ms: int
    """Where its audio begins, prefix padding included."""
    frames: list[FloatAudio]
    end_ms: int | None = None
    """Where it was ended, silence included; None while it lasts."""
    announced: bool = False
    """Whether the client was told that it started."""
    committed: bool = False
    """Whether it has become an item of the conversation."""
    transcript: Transcript | None = None
    """Everything recognized in it; stale, and so None again, once the caller speaks on."""
    failure: str | None = None
    partials: PartialTranscript = field(default_factory=PartialTranscript)
    final_job: int | None = None
    partial_job: int | None = None
    next_partial_ms: int = _FIRST_PARTIALS_EVERY_MS

    @property
    def audio_ms(self) -> int:
        return len(self.frames) * FRAME_MS


@dataclass(frozen=True, slots=True)
class Started:
    utterance: Utterance


@dataclass(frozen=True, slots=True)
class Words:
    """A partial result: what has been understood so far of a turn that goes on."""

    utterance: Utterance
    text: str


@dataclass(frozen=True, slots=True)
class Stopped:
    utterance: Utterance


@dataclass(frozen=True, slots=True)
class Understood:
    """Recognition of a turn that has ended is complete, or has failed (`failure` says why)."""

    utterance: Utterance


type Heard = Started | Words | Stopped | Understood


class Ear:
    """Listens to one session's input audio. Recognition jobs go out through the outbox."""

    def __init__(
        self, make_activity: Callable[[], VoiceActivity], outbox: Outbox, ids: Ids, asked: Callable[[], str]
    ) -> None:
        """`asked` tells what the agent said last."""
        self._make_activity = make_activity
        self._outbox = outbox
        self._ids = ids
        self._asked = asked
        self._decoder = InputDecoder("pcm16", 24000)
        self._rules: TurnRules | None = None
        self._detector: TurnDetector | None = None
        self._activity: VoiceActivity | None = None
        self._phrases: tuple[str, ...] = ()
        self._wants_partials = False
        self._jobs: dict[int, Utterance] = {}
        self._job_count = 0
        self._clock_ms = 0  # end of the last whole frame
        self._rest = np.zeros(0, np.float32)  # samples that do not fill a frame yet
        self._recent: deque[FloatAudio] = deque(maxlen=_LONGEST_BUFFER_MS // FRAME_MS)
        self._last_end_ms = 0
        self._current: Utterance | None = None
        self.received_audio = False

    def configure(
        self,
        rules: TurnRules | None,
        decoder: InputDecoder,
        phrases: tuple[str, ...],
        *,
        wants_partials: bool,
    ) -> None:
        """Take a session's settings. A turn in progress is dropped when the rules of turns change."""
        self._phrases = phrases
        self._wants_partials = wants_partials
        if not self.received_audio:
            self._decoder = decoder
        if rules == self._rules:
            return
        self._rules = rules
        self._current = None
        self._detector = TurnDetector(rules) if rules else None
        self._activity = self._make_activity() if rules else None
        kept_ms = _kept_ms(rules) if rules else _LONGEST_BUFFER_MS
        self._recent = deque(self._recent, maxlen=-(-kept_ms // FRAME_MS))

    def append(self, audio: bytes) -> list[Heard]:
        """Hear raw samples in the session's input format."""
        self.received_audio = True
        self._rest = np.concatenate((self._rest, self._decoder.decode(audio)))
        heard: list[Heard] = []
        while len(self._rest) >= FRAME_SAMPLES:
            frame, self._rest = self._rest[:FRAME_SAMPLES], self._rest[FRAME_SAMPLES:]
            heard += self._hear_frame(frame)
            self._clock_ms += FRAME_MS
        return heard

    def commit(self) -> Utterance | None:
        """End the turn by the client's word. None when there are less than 100 ms to commit."""
        utterance = self._current or Utterance(self._ids.item(), self._last_end_ms, list(self._recent))
        samples = len(utterance.frames) * FRAME_SAMPLES + len(self._rest)
        if samples < _LEAST_TO_COMMIT:
            return None
        utterance.frames.append(self._rest)
        self._rest = np.zeros(0, np.float32)
        self._end(utterance)
        return utterance

    def clear(self) -> None:
        """Forget audio that is not committed yet, a turn in progress included."""
        self._current = None
        self._recent.clear()
        self._rest = np.zeros(0, np.float32)
        if self._detector is not None:
            self._detector.end_turn()

    def recognized(self, job: int, result: Transcript | str | None) -> list[Heard]:
        """The answer to a `Recognize`: a transcript, the reason of a failure, or None when it was dropped."""
        utterance = self._jobs.pop(job, None)
        if utterance is None:
            return []
        if utterance.partial_job == job:
            utterance.partial_job = None
            if result is None:
                utterance.next_partial_ms = utterance.audio_ms + _PARTIAL_AGAIN_MS
        if utterance.final_job != job:
            # A partial result, or a whole one made too early: either way the turn has gone on since.
            lasts = utterance is self._current
            return [Words(utterance, result.text)] if lasts and isinstance(result, Transcript) else []
        if isinstance(result, Transcript):
            utterance.transcript = result
        else:
            utterance.failure = result or "recognition was dropped"
        if utterance.end_ms is not None:
            return [Understood(utterance)]
        so_far: list[Heard] = [Words(utterance, result.text)] if isinstance(result, Transcript) else []
        return so_far + self._end_if_silent()

    def _hear_frame(self, frame: FloatAudio) -> list[Heard]:
        detector, activity = self._detector, self._activity
        if detector is None or activity is None:
            self._recent.append(frame)
            return []
        [probability] = activity.feed(frame)
        change = detector.feed(probability, self._clock_ms)
        utterance = self._current
        if utterance is None:
            self._recent.append(frame)
            return [self._start(detector.start_ms)] if change is Change.STARTED else []
        utterance.frames.append(frame)
        if change is Change.RESUMED:
            utterance.transcript = utterance.failure = utterance.final_job = None
        elif detector.silence_ms >= _SPECULATE_AFTER_MS and utterance.final_job is None:
            self._recognize(utterance, hasty=False)
        elif not detector.silence_ms:
            self._recognize_so_far(utterance)
        return self._end_if_silent()

    def _start(self, sound_ms: int) -> Started:
        """Begin a turn with the audio from `prefix_padding_ms` before its first sound."""
        padding_ms = self._rules.prefix_padding_ms if self._rules else 0
        now_ms = self._clock_ms + FRAME_MS
        oldest_ms = now_ms - len(self._recent) * FRAME_MS
        start_ms = max(sound_ms - padding_ms, oldest_ms)
        frames = list(self._recent)[(start_ms - oldest_ms) // FRAME_MS :]
        self._recent.clear()
        self._current = Utterance(self._ids.item(), start_ms, frames)
        return Started(self._current)

    def _end_if_silent(self) -> list[Heard]:
        """End the turn when its silence has lasted long enough for the words said."""
        utterance, detector, rules = self._current, self._detector, self._rules
        if utterance is None or detector is None or rules is None:
            return []
        too_long = utterance.audio_ms >= _LONGEST_TURN_MS
        if not too_long and not _has_ended(utterance, detector.silence_ms, rules):
            return []
        self._end(utterance)
        complete = utterance.transcript is not None or utterance.failure is not None
        return [Stopped(utterance), Understood(utterance)] if complete else [Stopped(utterance)]

    def _end(self, utterance: Utterance) -> None:
        utterance.end_ms = self._last_end_ms = utterance.start_ms + utterance.audio_ms
        self._current = None
        self._recent.clear()
        if self._detector is not None:
            self._detector.end_turn()
        if utterance.final_job is None:
            self._recognize(utterance, hasty=False)

    def _recognize_so_far(self, utterance: Utterance) -> None:
        """Ask for a partial result now and then, one at a time."""
        spoken_ms = utterance.audio_ms
        if not self._wants_partials or utterance.partial_job is not None or spoken_ms > _LONGEST_PARTIAL_MS:
            return
        if spoken_ms >= utterance.next_partial_ms:
            pause_ms = _FIRST_PARTIALS_EVERY_MS if spoken_ms < _FIRST_WORDS_MS else _PARTIALS_EVERY_MS
            utterance.next_partial_ms = spoken_ms + pause_ms
            self._recognize(utterance, hasty=True)

    def _recognize(self, utterance: Utterance, *, hasty: bool) -> None:
        self._job_count += 1
        self._jobs[self._job_count] = utterance
        if hasty:
            utterance.partial_job = self._job_count
        else:
            utterance.final_job = self._job_count
        phrases = () if hasty else self._phrases
        self._outbox.do(
            Recognize(self._job_count, np.concatenate(utterance.frames), phrases, self._asked(), hasty)
        )


def _has_ended(utterance: Utterance, silence_ms: int, rules: TurnRules) -> bool:
    """Whether this much silence ends the turn, given the words recognized in it."""
    if silence_ms < rules.silence_duration_ms:
        return False
    end = rules.utterance_end
    if end is None or silence_ms >= end.longest_ms:
        return True
    if utterance.transcript is None:
        return utterance.failure is not None  # otherwise the words are on their way
    return not end.waits_after(utterance.transcript.text)


def _kept_ms(rules: TurnRules) -> int:
    """Audio to remember between turns, so that a turn can begin before it was recognized as one."""
    return rules.prefix_padding_ms + rules.speech_duration_ms + _SLACK_MS
