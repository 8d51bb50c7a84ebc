"""What became of each sound that a caller made over the agent, told from the recording and the store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from local.ear import RATE, VOICED_LEVEL, Samples
from local.report import Sound, sample_of
from local.speech import Speaker
from local.voice_live.sentences import sentences
from shared.calls import Turn
from tests.e2e.interruptions.alignment import Heard, follow
from tests.e2e.interruptions.caller import Act, Interrupter

YIELDS_WITHIN_MS = 600
NO_WORD_MS = 40
"""Two frames of the line: so exactly is it known where the agent was silenced. No word is so short."""
_SETTLED_MS = 3_000
"""So long after a sound began the agent has stopped for it, or will not."""

type Speak = Callable[[str], Samples]


@dataclass(frozen=True, slots=True)
class Talk:
    """A call that is over."""

    phone: Interrupter
    turns: Sequence[Turn]
    """In the order they began."""
    replies: Collection[str]
    """Whole texts of what the agent began to say, as far as the store held them in the course of the call."""
    sound: Sound


@dataclass(frozen=True, slots=True)
class Case:
    """One sound over the agent, and what went wrong."""

    kind: str
    text: str
    fault: str = ""
    silent_ms: int | None = None
    """An interruption: from the caller's first sound to the agent's last."""
    stop_ms: int | None = None
    """The same: from the bridge's knowing of the caller's sound to the agent's last."""
    heard_off_ms: float | None = None
    """The same: what the store says was heard of the agent's turn, less what was."""
    pause_ms: int | None = None
    """Anything else: how much later the turn ended because of it."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """A sound over the agent: samples of the line's clock."""

    act: Act
    onset: int
    settled: int
    next_act: int
    reply_before: int
    """The reply that it is meant for began before this."""


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A turn of the agent, and how it was heard."""

    turn: Turn
    heard: Heard
    silenced: int | None
    """When the bridge silenced it for good; None when it did not."""


def speech_of(speaker: Speaker) -> Speak:
    """The agent's speech for a text, as the stand-in of Voice Live makes it; made once."""

    @cache
    def speech(text: str) -> Samples:
        pcm = b"".join(b"".join(speaker.stream(sentence)) for sentence in sentences(text))
        return np.frombuffer(pcm, "<i2")

    return speech


def judge(talk: Talk, replies: Collection[str], speak: Speak) -> list[Case]:
    """The cases of a call. Interrupted turns are looked for in `replies`, of this call and others."""
    recording = np.frombuffer(talk.phone.recording, "<i2").reshape(-1, 2)
    spoken = _spoken(talk, recording[:, 1], replies, speak)
    cases = [_judged(moment, spoken, talk) for moment in _moments(talk.phone, recording[:, 0])]
    return [case for case in cases if case is not None]


def _moments(phone: Interrupter, said: Samples) -> list[_Moment]:
    onsets = [_onset(said, uttered.at) for uttered in phone.uttered]
    moments: list[_Moment] = []
    reply_before: int | None = None
    for uttered, onset, after in zip(phone.uttered, onsets, [*onsets[1:], len(said)], strict=True):
        if uttered.act.kind is None:
            reply_before = None
            continue
        reply_before = onset if reply_before is None else reply_before
        settled = min(after, onset + _SETTLED_MS * RATE // 1000)
        moments.append(_Moment(uttered.act, onset, settled, after, reply_before))
    return moments


def _onset(said: Samples, since: int) -> int:
    """The caller's first sound."""
    voiced = np.flatnonzero(np.abs(said[since:].astype(np.int32)) >= VOICED_LEVEL)
    return since + (int(voiced[0]) if len(voiced) else 0)


def _spoken(talk: Talk, recording: Samples, replies: Collection[str], speak: Speak) -> list[_Spoken]:
    """The turns that are found in the recording, each as the longest of what it may have been."""
    found: list[_Spoken] = []
    for turn in talk.turns:
        if turn.role != "agent":
            continue
        begin = sample_of(turn.started_at, talk.sound)
        texts = [text for text in replies if text.startswith(turn.text)] if turn.interrupted else [turn.text]
        courses = [follow(recording, speak(text), begin) for text in texts]
        heard = max(
            (course for course in courses if course is not None),
            key=lambda course: (course.whole, course.played),
            default=None,
        )
        if heard is not None:
            silenced = sample_of(turn.ended_at, talk.sound) if turn.interrupted else None
            found.append(_Spoken(turn, heard, silenced))
    return found


def _judged(moment: _Moment, spoken: Sequence[_Spoken], talk: Talk) -> Case | None:
    """None when the reply it was meant for was over: the agent had stopped for a sound before it."""
    kind, text = moment.act.kind or "", moment.act.name
    over = [one for one in spoken if one.heard.start <= moment.onset]
    if not over or (over[-1].heard.whole and over[-1].heard.end < moment.onset):
        return Case(kind, text, "the turn is not found in the recording")
    if over[-1].heard.start > moment.reply_before:
        return None
    if kind == "interruption":
        return _judged_interruption(moment, over[-1], talk)
    return _judged_listening(moment, over[-1])


def _judged_interruption(moment: _Moment, over: _Spoken, talk: Talk) -> Case:
    kind, text = "interruption", moment.act.name
    if over.silenced is None:
        return Case(kind, text, "the agent was not stopped")
    silent_ms = max(0, _ms(over.heard.end - moment.onset))
    fault = ""
    if silent_ms > YIELDS_WITHIN_MS:
        fault = f"the agent talked on for {silent_ms} ms"
    elif not _answered(moment, talk):
        fault = "there was no answer"
    stop_ms = _ms(over.heard.end - over.silenced)
    return Case(kind, text, fault, silent_ms, stop_ms, _heard_off_ms(over.turn, over.heard))


def _answered(moment: _Moment, talk: Talk) -> bool:
    """Whether the caller's words are a turn, and the agent says something before the caller's next."""
    began = {turn.seq: sample_of(turn.started_at, talk.sound) for turn in talk.turns}
    own = [turn for turn in talk.turns if moment.onset - RATE < began[turn.seq] < moment.next_act]
    asked = [turn.seq for turn in own if turn.role == "caller"]
    answers = [turn.seq for turn in own if turn.role == "agent" and turn.text]
    return bool(asked) and bool(answers) and asked[0] < answers[-1]


def _judged_listening(moment: _Moment, over: _Spoken) -> Case:
    kind, text = moment.act.kind or "", moment.act.name
    breaks = [one for one in over.heard.breaks if moment.onset <= one.at < moment.settled]
    pause_ms = _ms(sum(one.length for one in breaks))
    fault = ""
    if over.silenced is not None and moment.onset <= over.silenced < moment.settled:
        fault = "the agent stopped for it"
    elif over.silenced is None and not over.heard.whole:
        fault = "the agent did not go on to the end"
    elif any(_ms(one.lost) > NO_WORD_MS for one in breaks):
        fault = "words were lost"
    elif any(_ms(one.repeated) > NO_WORD_MS for one in breaks):
        fault = "words were said twice"
    return Case(kind, text, fault, pause_ms=pause_ms)


def _heard_off_ms(turn: Turn, heard: Heard) -> float | None:
    """0 when the measure of the store ends in a silence of the speech: there the samples do not tell."""
    if turn.heard_ms is None:
        return None
    stored = turn.heard_ms * RATE / 1000
    return (stored - min(max(stored, heard.sounded), heard.played)) * 1000 / RATE


def _ms(samples: int) -> int:
    return round(samples * 1000 / RATE)
