"""Voice Live stands still and its sockets stay open: that is noticed, and nobody is left in silence."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.commands import DropSession, OpenSession, SwitchSession, Why
from bridge.own_ear import OwnEar
from bridge.voicelive import wire
from tests.bridge.model_standstill import PIECE_S, QUIET, VOICE, StillCall, audio
from tests.bridge.talk import PHRASES, Talk, agent

_ALLOWED_S = 2.5


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 40),
    still_at=st.floats(0.0, 25.0),
    again_after=st.one_of(st.none(), st.floats(2.0, 12.0)),
    patience_s=st.sampled_from([0.0, 0.0, 1.5, 4.5]),
    stalls_s=st.sampled_from([None, None, 1.0, 3.0, 6.0]),
    others_s=st.sampled_from([0.0, 6.0, 60.0]),
)
def test_a_caller_never_waits_long_whenever_it_happens(
    seed: int,
    still_at: float,
    again_after: float | None,
    patience_s: float,
    stalls_s: float | None,
    others_s: float,
) -> None:
    """Once or twice, for a while or for good, at one endpoint or at all."""
    times = (still_at,) if again_after is None else (still_at, still_at + again_after)
    call = StillCall(seed, times, patience_s=patience_s, stalls_s=stalls_s, others_s=others_s)
    call.run()
    assert call.longest <= _ALLOWED_S


class TestTheCaller:
    """Who speaks to a session that stands still is heard by the bridge, and by the next session."""

    def speaks(self, talk: Talk, seconds: float, *, voice: bool = True) -> Talk:
        """Audio of the caller for so long."""
        for _ in range(round(seconds / PIECE_S)):
            talk.commands += talk.conversation.listen(VOICE if voice else QUIET, talk.now) or []
            talk.after(PIECE_S)
        return talk

    def quiet(self, talk: Talk, seconds: float) -> Talk:
        return self.speaks(talk, seconds, voice=False)

    def test_hears_a_filler_after_words_that_nobody_told_of(self) -> None:
        talk = self.quiet(Talk(recorded=1.0).greeted(), 1.0)
        still_since = talk.now
        self.quiet(self.speaks(talk, 0.6), 1.3).took()
        talk.commands += talk.conversation.on_session_lost(1, talk.now, still_since)
        assert self.quiet(talk, 0.1).recordings() == [PHRASES.fillers[0]]

    def test_or_of_which_nobody_told_the_end(self) -> None:
        talk = self.quiet(Talk(recorded=1.0).greeted(), 1.0).caller_starts("c1")
        self.quiet(self.speaks(talk, 1.0), 1.7).took()
        assert self.quiet(talk, 0.2).recordings() == [PHRASES.fillers[0]]

    def test_hears_no_second_one_while_a_session_that_lives_takes_noise_for_them(self) -> None:
        talk = self.quiet(Talk(recorded=1.0).greeted(), 1.0).caller_starts("c1")
        self.quiet(self.speaks(talk, 1.0), 3.9)
        self.quiet(talk.another(2).caller_starts("c2"), 1.0)
        self.quiet(self.speaks(talk, 1.0), 2.5).took()
        assert self.quiet(talk, 6.0).recordings() == []

    def test_is_not_talked_over_while_their_words_come(self) -> None:
        """They speak too softly for the ear."""
        talk = self.quiet(Talk(recorded=1.0).greeted(), 1.0).caller_starts("c1")
        self.speaks(talk, 1.0)
        for _ in range(5):
            self.quiet(talk, 1.0).hears(wire.TranscriptionDelta("c1", "and then "))
        assert talk.recordings() == []

    def test_is_not_talked_over(self) -> None:
        talk = self.quiet(Talk(recorded=1.0).greeted(), 1.0)
        talk.commands += talk.conversation.on_session_lost(1, talk.now, talk.now - 1.9)
        self.speaks(talk, 4.0)
        assert talk.recordings() == []

    def test_hears_the_apology_after_their_own_words(self) -> None:
        talk = self.quiet(Talk(recorded=1.0).greeted(), 1.0).loses(1)
        self.speaks(self.quiet(talk, 11.0), 2.0)
        assert PHRASES.trouble not in talk.recordings()
        assert PHRASES.trouble in self.quiet(talk, 1.2).recordings()

    def test_who_speaks_on_and_on_is_not_heard_out(self) -> None:
        talk = self.quiet(Talk(recorded=1.0).greeted(), 1.0).loses(1)
        assert PHRASES.trouble in self.speaks(self.quiet(talk, 11.0), 6.0).recordings()

    def test_a_silent_one_waits_for_nothing(self) -> None:
        talk = self.quiet(Talk(recorded=1.0).greeted(), 1.0)
        talk.commands += talk.conversation.on_doubt(talk.now - 1.9, talk.now)
        assert self.quiet(talk, 4.0).recordings() == []

    def test_is_heard_again_from_the_last_sign_of_life_on(self) -> None:
        talk = self.quiet(Talk().greeted(), 3.0)
        still_since = talk.now - 1.9
        talk.commands += talk.conversation.on_session_lost(1, talk.now, still_since)
        assert OpenSession(Why.SILENT) in talk.took()
        talk.connects(2)
        [switch] = [command for command in talk.took() if isinstance(command, SwitchSession)]
        assert switch.hears_since == pytest.approx(still_since - 1.0)
        assert talk.conversation.keeps_audio_since(talk.now) <= still_since - 1.0

    def test_or_from_where_one_told_nothing_more_that_closes_then(self) -> None:
        talk = self.quiet(Talk().greeted(), 3.0)
        still_since = talk.now - 1.9
        talk.commands += talk.conversation.on_doubt(still_since, talk.now)
        self.quiet(talk, 1.0).loses(1).took()
        talk.connects(2)
        [switch] = [command for command in talk.took() if isinstance(command, SwitchSession)]
        assert switch.hears_since == pytest.approx(still_since - 1.0)

    def test_is_heard_again_also_when_the_next_one_breaks_before_it_tells(self) -> None:
        talk = self.quiet(Talk().greeted(), 3.0)
        talk.commands += talk.conversation.on_session_lost(1, talk.now, talk.now - 1.9)
        self.quiet(talk, 2.0).took()
        talk.connects(2)
        [first] = [command for command in talk.took() if isinstance(command, SwitchSession)]
        self.quiet(talk.hears(wire.SessionUpdated()), 2.5)
        assert talk.conversation.keeps_audio_since(talk.now) <= first.hears_since
        talk.loses(2).took()
        talk.connects(3)
        [second] = [command for command in talk.took() if isinstance(command, SwitchSession)]
        assert second.hears_since == first.hears_since

    def test_hears_the_agent_go_on_when_nobody_tells_what_a_sound_was(self) -> None:
        talk = self.quiet(Talk().greeted(), 1.0).caller_says("c1", "tell me all")
        talk.agent_says("r1", "one two three", 10.0, done=False)
        talk.hears(wire.TranscriptionDelta("c1", "tell"))
        self.quiet(talk, 1.0).caller_starts("c2")
        self.quiet(self.speaks(talk, 0.3), 2.1).took()
        assert self.quiet(talk, 0.3).played() > 0

    def over_the_agent(self, talk: Talk) -> Talk:
        """The caller makes a sound while the agent has much to say."""
        self.quiet(talk.greeted(), 1.0).caller_starts("c1").hears(wire.TranscriptionDelta("c1", "tell"))
        talk.after(1.5).caller_stops("c1", "tell me all")
        talk.agent_says("r1", "one two three", 10.0, done=False)
        return self.speaks(self.quiet(talk, 1.0).caller_starts("c2"), 1.0)

    def test_is_not_talked_over_while_the_words_of_a_sound_that_has_ended_may_come(self) -> None:
        talk = self.quiet(self.over_the_agent(Talk()), 0.5).caller_stops("c2")
        talk.took()
        assert self.quiet(talk, 2.3).played() == 0

    def test_nor_while_voice_live_may_wait_for_the_end_of_their_sentence(self) -> None:
        turns = msgspec.structs.replace(agent().turn_detection, silence_duration_ms=3_000)
        talk = self.over_the_agent(Talk(agent(turn_detection=turns)))
        talk.took()
        assert self.quiet(talk, 2.4).played() == 0

    def test_keeps_a_session_that_speaks(self) -> None:
        """It takes something in the background for the caller, over which the agent talks on."""
        talk = self.quiet(self.over_the_agent(Talk(recorded=1.0)), 6.0)
        assert DropSession(Why.SILENT) not in talk.took()
        assert DropSession(Why.SILENT) not in self.quiet(talk.done("r1"), 6.0).took()
        assert DropSession(Why.SILENT) in self.quiet(talk, 4.5).took()

    def test_has_another_session_when_the_end_is_never_told(self) -> None:
        """The session answers, and hears nothing any more. Once: it may be a noise that only it hears."""
        talk = self.quiet(Talk(recorded=1.0).greeted(), 1.0).caller_starts("c1")
        self.quiet(self.speaks(talk, 1.0), 3.7)
        assert DropSession(Why.SILENT) not in talk.took()
        assert DropSession(Why.SILENT) in self.quiet(talk, 0.3).took()
        self.quiet(talk.another(2).caller_starts("c2"), 8.0)
        assert DropSession(Why.SILENT) not in talk.took()


class TestOwnEar:
    """It has no words for what it hears."""

    def heard(
        self, *stretches: tuple[str, float], before: float = 1.0, told: bool = False
    ) -> tuple[OwnEar, float]:
        """It is asked after `before` seconds of the first stretch; `told` what a session says."""
        ear, now = OwnEar(2.0), 0.0
        for piece, seconds in stretches:
            for _ in range(round(seconds / PIECE_S)):
                now += PIECE_S
                ear.hear(piece, now)
                if now >= before:
                    ear.listens(now, wanted=True, told=told)
        return ear, now

    def test_tells_when_the_caller_was_last_heard(self) -> None:
        ear, _ = self.heard((QUIET, 1.2), (VOICE, 1.2), (QUIET, 0.9))
        assert ear.quiet
        assert ear.spoke_until == pytest.approx(2.4)

    def test_also_of_what_was_said_before_anybody_asked(self) -> None:
        ear, now = self.heard((QUIET, 1.2), (VOICE, 0.6), (QUIET, 0.9), before=2.6)
        assert ear.spoke_until == pytest.approx(1.8, abs=0.05)
        ear.listens(now, wanted=False)
        assert ear.spoke_until is None

    def test_a_pause_is_no_end(self) -> None:
        ear, _ = self.heard((QUIET, 1.2), (VOICE, 1.2), (QUIET, 0.42))
        assert ear.sounds
        assert not ear.quiet

    @pytest.mark.parametrize("told", [True, False])
    def test_a_low_voice_is_one_while_a_session_says_so(self, told: bool) -> None:
        """It is no louder than noise may be, and follows upon one that was."""
        ear, now = self.heard((QUIET, 1.2), (audio(130), 1.2), (audio(65), 6.0), told=told)
        assert ear.quiet is not told
        assert ear.spoke_until == (now if told else pytest.approx(5.4, abs=0.1))

    def test_silence_is_nobody(self) -> None:
        ear, _ = self.heard((QUIET, 3.0))
        assert (ear.sounds, ear.quiet, ear.unsure) == (False, False, False)

    def test_a_noise_may_be_anybody(self) -> None:
        ear, _ = self.heard((VOICE, 3.0))
        assert not ear.quiet
        assert ear.unsure
