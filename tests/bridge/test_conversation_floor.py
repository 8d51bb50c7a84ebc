"""Who has the floor when caller and agent speak at once, told as talks on a virtual clock."""

from __future__ import annotations

from array import array
from itertools import pairwise
from typing import Literal

import msgspec
import pytest

from bridge.carriers import SAMPLE_RATE
from bridge.commands import Command, Play, SaveTurn, Send, StopPlayback
from bridge.turns import AgentTurn
from bridge.voicelive import wire
from shared.agent_tables import Languages
from tests.bridge.talk import PHRASES, Talk, agent, asks_tool, sound

_TWO_FRAMES = 2 * SAMPLE_RATE // 50
"""Samples that going on after a pause may say twice."""


def talking(seconds: float = 4.0, after: float = 2.2, *, done: bool = True) -> Talk:
    """The agent has been heard for `after` seconds of a reply, and what it commanded so far is looked at."""
    talk = Talk().greeted().caller_says("c0", "sushi please")
    talk.agent_says("r1", "one two three four", seconds, done=done).after(after)
    talk.took()
    return talk


def talking_numbers() -> tuple[Talk, list[Command]]:
    """The agent has been heard for a second of two, each sample another number; the commands since."""
    talk = Talk().greeted().caller_says("c0", "sushi please")
    talk.took()
    talk.hears(
        wire.ResponseCreated(wire.ResponseId("r1")),
        wire.OutputItemAdded("r1", wire.OutputItem("item-r1", "message")),
        wire.AudioTranscriptDone("r1", "item-r1", "one two"),
        wire.AudioDelta("r1", "item-r1", _numbers(2 * SAMPLE_RATE)),
    )
    return talk, talk.done("r1").after(1.0).took()


def _numbers(count: int) -> bytes:
    return array("H", range(count)).tobytes()


def _samples(commands: list[Command]) -> list[int]:
    return array("H", b"".join(command.pcm for command in commands if isinstance(command, Play))).tolist()


def in_mode(interruption: Literal["immediate", "off"]) -> Talk:
    """Heard for a second of a reply of four, by a caller who may not, or always, interrupt."""
    detection = msgspec.structs.replace(agent().turn_detection, interruption=interruption)
    talk = Talk(agent(turn_detection=detection)).greeted().caller_says("c0", "sushi please")
    talk.agent_says("r1", "one two three four", 4.0).after(1)
    talk.took()
    return talk


def agent_turns(commands: list[Command]) -> list[AgentTurn]:
    """The agent's turns that are stored."""
    turns = [command.turn for command in commands if isinstance(command, SaveTurn)]
    return [turn for turn in turns if isinstance(turn, AgentTurn)]


def words_so_far(talk: Talk, item: str, text: str) -> Talk:
    """The service understands `text` while the caller still speaks."""
    return talk.hears(wire.TranscriptionDelta(item, text))


class TestFirstSound:
    """Nobody knows yet what it is: the agent falls silent and nothing else."""

    def test_silences_the_agent_at_once(self) -> None:
        assert talking().caller_starts("c1").took() == [StopPlayback()]

    def test_nothing_is_written_until_it_is_known(self) -> None:
        talk = talking().caller_starts("c1").after(2.0)
        assert talk.played() == 0

    def test_does_nothing_when_the_agent_is_quiet(self) -> None:
        assert talking(after=5).caller_starts("c1").took() == []


