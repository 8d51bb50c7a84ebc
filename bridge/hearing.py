"""The caller's side of a conversation: what each stretch of sound turns out to be. No I/O, no clock.

Sound while the agent has something to say may be a wish to speak, a sign of listening ("mm-hm"), a cough or
noise: `Interruption` decides. Sound while the agent is quiet is a turn, unless nobody finds a word in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from bridge.backchannels import has_words, is_backchannel
from bridge.interruption import Interruption, Verdict
from bridge.loudness import Loudness

_SURELY_SPEECH = 0.5
"""Seconds of sound that are taken for speech before their words are known; shorter ones may be a cough."""

_WORDS_WITHIN = 0.7
"""Seconds that a short sound's words may take before it is answered without them."""

_COMMITTED_WITHIN = 0.3
"""Seconds that the service may take to tell that a sound is in its history, before it is answered anyway."""

_LONGEST = 30.0
"""Seconds without a new word after which the end of a sound was missed, or it is a steady noise."""

_PAUSE = 0.3
"""Seconds of quiet that end a short sound, unless it goes on: most pauses between words are shorter."""

_KEPT = 8
"""Stretches of sound whose words may still come."""

type Mode = Literal["adaptive", "immediate", "off"]


class Step(StrEnum):
    """What to do about the caller's sound."""

    HOLD = "hold"
    """Pause the agent: what this is will be known soon."""
    GIVE_WAY = "give_way"
    """The caller takes over: the agent stops for good."""
    GO_ON = "go_on"
    """It was nothing: the agent goes on where it was paused."""
    ANSWER = "answer"
    """The caller has finished a turn that wants an answer."""
    NOT_HEARD = "not_heard"
    """The caller has said something that nobody can make out."""
    FORGET = "forget"
    """The sound was no turn: the model need not know of it."""


@dataclass(slots=True, eq=False)
class _Sound:
    """One stretch of the caller's sound, as the service cuts it: an item of its conversation."""

    item_id: str
    interruption: Interruption | None
    """None when the agent was quiet."""
    last_sign: float
    """When it began, or had the latest new word."""
    gave_way: bool = False
    answered: bool = False
    stopped: bool = False
    committed: bool = False
    seconds: float = 0.0
    spoken: bool = False
    """It is over, and an answer to it is wanted whatever its words are."""
    words: str = ""
    """As far as recognised."""
    answer_due: float | None = None

    @property
    def undecided(self) -> bool:
        return (
            self.interruption is not None and self.interruption.verdict is Verdict.WAIT and not self.gave_way
        )


