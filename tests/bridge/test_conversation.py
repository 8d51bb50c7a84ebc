"""The rules of a conversation, told as talks on a virtual clock: greeting, turns, replies, keys."""

from __future__ import annotations

import msgspec
import pytest

from bridge.commands import SaveTurn
from bridge.turns import AgentTurn, CallerTurn
from bridge.voicelive import wire
from shared.agent_tables import Languages
from tests.bridge.talk import PHRASES, Talk, agent, sound, words


def saved(talk: Talk) -> list[CallerTurn | AgentTurn]:
    """The turns written to the store since the last look."""
    return [command.turn for command in talk.took() if isinstance(command, SaveTurn)]


def requests(talk: Talk) -> list[wire.ResponseCreate]:
    """The replies asked for since the last look."""
    return [event for event in talk.events() if isinstance(event, wire.ResponseCreate)]


class TestGreeting:
    """The first words come from the configuration, once."""

    def test_is_spoken_word_for_word_when_the_session_is_ready(self) -> None:
        [request] = Talk().starts().events()
        assert isinstance(request, wire.ResponseCreate)
        assert request.response is not None
        assert request.response.pre_generated_assistant_message == wire.MessageItem(
            "assistant", [wire.TextPart("text", PHRASES.greeting)]
        )

    def test_is_in_the_default_language(self) -> None:
        german = msgspec.structs.replace(PHRASES, greeting="Hallo, hier die KI.")
        languages = Languages(default="de-DE", spoken=("en-US", "de-DE"))
        talk = Talk(agent(phrases={"en": PHRASES, "de": german}, languages=languages)).starts()
        assert talk.said() == ["Hallo, hier die KI."]

    def test_is_not_repeated_by_a_second_session_updated(self) -> None:
        assert Talk().starts().hears(wire.SessionUpdated()).said() == [PHRASES.greeting]

    def test_nobody_is_listened_to_before_it_begins(self) -> None:
        """A "hello?" into the silence before it would be taken for a turn."""
        talk = Talk().starts()
        assert not talk.conversation.listening
        talk.hears(wire.ResponseCreated(wire.ResponseId("r1")))
        assert talk.conversation.listening

    def test_is_said_again_when_it_was_refused(self) -> None:
        talk = Talk().starts()
        [request] = requests(talk)
        talk.hears(wire.Error(wire.ErrorDetails(code="server_error", event_id=request.event_id)))
        assert talk.after(1).said() == [PHRASES.greeting]

    def test_is_said_again_when_it_failed(self) -> None:
        talk = Talk().starts().hears(wire.ResponseCreated(wire.ResponseId("r1"))).done("r1", "failed")
        talk.took()
        assert talk.after(1).said() == [PHRASES.greeting]

    def test_has_no_latency(self) -> None:
        """Nobody spoke before it."""
        [turn] = saved(Talk().starts().agent_says("r1", "Hello.", 1.0))
        assert isinstance(turn, AgentTurn)
        assert turn.latency_ms is None