class TestBargeIn:
    """The caller takes the floor with words."""

    def test_words_cut_the_history_to_what_was_heard(self) -> None:
        """Up to when the agent fell silent, though it is known only later that this was for good."""
        talk = words_so_far(talking().caller_starts("c1").after(0.5), "c1", "wait")
        _, cut, *_ = talk.took()
        assert isinstance(cut, Send)
        assert isinstance(cut.event, wire.ItemTruncate)
        assert cut.event.item_id == "item-r1"
        assert 2140 <= cut.event.audio_end_ms <= 2200

    def test_the_turn_is_stored_with_the_words_that_were_heard(self) -> None:
        talk = words_so_far(talking().caller_starts("c1").after(0.5), "c1", "wait")
        [turn] = agent_turns(talk.took())
        assert (turn.text, turn.interrupted, turn.over) == ("one two", True, True)
        assert turn.ended_at == pytest.approx(talk.now - 0.5)

    def test_is_answered_once_the_caller_has_finished(self) -> None:
        talk = words_so_far(talking().caller_starts("c1").after(0.5), "c1", "wait")
        assert talk.after(1).said() == []
        assert talk.caller_stops("c1").said() == [""]
        assert talk.hears(wire.TranscriptionCompleted("c1", "wait, Italian")).said() == []

    def test_words_that_come_only_at_the_end_do_too(self) -> None:
        """Not every recogniser tells words while the caller speaks."""
        talk = talking().caller_says("c1", "no, Italian please", seconds=1.2)
        assert talk.sent() == ["ItemTruncate", "ResponseCreate"]

    def test_long_speech_is_not_talked_over_when_no_words_are_told_meanwhile(self) -> None:
        talk = talking().caller_starts("c1").after(2.6)
        assert talk.sent() == ["ItemTruncate"]

    def test_a_response_that_is_generated_is_not_cancelled(self) -> None:
        talk = words_so_far(talking().caller_starts("c1"), "c1", "wait")
        assert "ResponseCancel" not in talk.sent()

    def test_a_response_that_is_being_generated_is_cancelled_once(self) -> None:
        talk = words_so_far(talking(done=False).caller_starts("c1"), "c1", "wait")
        words_so_far(talk, "c1", " a moment").caller_stops("c1", "wait a moment")
        assert talk.sent().count("ResponseCancel") == 1

    def test_a_response_that_was_cancelled_before_is_not_cancelled_again(self) -> None:
        """It hung, and was called off for an apology."""
        talk = Talk().greeted().caller_says("c0", "sushi please")
        talk.hears(wire.ResponseCreated(wire.ResponseId("r1"))).after(6.1).another(2)
        talk.hears(wire.ResponseCreated(wire.ResponseId("r2"))).after(6.5)
        words_so_far(talk.caller_starts("c1"), "c1", "hello?")
        assert talk.sent().count("ResponseCancel") == 1

    def test_the_reply_waits_for_the_end_of_the_cancelled_response(self) -> None:
        talk = words_so_far(talking(done=False).caller_starts("c1"), "c1", "wait")
        assert talk.after(1.5).caller_stops("c1", "wait, Italian").said() == []
        assert talk.done("r1", "cancelled").said() == [""]

    def test_late_audio_of_the_cancelled_response_is_dropped(self) -> None:
        talk = words_so_far(talking(done=False).caller_starts("c1"), "c1", "wait")
        talk.hears(sound("r1", "item-r1", 1.0)).caller_stops("c1", "wait")
        talk.hears(sound("r1", "item-r1", 1.0)).done("r1", "cancelled").after(2)
        assert talk.played() == 0

    def test_the_reply_to_the_caller_is_heard(self) -> None:
        talk = words_so_far(talking(done=False).caller_starts("c1"), "c1", "wait").after(1)
        talk.caller_stops("c1", "wait, Italian").done("r1", "cancelled").took()
        assert talk.agent_says("r2", "Italian it is.", 1.5).after(3).played() == pytest.approx(1.5)

    def test_an_item_of_which_nothing_was_heard_is_deleted(self) -> None:
        """It waited behind another one."""
        talk = Talk().greeted().agent_says("r1", "one", 5.0).agent_says("r2", "two", 1.0).after(1)
        talk.took()
        cut, delete, *_ = words_so_far(talk.caller_starts("c1"), "c1", "wait").events()
        assert isinstance(cut, wire.ItemTruncate)
        assert isinstance(delete, wire.ItemDelete)
        assert (cut.item_id, delete.item_id) == ("item-r1", "item-r2")

    def test_a_reply_of_which_nothing_was_heard_is_no_turn(self) -> None:
        talk = Talk().greeted().agent_says("r1", "one", 5.0)
        talk.agent_says("r2", "two", 1.0, done=False).after(1)
        talk.took()
        turns = agent_turns(words_so_far(talk.caller_starts("c1"), "c1", "wait").took())
        assert [turn.item_id for turn in turns] == ["item-r1"]

    def test_an_item_without_a_sound_of_a_dropped_response_is_deleted(self) -> None:
        """The model was about to say it: it would believe that the caller heard it."""
        talk = (
            Talk()
            .greeted()
            .caller_says("c0", "sushi please")
            .hears(
                wire.ResponseCreated(wire.ResponseId("r1")),
                wire.OutputItemAdded("r1", wire.OutputItem("item-r1", "message")),
            )
        )
        words_so_far(talk.caller_starts("c1"), "c1", "wait").took()
        [delete, *_] = talk.done("r1", "cancelled").events()
        assert isinstance(delete, wire.ItemDelete)
        assert delete.item_id == "item-r1"

    def test_a_tool_call_of_a_dropped_response_is_not_run_and_deleted(self) -> None:
        """A call without an output would stay open in the history for good."""
        talk = (
            Talk().greeted().caller_says("c0", "book it").hears(wire.ResponseCreated(wire.ResponseId("r1")))
        )
        words_so_far(talk.caller_starts("c1"), "c1", "wait").took()
        _, added, called = asks_tool("r1", "t1", "book_table")
        assert talk.hears(added, called).took() == []
        [delete, *_] = talk.done("r1", "cancelled").events()
        assert isinstance(delete, wire.ItemDelete)
        assert delete.item_id == "item-r1"

    def test_a_reply_asked_for_before_the_caller_began_is_called_off(self) -> None:
        talk = Talk().greeted().hears(*asks_tool("r1", "t1")).done("r1").tool_done("t1")
        words_so_far(talk.caller_starts("c1"), "c1", "wait").took()
        assert talk.hears(wire.ResponseCreated(wire.ResponseId("r2"))).sent() == ["ResponseCancel"]
        assert talk.hears(sound("r2", "item-r2", 1.0)).after(1).played() == 0


