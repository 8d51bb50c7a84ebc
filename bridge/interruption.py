"""Whether a caller who makes a sound while the agent talks wants the floor. No I/O, no clock.

The agent falls silent at the first sound, so to wait costs a pause and nothing else. A verdict comes when
there is something to go by: words take the floor at once, signs of listening and coughs give it back.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from bridge.backchannels import has_words, is_backchannel, may_become_backchannel

type Mode = Literal["adaptive", "immediate", "off"]

_TAIL = 1.0
"""Seconds of the agent's turn left unheard below which it is as good as over: words are an answer to it."""

_LONG = 2.5
"""Seconds of sound that are speech to a service that does not tell words while they are spoken."""

_STEADY = 4.0
"""Seconds of sound after which any other would have told words, also when it is busy."""

_BRIEF = 0.65
"""Seconds of sound that hold no more than the one or two words already known."""

_COUGH = 0.35
"""Seconds of sound that may well be no speech at all."""

_COUGH_PATIENCE = 0.7
"""Seconds to wait for the transcript of so short a sound ..."""
_PATIENCE = 2.5
"""... and of any other: to talk over a caller is worse than to stay silent a little longer."""


class Verdict(StrEnum):
    """What the agent is to do about the caller's sound."""

    WAIT = "wait"
    """Stay silent and keep what is unheard: nobody knows yet."""
    YIELD = "yield"
    """The caller has the floor: what is unheard is dropped. Final."""
    RESUME = "resume"
    """Go on from where the caller stopped hearing. Real words that come later still take the floor; a caller
    who was quiet for no more than a moment makes it WAIT again."""


class Interruption:
    """One stretch of sound of the caller, from `speech_started` over the agent's turn to its transcript.

    Args:
        mode: "immediate" takes every sound for a wish to speak, "off" none; both know from the start.
        began_at: when the sound began, monotonic seconds.
        language: BCP-47 tag of what the caller speaks.
        asked: what the caller has heard ends in a question, so that "yes" and "okay" answer it.
        unheard: seconds that the agent still had to say.
        partials_seen: whether this session has sent partial transcripts before. From a service that sends
            none, a long sound without words is taken for speech.
    """

    def __init__(
        self,
        mode: Mode,
        *,
        began_at: float,
        language: str,
        asked: bool,
        unheard: float,
        partials_seen: bool = False,
    ) -> None:
        self._decides = mode == "adaptive"
        self._language = language
        self._is_answer = asked or unheard < _TAIL
        self._partials_seen = partials_seen
        self._words = ""
        self._words_at = began_at
        self._voiced: float | None = None
        self._pause: tuple[float, float] | None = None
        """When the caller fell quiet, for now, and after how many seconds of sound."""
        self._early = False
        """Whether the agent goes on because of such a pause."""
        self._due = began_at + (_STEADY if partials_seen else _LONG)
        match mode:
            case "adaptive":
                self.verdict = Verdict.WAIT
            case "immediate":
                self.verdict = Verdict.YIELD
            case "off":
                self.verdict = Verdict.RESUME

    def partial(self, text: str, now: float) -> Verdict:
        """Everything understood so far, heard at `now`; some services tell it only after the sound."""
        self._partials_seen = self._partials_seen or self._voiced is None
        if has_words(text):
            self._words, self._words_at = text, now
            if self._is_answer or not may_become_backchannel(text, self._language):
                self._decide(Verdict.YIELD)
        return self._go_on_early()

    def quiet(self, voiced: float, since: float) -> Verdict:
        """The caller has been quiet since `since`, after `voiced` seconds of sound, and may speak on."""
        self._pause = (since, voiced)
        return self._go_on_early()

    def speaks_on(self, now: float) -> Verdict:
        """It was no more than a pause: nobody knows again, unless the words have told."""
        self._pause = None
        if self._early and self.verdict is Verdict.RESUME:
            self._due = now + _STEADY
            self.verdict = Verdict.WAIT
        self._early = False
        return self.verdict

    def stopped(self, voiced: float, now: float) -> Verdict:
        """The sound has ended; it lasted `voiced` seconds, the silence that ended it not counted."""
        self._voiced = voiced
        if self._listens and voiced <= _BRIEF:
            self._decide(Verdict.RESUME)
        self._due = now + (_COUGH_PATIENCE if voiced < _COUGH else _PATIENCE)
        return self.verdict

    def transcript(self, text: str) -> Verdict:
        """The final words; "" when there are none or recognition failed."""
        self._words = text if has_words(text) else ""
        self._decide(Verdict.RESUME if not self._words or self._listens else Verdict.YIELD)
        return self.verdict

    def untold(self) -> Verdict:
        """The caller has been quiet for long, and nobody has told what the sound was."""
        self._decide(Verdict.RESUME)
        return self.verdict

    def due(self) -> float | None:
        """When `on_timer` is to be called; None once it is known what the sound is."""
        return self._due if self.verdict is Verdict.WAIT else None

    def on_timer(self, now: float) -> Verdict:
        """Decide without further words when they are overdue at `now`."""
        due = self.due()
        if due is not None and now >= due:
            self._decide(Verdict.YIELD if self._sounds_like_speech else Verdict.RESUME)
        return self.verdict

    def _go_on_early(self) -> Verdict:
        """Once words that came after a brief sound say that it was one of listening."""
        if self.verdict is Verdict.WAIT and self._pause is not None and self._listens:
            since, voiced = self._pause
            # Words that came before its end may have been told of its beginning only.
            if voiced <= _BRIEF and self._words_at >= since:
                self._decide(Verdict.RESUME)
                self._early = True
        return self.verdict

    @property
    def _listens(self) -> bool:
        """Whether the words known are nothing but a sign of listening."""
        return not self._is_answer and is_backchannel(self._words, self._language)

    @property
    def _sounds_like_speech(self) -> bool:
        """What to take the sound for when the words that would tell are overdue."""
        if self._words:
            # A sound that goes on long after "okay" is more than that.
            return self._voiced is None or not self._listens
        cough = self._voiced is not None and self._voiced < _COUGH
        return not cough and not self._partials_seen

    def _decide(self, verdict: Verdict) -> None:
        if self._decides and self.verdict is not Verdict.YIELD:
            self.verdict = verdict