class Hearing:
    """Listens to one caller.

    Args:
        mode: whether the caller's sound may stop the agent: "adaptive" judges it, "immediate" always stops,
            "off" never does.
    """

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self._sounds: dict[str, _Sound] = {}
        self._speaking: _Sound | None = None
        self._loudness = Loudness()
        self._partials_seen = False

    @property
    def speaking(self) -> bool:
        """Whether the caller makes a sound."""
        return self._speaking is not None

    @property
    def last_sign(self) -> float | None:
        """When the sound that the caller makes was last told of; None while they make none."""
        return None if self._speaking is None else self._speaking.last_sign

    @property
    def undecided(self) -> bool:
        """Whether it is not known yet who has the floor."""
        return any(sound.undecided for sound in self._sounds.values())

    @property
    def unended(self) -> bool:
        """Whether that is so of a sound whose end has not been told: one that has ended has its own time."""
        return any(sound.undecided and not sound.stopped for sound in self._sounds.values())

    def started(
        self, item_id: str, now: float, *, over_agent: bool, asked: bool, unheard: float, language: str
    ) -> list[Step]:
        """The caller begins to make a sound.

        Args:
            over_agent: the agent has something to say that the caller has not heard to its end.
            asked: what the caller has heard of it ends in a question.
            unheard: seconds of it still to be heard; 0 when nothing of it has been heard.
        """
        interruption = None
        if over_agent:
            interruption = Interruption(
                self._mode,
                began_at=now,
                language=language,
                asked=asked,
                unheard=unheard,
                partials_seen=self._partials_seen,
            )
        sound = self._speaking = self._sounds[item_id] = _Sound(item_id, interruption, now)
        while len(self._sounds) > _KEPT:
            del self._sounds[next(iter(self._sounds))]
        if interruption is None:
            return []
        if interruption.verdict is Verdict.WAIT:
            self._loudness.follow()
            return [Step.HOLD]
        return self._judge(sound, interruption.verdict)

    def open_sounds(self, *, answered: bool) -> list[str]:
        """Stretches whose words are not all known; `answered` with those that have been answered without."""
        return [sound.item_id for sound in self._sounds.values() if answered or not sound.answered]

    def session_lost(self) -> None:
        """Who was to tell of the caller's sounds is gone: they are to be heard again."""
        self._sounds.clear()
        self._speaking = None
        self._loudness.leave()

    def audio(self, base64: str, now: float) -> list[Step]:
        """The caller's audio as it comes: it tells of the end of a sound sooner than the service does."""
        self._loudness.hear(base64)
        sound = self._speaking
        if sound is None or sound.interruption is None or sound.gave_way or not self._loudness.followed:
            self._loudness.leave()
            return []
        waited = sound.undecided
        if self._loudness.quiet >= _PAUSE:
            verdict = sound.interruption.quiet(self._loudness.sounded, now - self._loudness.quiet)
            return self._judge(sound, verdict) if waited else []
        if self._loudness.sounds:
            verdict = sound.interruption.speaks_on(now)
            return [Step.HOLD] if verdict is Verdict.WAIT and not waited else []
        return []

    def partial(self, item_id: str, delta: str, now: float) -> list[Step]:
        """More words of a turn that may still go on."""
        sound = self._sounds.get(item_id)
        if sound is None:
            return []
        # Words that only come after the sound cannot tell whether one that goes on is speech.
        self._partials_seen = self._partials_seen or not sound.stopped
        sound.words += delta
        sound.last_sign = now
        if sound.interruption is None or sound.gave_way or self._mode == "off":
            return []
        # Also after it was taken for noise: words take the floor from an agent that goes on.
        waited = sound.undecided
        verdict = sound.interruption.partial(sound.words, now)
        return self._judge(sound, verdict) if waited or verdict is Verdict.YIELD else []

    def stopped(self, item_id: str, seconds: float, now: float) -> list[Step]:
        """The caller has been quiet for long enough after `seconds` of sound."""
        self._speaking = None
        sound = self._sounds.get(item_id)
        if sound is None:
            return []
        sound.stopped, sound.seconds = True, seconds
        if sound.interruption is not None and not sound.gave_way:
            if not sound.undecided:
                return []  # its words tell whether it was a turn
            return self._judge(sound, sound.interruption.stopped(seconds, now))
        sound.spoken = seconds >= _SURELY_SPEECH or has_words(sound.words)
        sound.answer_due = now + (_COMMITTED_WITHIN if sound.spoken else _WORDS_WITHIN)
        return self.committed(item_id) if sound.committed else []

    def committed(self, item_id: str) -> list[Step]:
        """The sound has become an item of the model's history: a reply asked for now knows it."""
        sound = self._sounds.get(item_id)
        if sound is None:
            return []
        sound.committed = True
        return self._answer(sound) if sound.spoken else []

    def untold(self, *, ended: bool) -> list[Step]:
        """The caller has been quiet for long, and nobody has told who has the floor: the agent goes on.

        Args:
            ended: also where the end of the sound has been told, and nobody is there to tell its words.
        """
        steps: list[Step] = []
        for sound in self._sounds.values():
            if sound.interruption is not None and sound.undecided and (ended or not sound.stopped):
                steps += self._judge(sound, sound.interruption.untold())
        return steps

    def transcript(self, item_id: str, text: str, language: str) -> list[Step]:
        """All words of a turn; none when nothing was understood or recognition failed."""
        sound = self._sounds.pop(item_id, None)
        if sound is None:
            return []
        if sound is self._speaking:
            self._speaking = None
        words = text if has_words(text) else ""
        if sound.interruption is not None and not sound.gave_way:
            return self._judged_by_words(sound, sound.interruption, words, language)
        if words:
            return self._answer(sound)
        if sound.seconds >= _SURELY_SPEECH:
            return [Step.NOT_HEARD]
        # A cough. Where it stopped the agent, the agent goes on talking.
        return [Step.FORGET, *self._answer(sound)] if sound.gave_way else [Step.FORGET]

    def due(self) -> float | None:
        """When `on_timer` is to be called; None for never."""
        dues = [sound.answer_due for sound in self._sounds.values()]
        dues.append(None if self._speaking is None else self._speaking.last_sign + _LONGEST)
        dues += [s.interruption.due() for s in self._sounds.values() if s.interruption and s.undecided]
        return min((due for due in dues if due is not None), default=None)

    def on_timer(self, now: float) -> list[Step]:
        """What has been decided by waiting."""
        steps: list[Step] = []
        speaking = self._speaking
        if speaking is not None and now >= speaking.last_sign + _LONGEST:
            self._speaking = None
            steps += self._answer(speaking) if has_words(speaking.words) else []
        for sound in list(self._sounds.values()):
            if sound.answer_due is not None and now >= sound.answer_due:
                steps += self._answer(sound)
            if sound.interruption is not None and sound.undecided:
                due = sound.interruption.due()
                if due is not None and now >= due:
                    steps += self._judge(sound, sound.interruption.on_timer(now))
        return steps

    # --- inside ---------------------------------------------------------------------------------------

    def _judge(self, sound: _Sound, verdict: Verdict) -> list[Step]:
        match verdict:
            case Verdict.YIELD:
                return self._give_way(sound)
            case Verdict.RESUME if not self.undecided:
                return [Step.GO_ON]
            case _:
                return []

    def _judged_by_words(
        self, sound: _Sound, interruption: Interruption, words: str, language: str
    ) -> list[Step]:
        if self._mode == "off":
            # What was said over the agent is answered when it has said what it had to say.
            wants_answer = words != "" and not is_backchannel(words, language)
            return self._answer(sound) if wants_answer else [Step.FORGET]
        waited = sound.undecided
        if interruption.transcript(words) is Verdict.YIELD:
            sound.stopped = True
            return self._give_way(sound)
        return [Step.FORGET, Step.GO_ON] if waited and not self.undecided else [Step.FORGET]

    def _give_way(self, sound: _Sound) -> list[Step]:
        """The caller has the floor. What else was undecided is answered together with this."""
        for other in self._sounds.values():
            if other is not sound and other.undecided:
                other.gave_way = other.answered = True
        sound.gave_way = True
        return [Step.GIVE_WAY, *(self._answer(sound) if sound.stopped else [])]

    def _answer(self, sound: _Sound) -> list[Step]:
        sound.answer_due = None
        if sound.answered:
            return []
        sound.answered = True
        return [Step.ANSWER]