class TestSignsOfListening:
    """The caller makes a sound and does not want the floor."""

    def test_the_agent_goes_on_without_a_word_lost_or_said_twice(self) -> None:
        talk, before = talking_numbers()
        stop, *rest = talk.caller_starts("c1").after(0.9).caller_stops("c1", "Mm-hmm.").after(3).took()
        after = _samples(rest)
        assert stop == StopPlayback()
        assert _samples(before)[0] == 0
        assert SAMPLE_RATE - 2 * _TWO_FRAMES <= after[0] <= SAMPLE_RATE
        assert all(later == earlier + 1 for earlier, later in pairwise(after))
        assert after[-1] == 2 * SAMPLE_RATE - 1

    def test_it_wants_no_answer_and_the_model_does_not_know_of_it(self) -> None:
        talk = talking().caller_says("c1", "Mm-hmm.", seconds=0.4)
        [delete] = talk.events()
        assert isinstance(delete, wire.ItemDelete)
        assert delete.item_id == "c1"
        assert talk.after(3).events() == []

    def test_it_is_no_turn(self) -> None:
        commands = talking().caller_says("c1", "Mm-hmm.", seconds=0.4).took()
        assert not any(isinstance(command, SaveTurn) for command in commands)

    def test_the_turn_it_fell_into_is_stored_as_heard_to_its_end(self) -> None:
        *_, turn = agent_turns(talking().caller_says("c1", "Okay.", seconds=0.4).after(4).took())
        assert (turn.text, turn.interrupted, turn.over) == ("one two three four", False, True)

    def test_what_the_model_says_meanwhile_is_not_lost(self) -> None:
        talk = talking(seconds=3.0, after=1.0, done=False).caller_starts("c1").after(0.5)
        talk.hears(sound("r1", "item-r1", 1.0)).done("r1").after(0.4).caller_stops("c1", "Okay.")
        assert talk.after(6).played() == pytest.approx(3.0, abs=0.35)  # four seconds less the one heard

    def test_more_words_after_it_take_the_floor(self) -> None:
        talk = words_so_far(talking().caller_starts("c1").after(0.3), "c1", "okay")
        assert talk.sent() == []
        assert words_so_far(talk.after(0.4), "c1", " but wait").sent() == ["ItemTruncate"]

    def test_words_that_come_after_the_agent_went_on_take_the_floor(self) -> None:
        """ "Okay" was understood first, and was the beginning of more."""
        talk = words_so_far(talking().caller_starts("c1").after(0.3), "c1", "okay").after(0.7)
        assert talk.caller_stops("c1").after(0.3).played() > 0
        talk.hears(wire.TranscriptionCompleted("c1", "Okay, the first one."))
        assert talk.sent() == ["ItemTruncate", "ResponseCreate"]

    def test_a_yes_to_a_question_is_an_answer(self) -> None:
        talk = Talk().greeted().caller_says("c0", "sushi please")
        talk.agent_says("r1", "Shall I book it for two? Magnificently.", 4.0).after(2.8).took()
        assert talk.caller_says("c1", "Yes.", seconds=0.4).sent() == ["ItemTruncate", "ResponseCreate"]

    def test_an_okay_in_the_last_moment_of_a_turn_is_an_answer(self) -> None:
        talk = talking(after=3.4).caller_says("c1", "Okay.", seconds=0.4)
        assert talk.sent() == ["ItemTruncate", "ResponseCreate"]

    def test_a_cough_is_over_before_its_words_are_known_to_be_none(self) -> None:
        talk = talking().caller_starts("c1").after(0.7).caller_stops("c1")
        assert talk.after(0.6).played() == 0
        assert talk.after(3).played() == pytest.approx(1.8, abs=0.05)
        assert talk.hears(wire.TranscriptionCompleted("c1", "")).sent() == ["ItemDelete"]

    def test_the_agent_talks_over_noise_that_does_not_end(self) -> None:
        """From a service that tells words while they are spoken, none of them for so long is no speech."""
        talk = words_so_far(Talk().greeted().caller_starts("c0"), "c0", "sushi").after(1).caller_stops("c0")
        talk.agent_says("r1", "one two three four", 4.0).after(2.2).caller_starts("c1").took()
        assert talk.after(2.4).played() == 0
        assert talk.after(4).played() == pytest.approx(1.8, abs=0.05)

    def test_two_sounds_are_both_waited_for(self) -> None:
        """One of them is known to be nothing, the other not yet."""
        talk = talking().caller_starts("c1").after(0.8).caller_stops("c1").caller_starts("c2")
        talk.hears(wire.TranscriptionCompleted("c1", "")).took()
        assert talk.after(0.5).played() == 0
        assert talk.caller_stops("c2", "Okay.").after(3).played() == pytest.approx(1.8, abs=0.05)


