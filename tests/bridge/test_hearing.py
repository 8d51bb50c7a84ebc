"""What is heard in the caller's own audio, before the service tells of it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field

import numpy as np

from bridge.carriers import SAMPLE_RATE
from bridge.hearing import Hearing, Step
from bridge.voicelive import wire
from tests.bridge.talk import Talk

FRAME = SAMPLE_RATE // 50
VOICE, QUIET = 3_000.0, 20.0
"""Of samples, their standard deviation."""


def frame(level: float) -> str:
    """20 ms as a carrier brings them."""
    noise = np.random.default_rng(1).normal(0.0, level, FRAME)
    return b64encode(np.clip(noise, -32_768, 32_767).astype("<i2").tobytes()).decode()


@dataclass
class Listening:
    """Frames of 20 ms on a virtual clock, over an agent with plenty to say, and the steps they led to."""

    hearing: Hearing = field(default_factory=lambda: Hearing("adaptive"))
    now: float = 100.0
    steps: list[tuple[float, Step]] = field(default_factory=list)

    def hears(self, seconds: float, level: float) -> Listening:
        audio = frame(level)
        for _ in range(round(seconds / 0.02)):
            self.now += 0.02
            self._took(self.hearing.audio(audio, self.now))
        return self

    def voice(self, seconds: float) -> Listening:
        return self.hears(seconds, VOICE)

    def quiet(self, seconds: float) -> Listening:
        return self.hears(seconds, QUIET)

    def starts(self, item_id: str = "c1") -> Listening:
        """The service has noticed the sound."""
        self._took(
            self.hearing.started(
                item_id, self.now, over_agent=True, asked=False, unheard=6.0, language="en-US"
            )
        )
        return self

    def words(self, delta: str, item_id: str = "c1") -> Listening:
        self._took(self.hearing.partial(item_id, delta, self.now))
        return self

    def took(self) -> list[Step]:
        steps, self.steps = self.steps, []
        return [step for _, step in steps]

    def _took(self, steps: list[Step]) -> None:
        self.steps += [(self.now, step) for step in steps]


def said_okay() -> Listening:
    """Four tenths of a second of it, over now, and understood."""
    return Listening().quiet(1.0).voice(0.2).starts().voice(0.2).quiet(0.1).words("Okay.")


def test_a_sign_of_listening_is_over_after_a_moment_of_quiet() -> None:
    listening = said_okay()
    assert listening.took() == [Step.HOLD]
    assert listening.quiet(0.1).took() == []
    assert listening.quiet(0.1).took() == [Step.GO_ON]


def test_its_words_may_come_later() -> None:
    listening = Listening().quiet(1.0).voice(0.2).starts().voice(0.2).quiet(0.4)
    assert listening.took() == [Step.HOLD]
    assert listening.words("Okay.").took() == [Step.GO_ON]
    assert listening.hearing.stopped("c1", 0.4, listening.now) == []
    assert listening.hearing.transcript("c1", "Okay.", "en-US") == [Step.FORGET]


def test_a_caller_who_speaks_on_silences_the_agent_again() -> None:
    listening = said_okay().quiet(0.3)
    assert listening.took() == [Step.HOLD, Step.GO_ON]
    assert listening.voice(0.1).took() == [Step.HOLD]
    assert listening.words(" but wait").took() == [Step.GIVE_WAY]
    assert listening.voice(0.1).quiet(0.5).took() == []


def test_words_that_come_when_the_caller_speaks_on_are_not_all() -> None:
    listening = Listening().quiet(1.0).voice(0.2).starts().voice(0.2).quiet(0.35).voice(0.1).words("Okay.")
    assert listening.voice(0.4).took() == [Step.HOLD]
    assert listening.words(" but wait").took() == [Step.GIVE_WAY]


def test_other_words_are_not_resumed_after() -> None:
    listening = Listening().quiet(1.0).voice(0.2).starts().voice(0.2).quiet(0.1).words("No.")
    assert listening.took() == [Step.HOLD, Step.GIVE_WAY]
    assert listening.quiet(0.5).took() == []


def test_noise_as_loud_as_the_caller_leaves_it_to_the_service() -> None:
    listening = Listening().hears(1.0, 1_500.0).voice(0.2).starts().voice(0.2).hears(0.1, 1_500.0)
    assert listening.words("Okay.").hears(0.6, 1_500.0).took() == [Step.HOLD]
    assert listening.hearing.stopped("c1", 0.4, listening.now) == [Step.GO_ON]


def test_a_second_sound_is_listened_to_as_well() -> None:
    listening = said_okay().quiet(0.3)
    listening.hearing.stopped("c1", 0.4, listening.now)
    listening.hearing.transcript("c1", "Okay.", "en-US")
    listening.took()
    listening.quiet(0.6).voice(0.2).starts("c2").voice(0.2).quiet(0.1).words("Right.", "c2")
    assert listening.quiet(0.3).took() == [Step.HOLD, Step.GO_ON]


def test_in_a_conversation_the_agent_goes_on_before_the_service_tells_of_the_end() -> None:
    talk = Talk().greeted().caller_says("c0", "sushi please")
    talk.agent_says("r1", "one two three four", 4.0)

    def hears(seconds: float, level: float) -> None:
        for _ in range(round(seconds / 0.02)):
            talk.after(0.02)
            talk.commands += talk.conversation.listen(frame(level), talk.now) or []

    hears(2.0, QUIET)
    hears(0.2, VOICE)
    talk.caller_starts("c1").took()
    hears(0.2, VOICE)
    hears(0.1, QUIET)
    talk.hears(wire.TranscriptionDelta("c1", "Okay."))
    assert talk.played() == 0
    hears(0.2, QUIET)
    assert talk.played() > 0
    talk.after(0.1).caller_stops("c1", "Okay.")
    assert [type(event) for event in talk.events()] == [wire.ItemDelete]
    assert talk.after(3).sent() == []