class TestReplies:
    """The service replies to nobody by itself: who has finished a turn is replied to at once."""

    def test_a_turn_is_answered_before_its_words_are_known(self) -> None:
        talk = Talk().greeted().caller_starts("c1").after(1.5).caller_stops("c1")
        assert talk.said() == [""]

    def test_a_turn_is_answered_once(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi please")
        assert talk.said() == [""]
        talk.agent_says("r1", "There is Sakura House.", 2.0)
        assert talk.after(3).said() == []

    def test_a_short_sound_is_answered_when_its_words_come(self) -> None:
        talk = Talk().greeted().caller_starts("c1").after(0.8).caller_stops("c1").after(0.3)
        assert talk.said() == []
        assert talk.hears(wire.TranscriptionCompleted("c1", "No.")).said() == [""]

    def test_a_short_sound_with_words_so_far_is_answered_at_once(self) -> None:
        talk = Talk().greeted().caller_starts("c1").after(0.8)
        assert talk.hears(wire.TranscriptionDelta("c1", "No")).caller_stops("c1").said() == [""]

    def test_words_that_are_late_are_not_waited_for_long(self) -> None:
        talk = Talk().greeted().caller_starts("c1").after(0.8).caller_stops("c1")
        assert talk.after(0.6).said() == []
        assert talk.after(0.2).said() == [""]
        assert talk.hears(wire.TranscriptionCompleted("c1", "No.")).said() == []

    def test_a_cough_is_answered_by_nobody_and_forgotten(self) -> None:
        talk = Talk().greeted().caller_says("c1", "", seconds=0.3)
        [event] = talk.events()
        assert isinstance(event, wire.ItemDelete)
        assert event.item_id == "c1"
        assert talk.after(2).events() == []

    def test_who_goes_on_before_the_reply_begins_gets_one_reply_to_both(self) -> None:
        talk = Talk().greeted().caller_says("c1", "a table for two").caller_says("c2", "no, for three")
        assert talk.said() == [""]
        assert talk.hears(wire.ResponseCreated(wire.ResponseId("r1"))).sent() == ["ResponseCancel"]
        assert talk.done("r1", "cancelled").said() == [""]

    def test_a_reply_that_begins_while_the_caller_coughs_is_heard_whole(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi please").caller_starts("c2")
        talk.took()
        assert talk.agent_says("r1", "There is Sakura House.", 2.0).after(0.8).played() == 0
        talk.caller_stops("c2", "").after(3)
        assert talk.played() == pytest.approx(2.0)

    def test_a_request_that_crossed_with_another_response_is_made_again_after_it(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi please")
        [request] = requests(talk)
        crossed = wire.ErrorDetails(
            code="conversation_already_has_active_response", event_id=request.event_id
        )
        talk.hears(wire.ResponseCreated(wire.ResponseId("r1")), wire.Error(crossed))
        assert talk.said() == []
        assert talk.done("r1").said() == [""]

    def test_fixed_words_follow_the_callers_language(self) -> None:
        german = msgspec.structs.replace(PHRASES, still_there="Sind Sie noch da?")
        languages = Languages(default="en-US", spoken=("en-US", "de-DE"))
        talk = Talk(agent(phrases={"en": PHRASES, "de": german}, languages=languages)).greeted()
        talk.caller_says("c1", "ich möchte heute Abend etwas essen").agent_says("r1", "Gerne.", 1.0).took()
        assert talk.after(9.5).said() == ["Sind Sie noch da?"]


class TestTurns:
    """What is written to the store."""

    def test_a_reply_is_timed_from_the_callers_last_speech(self) -> None:
        """800 ms: 500 ms of silence that ended the turn and 300 ms of thinking."""
        talk = Talk().greeted()
        talk.took()
        began = talk.now
        talk.caller_says("c1", "sushi please").after(0.3).agent_says("r1", "There is Sakura House.", 2.0)
        caller, reply = saved(talk.after(3))[:2]
        assert isinstance(caller, CallerTurn)
        assert caller.text == "sushi please"
        assert caller.started_at == pytest.approx(began, abs=0.001)
        assert caller.ended_at == pytest.approx(began + 1.0, abs=0.001)
        assert isinstance(reply, AgentTurn)
        assert reply.latency_ms == 800

    def test_a_reply_is_stored_again_when_it_has_been_heard(self) -> None:
        talk = Talk().starts().agent_says("r1", "Hello.", 1.0)
        [begun] = saved(talk)
        [heard] = saved(talk.after(2))
        assert isinstance(begun, AgentTurn)
        assert isinstance(heard, AgentTurn)
        assert (begun.seq, begun.over, heard.seq, heard.over) == (0, False, 0, True)

    def test_turns_are_in_the_order_in_which_they_began(self) -> None:
        """The words of the first come after the second has begun."""
        talk = Talk().greeted().caller_starts("c1").after(1.5).caller_stops("c1")
        talk.agent_says("r1", "There is Sakura House.", 2.0)
        talk.hears(wire.TranscriptionCompleted("c1", "sushi please"))
        assert {turn.text: turn.seq for turn in saved(talk)} == {
            "sushi please": 1,
            "There is Sakura House.": 2,
        }

    def test_a_cough_is_no_turn(self) -> None:
        assert saved(Talk().greeted().caller_says("c1", "  ", seconds=0.3)) == []


class TestKeypad:
    """Keys reach the model as what was pressed."""

    @pytest.mark.parametrize("ending", ["pause", "#"])
    def test_digits_are_told_together(self, ending: str) -> None:
        talk = Talk().greeted().presses("42")
        assert talk.took() == []
        told, request = (talk.presses("#") if ending == "#" else talk.after(1.6)).events()
        assert isinstance(told, wire.ItemCreate)
        assert isinstance(told.item, wire.MessageItem)
        assert "4 2" in told.item.content[0].text
        assert isinstance(request, wire.ResponseCreate)
        assert words(request) == ""

    def test_a_cleared_entry_is_told_to_nobody(self) -> None:
        assert Talk().greeted().presses("42*").after(3).events() == []

    def test_a_key_answers_the_check_of_a_silence(self) -> None:
        """Somebody is there: the next silence begins with the first check again."""
        talk = Talk().greeted().after(8)
        assert talk.said() == ["Are you there?"]
        talk.agent_says("r1", "Are you there?", 1.0).after(2).presses("*").took()
        assert talk.after(8).said() == ["Are you there?"]

    def test_audio_in_flight_is_not_heard_after_a_key(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi").agent_says("r1", "one two", 2.0, done=False)
        talk.presses("4#").took()
        assert talk.hears(sound("r1", "item-r1", 1.0)).after(2).played() == 0