class TestModes:
    """Other rules for who takes the floor, from the configuration."""

    def test_off_lets_the_agent_finish_and_answers_then(self) -> None:
        talk = in_mode("off").caller_says("c1", "no, Italian please", seconds=1.0)
        commands = talk.agent_says("r2", "Italian it is.", 1.0).after(5).took()
        assert StopPlayback() not in commands
        assert sum(len(c.pcm) for c in commands if isinstance(c, Play)) / 2 / SAMPLE_RATE > 3.6
        assert "ItemTruncate" not in [type(c.event).__name__ for c in commands if isinstance(c, Send)]

    def test_off_answers_nobody_who_only_listens(self) -> None:
        talk = in_mode("off").caller_says("c1", "Mm-hmm.", seconds=0.4)
        assert talk.after(4).sent() == ["ItemDelete"]

    def test_immediate_takes_every_sound_for_a_wish_to_speak(self) -> None:
        talk = in_mode("immediate").caller_starts("c1")
        assert talk.sent() == ["ItemTruncate"]

    def test_immediate_does_not_leave_a_cough_unanswered(self) -> None:
        """It stopped the agent, so somebody has to go on."""
        talk = in_mode("immediate").caller_says("c1", "", seconds=0.3)
        assert talk.said() == [""]


class TestKeys:
    """Who presses keys does not want to hear the rest."""

    def test_stop_the_agent_and_are_answered(self) -> None:
        talk = talking().presses("1#")
        assert StopPlayback() in talk.commands
        assert talk.sent() == ["ItemTruncate", "ItemCreate", "ResponseCreate"]

    def test_call_off_the_reply_that_is_on_its_way(self) -> None:
        talk = Talk().greeted().caller_says("c0", "sushi please").presses("1#")
        talk.took()
        assert talk.hears(wire.ResponseCreated(wire.ResponseId("r1"))).sent() == ["ResponseCancel"]
        assert talk.done("r1", "cancelled").said() == [""]


class TestWhatCounts:
    """What the caller's "okay" answers, and what it does not."""

    def test_a_sign_of_listening_early_in_a_reply_that_is_still_generated(self) -> None:
        """Little of it is there yet, but nobody knows how much is to come."""
        talk = Talk().greeted().caller_says("c1", "sushi please")
        talk.agent_says("r1", "There is Sakura House in the old town.", 1.5, done=False).after(0.8)
        talk.caller_starts("c2").after(0.3).took()
        talk.hears(wire.TranscriptionDelta("c2", "Mm-hm.")).after(0.5).caller_stops("c2", "Mm-hm.")
        assert "ResponseCancel" not in talk.sent()

    def test_words_that_come_after_each_sound_do_not_tell_noise_from_speech(self) -> None:
        """A service that recognises only what is committed: a long sound is speech all the same."""
        talk = Talk().greeted().caller_starts("c1").after(1.5).caller_stops("c1")
        talk.hears(wire.TranscriptionDelta("c1", "Sushi."), wire.TranscriptionCompleted("c1", "Sushi."))
        talk.agent_says("r1", "There is Sakura House in the old town, and more.", 9.0).after(1.0)
        talk.took()
        assert "ItemTruncate" in talk.caller_starts("c2").after(3.0).sent()

    def test_a_failed_transcript_of_words_that_are_being_answered_is_let_be(self) -> None:
        """A model that hears audio itself has understood; its recogniser has not."""
        talk = Talk().greeted().caller_starts("c1").after(1.5).caller_stops("c1")
        talk.agent_says("r1", "There is Sakura House.", 3.0).after(0.5)
        talk.took()
        talk.hears(wire.TranscriptionFailed("c1"))
        assert talk.after(1.0).sent() == []

    def test_a_french_oui_over_an_english_greeting(self) -> None:
        """Until the caller's language is known, it may be any that is spoken here."""
        spoken = Languages(default="en-US", spoken=("en-US", "fr-FR"))
        phrases = {"en": PHRASES, "fr": PHRASES}
        talk = Talk(agent(languages=spoken, phrases=phrases)).starts().agent_says("r0", "Hello there.", 6.0)
        talk.after(2.0).caller_starts("c1").after(0.3).caller_stops("c1", "Oui.").took()
        assert talk.after(5.0).played() > 3.5
