"""Turns and their times, on a clock of the test's own."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.playout import Heard
from bridge.reply_waits import Tokens
from bridge.turns import AgentTurn, TurnLog
from bridge.voicelive.wire import InputTokens, Usage

SILENCE = 0.5
"""Seconds of silence after which the service says that the caller has stopped."""


class Talk:
    """A call in which the service's audio clock is the test's: audio began at 0 and never stops."""

    def __init__(self) -> None:
        self.log = TurnLog(padding_ms=400, silence_ms=500)
        self.log.caller_audio(0.0, 0.0)
        self._ids = count(1)

    def caller(self, item_id: str, *, starts: float, ends: float) -> None:
        self.log.caller_started(item_id, round((starts - 0.4) * 1000))
        self.log.caller_stopped(item_id, round((ends + SILENCE) * 1000))

    def agent(
        self, *, received: float, written: float, seconds: float = 1.0, text: str = "All right."
    ) -> str:
        """A response with one item whose audio is received and written; returns the id of both."""
        name = f"reply{next(self._ids)}"
        self.log.agent_item(name, name)
        self.log.agent_text_delta(name, text)
        self.log.first_audio(name, received)
        self.log.agent_audio(name, written, written + seconds, written)
        return name

    def done(self, name: str, usage: Usage | None = None) -> AgentTurn:
        [turn] = self.log.finished(name, usage)
        return turn


@pytest.fixture
def talk() -> Talk:
    return Talk()


def usage(input_tokens: int, cached: int, output_tokens: int) -> Usage:
    return Usage(input_tokens, output_tokens, InputTokens(cached))


class TestCaller:
    def test_a_turn_is_where_its_audio_was(self, talk: Talk) -> None:
        talk.caller("one", starts=2.0, ends=3.5)
        turn = talk.log.caller_text("one", " A table for two. ", 4.3)
        assert turn is not None
        assert (turn.text, turn.started_at, turn.ended_at) == ("A table for two.", 2.0, 3.5)
        assert turn.transcript_ms == 800

    def test_words_that_came_before_the_end_took_no_known_time(self, talk: Talk) -> None:
        talk.log.caller_started("one", 0)
        turn = talk.log.caller_text("one", "Hello", 1.0)
        assert turn is not None
        assert turn.transcript_ms is None

    def test_a_cough_is_no_turn(self, talk: Talk) -> None:
        talk.caller("one", starts=2.0, ends=2.3)
        assert talk.log.caller_text("one", "  ", 3.0) is None
        assert talk.log.caller_text("never heard of", "Hello", 3.0) is None

    @given(lates=st.lists(st.floats(0, 0.5), min_size=1, max_size=20))
    def test_late_frames_do_not_move_the_audio_clock(self, lates: list[float]) -> None:
        """The clock starts with the first frame that came in time."""
        log = TurnLog(padding_ms=0, silence_ms=0)
        for number, late in enumerate([0.0, *lates], 1):
            log.caller_audio(0.02, 10 + number * 0.02 + late)
        log.caller_started("one", 100)
        turn = log.caller_text("one", "Hello", 20.0)
        assert turn is not None
        assert turn.started_at == pytest.approx(10.1)


class TestWaiting:
    def test_a_reply_has_its_times(self, talk: Talk) -> None:
        talk.caller("one", starts=1.0, ends=2.0)
        turn = talk.done(talk.agent(received=2.8, written=2.85))
        assert (turn.first_audio_ms, turn.latency_ms, turn.tool_ms, turn.filler) == (800, 850, None, False)

    def test_the_last_words_are_what_is_answered(self, talk: Talk) -> None:
        talk.caller("one", starts=1.0, ends=2.0)
        talk.caller("and another thing", starts=3.0, ends=4.0)
        assert talk.done(talk.agent(received=5.0, written=5.0)).latency_ms == 1000

    def test_the_greeting_answers_nobody(self, talk: Talk) -> None:
        turn = talk.done(talk.agent(received=0.5, written=0.6))
        assert (turn.first_audio_ms, turn.latency_ms) == (None, None)

    def test_only_the_first_sound_answers(self, talk: Talk) -> None:
        talk.caller("one", starts=1.0, ends=2.0)
        talk.agent(received=2.8, written=2.8)
        assert talk.done(talk.agent(received=5.0, written=5.0)).latency_ms is None

    def test_a_filler_is_noted_and_ends_no_wait(self, talk: Talk) -> None:
        talk.caller("one", starts=1.0, ends=2.0)
        talk.log.aside("reply1", filler=True)
        filler = talk.done(talk.agent(received=3.0, written=3.0))
        reply = talk.done(talk.agent(received=4.5, written=4.6))
        assert (filler.first_audio_ms, filler.latency_ms, filler.filler) == (None, None, False)
        assert (reply.first_audio_ms, reply.latency_ms, reply.filler) == (2500, 2600, True)

    def test_a_filler_belongs_to_one_reply(self, talk: Talk) -> None:
        talk.log.aside("reply1", filler=True)
        for _ in range(2):
            talk.agent(received=3.0, written=3.0)
        assert not talk.done(talk.agent(received=5.0, written=5.0)).filler

    def test_a_check_into_the_silence_is_no_filler(self, talk: Talk) -> None:
        talk.log.aside("reply1", filler=False)
        talk.agent(received=9.0, written=9.0)
        talk.caller("one", starts=11.0, ends=12.0)
        turn = talk.done(talk.agent(received=13.0, written=13.0))
        assert (turn.latency_ms, turn.filler) == (1000, False)

    @pytest.mark.parametrize("dismiss", ["by the bridge", "by no words"])
    def test_no_reply_is_measured_from_a_backchannel(self, talk: Talk, dismiss: str) -> None:
        talk.caller("question", starts=1.0, ends=2.0)
        talk.caller("mm-hm", starts=3.0, ends=3.4)
        if dismiss == "by the bridge":
            talk.log.caller_dismissed("mm-hm")
        else:
            talk.log.caller_text("mm-hm", "", 4.0)
        assert talk.done(talk.agent(received=5.0, written=5.0)).latency_ms == 3000

    def test_tools_side_by_side_count_once(self, talk: Talk) -> None:
        talk.caller("one", starts=1.0, ends=2.0)
        talk.log.tool_runs("a", 3.0)
        talk.log.tool_runs("b", 3.25)
        talk.log.tool_done("a", 3.5)
        talk.log.tool_done("b", 4.0)
        talk.log.tool_done("never began", 4.5)
        talk.log.tool_runs("c", 5.0)
        talk.log.tool_done("c", 5.5)
        turn = talk.done(talk.agent(received=6.0, written=6.0))
        assert (turn.tool_ms, turn.latency_ms) == (1500, 4000)
        assert talk.done(talk.agent(received=9.0, written=9.0)).tool_ms is None

    def test_a_reply_pays_for_the_responses_that_only_ran_tools(self, talk: Talk) -> None:
        assert talk.log.finished("asks for a tool", usage(100, 60, 10)) == []
        first = talk.done(talk.agent(received=1.0, written=1.0), usage(120, 100, 30))
        second = talk.done(talk.agent(received=5.0, written=5.0))
        assert (first.tokens, second.tokens) == (Tokens(220, 160, 40), None)

    def test_a_turn_cut_before_it_was_heard_leaves_its_cost_to_the_next(self, talk: Talk) -> None:
        unheard = talk.agent(received=1.0, written=1.0)
        talk.log.interrupted(Heard(unheard, 0, 500), 1.0)
        assert talk.log.finished(unheard, usage(100, 0, 10)) == []
        assert talk.done(talk.agent(received=5.0, written=5.0), usage(1, 1, 1)).tokens == Tokens(101, 1, 11)

    def test_so_does_one_cut_while_it_waited_to_be_written(self, talk: Talk) -> None:
        talk.log.agent_item("queued", "queued")
        assert talk.log.finished("queued", usage(100, 0, 10)) == []
        talk.log.interrupted(Heard("queued", 0, 500), 1.0)
        assert talk.done(talk.agent(received=5.0, written=5.0), usage(1, 1, 1)).tokens == Tokens(101, 1, 11)


class TestCut:
    def test_the_caller_cuts_in_and_then_the_agent_falls_silent(self, talk: Talk) -> None:
        name = talk.agent(received=1.0, written=1.0, seconds=4.0, text="We have two tables left, at seven.")
        talk.log.caller_started("one", 1_600)  # with the padding, at 2.0
        turn = talk.log.interrupted(Heard(name, 1_200, 4_000), 2.2)
        assert turn is not None
        assert (turn.interrupted, turn.interrupted_ms, turn.heard_ms, turn.ended_at) == (
            True,
            1000,
            1200,
            2.2,
        )

    def test_a_key_cuts_in_where_the_agent_falls_silent(self, talk: Talk) -> None:
        talk.caller("long ago", starts=0.2, ends=0.5)
        turn = talk.log.interrupted(Heard(talk.agent(received=1.0, written=1.0), 600, 1_000), 1.6)
        assert turn is not None
        assert turn.interrupted_ms == 600

    def test_the_end_of_the_call_is_nobody_cutting_in(self, talk: Talk) -> None:
        talk.caller("one", starts=0.2, ends=0.5)
        [turn] = talk.log.end([Heard(talk.agent(received=1.0, written=1.0), 600, 1_000)], 1.6)
        assert (turn.over, turn.heard_ms, turn.interrupted_ms) == (True, 600, None)

    def test_the_end_of_the_call_keeps_what_was_heard(self, talk: Talk) -> None:
        playing, queued = talk.agent(received=1.0, written=1.0), "queued"
        talk.log.agent_item(queued, queued)
        talk.done(playing)
        talk.log.finished(queued)
        [turn] = talk.log.end([Heard(playing, 600, 1_000), Heard(queued, 0, 1_000)], 1.6)
        assert (turn.item_id, turn.over, turn.heard_ms) == (playing, True, 600)

    def test_a_paused_turn_goes_on_as_one(self, talk: Talk) -> None:
        talk.caller("one", starts=0.2, ends=0.5)
        name = talk.agent(received=1.0, written=1.0, seconds=0.3)
        talk.log.agent_audio(name, 2.1, 2.6, 2.0)
        turn = talk.done(name)
        assert (turn.started_at, turn.ended_at, turn.latency_ms) == (1.0, 2.6, 500)

    def test_words_do_not_run_ahead_of_the_sound(self, talk: Talk) -> None:
        """All words are there and little of the audio: what was heard of that is a word or two."""
        text = "The closest is Golden Lotus on Station Road, open until eleven tonight."
        name = talk.agent(received=1.0, written=1.0, text=text)
        turn = talk.log.interrupted(Heard(name, 400, 400), 1.4)
        assert turn is not None
        assert turn.text == "The"

    def test_words_are_heard_when_the_service_says_so(self, talk: Talk) -> None:
        name = talk.agent(received=1.0, written=1.0, text="One two three four")
        for word, ends_ms in (("One", 700), ("two", 900), ("three", 1_100)):
            talk.log.agent_word(name, word, ends_ms)
        talk.log.agent_word("nobody's", "one", 100)
        assert talk.log.heard_words(Heard(name, 899, 1_200)) == "One"
        turn = talk.log.interrupted(Heard(name, 900, 1_200), 1.9)
        assert turn is not None
        assert turn.text == "One two"
        assert talk.log.heard_words(Heard(name, 900, 1_200)) == "One two"

    def test_a_voice_has_its_rate(self) -> None:
        texts = []
        for rate in (0.5, 1.0):
            log = TurnLog(padding_ms=0, silence_ms=500, voice_rate=rate)
            log.agent_item("a", "r")
            log.agent_text("a", "One two three four five")
            texts.append(log.heard_words(Heard("a", 1_000, 1_000)))
        assert texts == ["One", "One two"]

    def test_a_turn_fell_silent_when_its_audio_ran_out(self, talk: Talk) -> None:
        name = talk.agent(received=1.0, written=1.0, seconds=1.0)
        turn = talk.log.interrupted(Heard(name, 1_000, 1_000), 2.5)
        assert turn is not None
        assert turn.ended_at == 2.0

    def test_a_reply_that_broke_off_has_no_more_words_than_sound(self, talk: Talk) -> None:
        """Nobody cut in: it is a turn heard to its end, and a short one."""
        name = talk.agent(received=1.0, written=1.0, seconds=0.6, text="One two three four")
        talk.log.broken_off(Heard(name, 600, 600))
        talk.log.agent_text(name, "One two three four")
        talk.done(name)
        [turn] = talk.log.played_out()
        assert (turn.text, turn.broken_off, turn.interrupted, turn.over) == ("One two", True, False, True)

    def test_audio_without_room_is_noted(self, talk: Talk) -> None:
        name = talk.agent(received=1.0, written=1.0)
        for lost_ms in (0, 300, 200):
            talk.log.agent_audio_lost(name, lost_ms)
        talk.log.agent_audio_lost("nobody's", 100)
        assert talk.done(name).lost_ms == 500

    def test_a_turn_of_which_nothing_was_heard_is_not_kept(self, talk: Talk) -> None:
        turn = talk.log.interrupted(Heard(talk.agent(received=1.0, written=1.0), 0, 900), 1.0)
        assert turn is not None
        assert not turn.kept

    def test_but_is_corrected_when_it_may_be_stored(self, talk: Talk) -> None:
        name = talk.agent(received=1.0, written=1.0)
        talk.done(name)
        turn = talk.log.interrupted(Heard(name, 0, 900), 1.0)
        assert turn is not None
        assert (turn.kept, turn.text) == (True, "")

    def test_late_words_change_nothing(self, talk: Talk) -> None:
        name = talk.agent(received=1.0, written=1.0, text="One two three four")
        talk.log.interrupted(Heard(name, 600, 1_200), 1.4)
        talk.log.agent_text_delta(name, " five")
        talk.log.agent_text(name, "One two three four five")
        talk.log.agent_audio(name, 2.0, 3.0, 2.0)
        turn = talk.done(name)
        assert (turn.text, turn.ended_at, turn.over) == ("One two", 1.4, True)


@dataclass(frozen=True)
class Spoken:
    """A reply as it might go: when things happen is seconds after the one before."""

    words: tuple[str, ...]
    model_takes: float
    pause: float
    heard: float | None
    """The part of it that was heard when the caller cut in; None for all of it."""
    cut_before_done: bool
    played_before_done: bool
    usage: Usage


SPOKEN = st.builds(
    Spoken,
    words=st.lists(st.sampled_from(("a", "table", "at", "seven", "Lotus")), max_size=12).map(tuple),
    model_takes=st.floats(0, 3),
    pause=st.floats(0, 1),
    heard=st.none() | st.floats(0, 0.99),
    cut_before_done=st.booleans(),
    played_before_done=st.booleans(),
    usage=st.builds(usage, st.integers(0, 900), st.integers(0, 900), st.integers(0, 90)),
)


@given(replies=st.lists(SPOKEN, max_size=25), ends_early=st.booleans())
def test_any_talk(replies: list[Spoken], ends_early: bool) -> None:
    """Turns have an order, are over once, hold a beginning of what was said, and cost what was spent."""
    talk, now = Talk(), 1.0
    handed: list[AgentTurn] = []
    said: dict[str, str] = {}
    for number, reply in enumerate(replies):
        talk.caller(f"caller{number}", starts=now, ends=now + 1)
        now += 1 + reply.model_takes
        text = " ".join(reply.words)
        name = talk.agent(received=now, written=now, seconds=0.3, text=text)
        said[name] = text
        talk.log.agent_audio(name, now + reply.pause, now + reply.pause + 0.3, now)
        if reply.heard is None:
            if reply.played_before_done:
                handed += talk.log.played_out()
            handed += talk.log.finished(name, reply.usage)
            if number < len(replies) - 1 or not ends_early:
                handed += talk.log.played_out()
        else:
            heard = Heard(name, int(reply.heard * 600), 600)
            if not reply.cut_before_done:
                handed += talk.log.finished(name, reply.usage)
            talk.log.caller_started(f"cut{number}", round((now - 0.3) * 1000))
            cut = talk.log.interrupted(heard, now + 0.5)
            assert cut is not None
            assert 0 <= (cut.interrupted_ms or 0) <= heard.heard_ms
            handed += [cut] if cut.kept else []
            if reply.cut_before_done:
                handed += talk.log.finished(name, reply.usage)
        now += 5
    handed += talk.log.end([], now)

    over = [turn for turn in handed if turn.over]
    assert len({turn.seq for turn in over}) == len(over)
    assert {turn.item_id for turn in over} == {turn.item_id for turn in handed}
    assert [turn.seq for turn in over] == sorted(turn.seq for turn in over)
    for turn in handed:
        assert f"{said[turn.item_id]} ".startswith(f"{turn.text} " if turn.text else "")
        assert turn.latency_ms is not None
    spent = sum(reply.usage.output_tokens for reply in replies)
    unpaid = talk.log._waits.tokens()
    paid = sum(turn.tokens.output_tokens for turn in over if turn.tokens is not None)
    assert paid + (unpaid.output_tokens if unpaid is not None else 0) == spent


@given(stretches=st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2)), min_size=20, max_size=40))
def test_memory_of_a_call_is_bounded(stretches: list[tuple[float, float]]) -> None:
    """Items that never come to an end are forgotten."""
    talk, now = Talk(), 1.0
    for number, (waits, speaks) in enumerate(stretches):
        talk.caller(f"caller{number}", starts=now + waits, ends=now + waits + speaks)
        now += waits + speaks
        talk.log.aside(f"aside{number}", filler=False)
        talk.log.agent_word(talk.agent(received=now, written=now), "word", 100)
    waiting = talk.log._waits
    log = talk.log
    kept = (log._caller, log._stopped, log._agent, log._timed, waiting._asides, waiting._first_audio)
    assert all(len(each) <= 16 for each in kept)


def test_speech_in_audio_that_never_came_is_no_turn() -> None:
    """A service that reports it is wrong; the call goes on."""
    log = TurnLog(padding_ms=0, silence_ms=500)
    log.caller_started("c1", 100)
    assert log.caller_stopped("c1", 900) == 0.0
    assert log.caller_text("c1", "hello", 5.0) is None
    log.agent_item("a1", "r1")
    log.agent_audio("a1", 6.0, 7.0, 6.0)
    [turn] = log.finished("r1")
    assert turn.latency_ms is None
