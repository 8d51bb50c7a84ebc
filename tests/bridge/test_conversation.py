"""The rules of a conversation, told as talks on a virtual clock."""

from __future__ import annotations

import pytest

from bridge.commands import RunTool, SaveTurn, Send, StopPlayback
from bridge.turns import AgentTurn, CallerTurn
from bridge.voicelive import wire
from tests.bridge.talk import Talk, asks_tool


class TestGreeting:
    """The first words come from the configuration, once."""

    def test_is_spoken_word_for_word_when_the_session_is_ready(self) -> None:
        [command] = Talk().starts().took()
        assert isinstance(command, Send)
        assert isinstance(command.event, wire.ResponseCreate)
        assert command.event.response is not None
        assert command.event.response.pre_generated_assistant_message == wire.MessageItem(
            "assistant", [wire.TextPart("text", "Hello.")]
        )

    def test_is_not_repeated_by_a_second_session_updated(self) -> None:
        assert Talk().starts().hears(wire.SessionUpdated()).sent() == ["ResponseCreate"]

    def test_nobody_is_listened_to_before_it_begins(self) -> None:
        """A "hello?" into the silence before it would cancel it."""
        talk = Talk().starts()
        assert not talk.conversation.listening
        talk.hears(wire.ResponseCreated(wire.ResponseId("r1")))
        assert talk.conversation.listening

    def test_is_said_again_when_it_was_refused_or_failed(self) -> None:
        talk = Talk().starts()
        [request] = [c.event for c in talk.took() if isinstance(c, Send)]
        assert isinstance(request, wire.ResponseCreate)
        talk.hears(wire.Error(wire.ErrorDetails(code="server_error", event_id=request.event_id))).after(1)
        [again] = [c.event for c in talk.took() if isinstance(c, Send)]
        assert isinstance(again, wire.ResponseCreate)
        assert again.response == request.response
        talk.hears(wire.ResponseCreated(wire.ResponseId("r1"))).done("r1", "failed").after(2)
        [third] = [c.event for c in talk.took() if isinstance(c, Send)]
        assert isinstance(third, wire.ResponseCreate)
        assert third.response == request.response

    def test_has_no_latency(self) -> None:
        """Nobody spoke before it."""
        talk = Talk().starts().agent_says("r1", "Hello.", 1.0)
        [turn] = [c.turn for c in talk.took() if isinstance(c, SaveTurn)]
        assert isinstance(turn, AgentTurn)
        assert turn.latency_ms is None


class TestTurns:
    """What is written to the store."""

    def test_a_reply_is_timed_from_the_callers_last_speech(self) -> None:
        """800 ms: 500 ms of silence that ended the turn and 300 ms of thinking."""
        talk = Talk().starts().after(2).caller_says("c1", "sushi please").after(0.3)
        talk.agent_says("r1", "There is Sakura House.", 2.0)
        caller, agent = [c.turn for c in talk.took() if isinstance(c, SaveTurn)]
        assert caller == CallerTurn(0, "c1", 102.0, 103.0, "sushi please")
        assert isinstance(agent, AgentTurn)
        assert (agent.seq, agent.started_at, agent.ended_at, agent.latency_ms) == (1, 103.8, 105.8, 800)

    def test_a_cough_is_no_turn(self) -> None:
        talk = Talk().starts().after(2).caller_says("c1", "  ")
        assert [c for c in talk.took() if isinstance(c, SaveTurn)] == []


class TestBargeIn:
    """The caller talks over the agent."""

    def test_stops_playback_and_cuts_history_to_what_was_heard(self) -> None:
        talk = Talk().starts().agent_says("r1", "one two three four", 4.0).after(2.2)
        talk.took()
        talk.hears(wire.SpeechStarted("c1", 2200))
        stop, cut, save = talk.took()
        assert stop == StopPlayback()
        assert isinstance(cut, Send)
        assert isinstance(cut.event, wire.ItemTruncate)
        assert (cut.event.item_id, cut.event.audio_end_ms) == ("item-r1", 2200)
        assert isinstance(save, SaveTurn)
        assert isinstance(save.turn, AgentTurn)
        assert (save.turn.text, save.turn.interrupted, save.turn.heard_ms) == ("one two", True, 2200)

    def test_drops_late_audio_of_the_interrupted_response_only(self) -> None:
        talk = Talk().starts().agent_says("r1", "one two three", 3.0, done=False).after(1)
        talk.hears(wire.SpeechStarted("c1", 1000))
        assert not talk.conversation.may_play("r1")
        talk.done("r1", "cancelled").hears(wire.SpeechStopped("c1", 2000))
        talk.hears(wire.ResponseCreated(wire.ResponseId("r2")))
        assert talk.conversation.may_play("r2")

    def test_deletes_an_item_of_which_nothing_was_heard(self) -> None:
        talk = Talk().starts().agent_says("r1", "one", 5.0).agent_says("r2", "two", 1.0).after(1)
        talk.took()
        assert talk.hears(wire.SpeechStarted("c1", 1000)).sent() == ["ItemTruncate", "ItemDelete"]

    def test_a_reply_of_which_nothing_was_heard_is_no_turn(self) -> None:
        """It was still waiting behind another one when the caller spoke."""
        talk = Talk().starts().agent_says("r1", "one", 5.0).agent_says("r2", "two", 1.0, done=False).after(1)
        talk.took()
        saved = [c.turn for c in talk.hears(wire.SpeechStarted("c1", 1000)).took() if isinstance(c, SaveTurn)]
        assert [turn.item_id for turn in saved] == ["item-r1"]

    def test_does_nothing_when_the_agent_is_quiet(self) -> None:
        talk = Talk().starts().agent_says("r1", "one", 1.0).after(3)
        talk.took()
        assert talk.hears(wire.SpeechStarted("c1", 3000)).took() == []

    def test_a_reply_asked_for_before_the_caller_began_is_called_off(self) -> None:
        """It would talk over the caller; the service replies when the caller has finished."""
        talk = Talk().starts().after(3).hears(*asks_tool("r1", "t1")).done("r1").tool_done("t1")
        talk.hears(wire.SpeechStarted("c1", 3000)).took()
        assert talk.hears(wire.ResponseCreated(wire.ResponseId("r2"))).sent() == ["ResponseCancel"]
        assert not talk.conversation.may_play("r2")


class TestTools:
    """Functions run beside the talk; one response at a time."""

    def test_a_reply_is_asked_for_after_result_and_response_done(self) -> None:
        talk = Talk().starts().after(1)
        talk.took()
        [run] = talk.hears(*asks_tool("r1", "t1")).took()
        assert run == RunTool(0, "t1", "find", "{}")
        assert talk.tool_done("t1").sent() == ["ItemCreate"]
        assert talk.done("r1").sent() == ["ResponseCreate"]

    def test_several_tools_get_one_reply_after_the_last(self) -> None:
        talk = Talk().starts().hears(*asks_tool("r1", "t1"))
        talk.hears(wire.FunctionCallDone("r1", "i2", "t2", "find", "{}")).done("r1")
        talk.took()
        assert talk.tool_done("t2").sent() == ["ItemCreate"]
        assert talk.tool_done("t1").sent() == ["ItemCreate", "ResponseCreate"]

    def test_a_refused_request_is_made_again_when_the_other_response_is_done(self) -> None:
        talk = Talk().starts().hears(*asks_tool("r1", "t1")).done("r1")
        talk.took()
        talk.tool_done("t1")
        [_, request] = [c.event for c in talk.took() if isinstance(c, Send)]
        error = wire.ErrorDetails(code="conversation_already_has_active_response", event_id=request.event_id)
        talk.hears(wire.ResponseCreated(wire.ResponseId("r2")), wire.Error(error))
        assert talk.sent() == []
        assert talk.done("r2").sent() == ["ResponseCreate"]

    def test_a_tool_of_an_interrupted_response_is_not_run(self) -> None:
        talk = Talk().starts().agent_says("r1", "one two", 3.0, done=False).after(1)
        talk.hears(wire.SpeechStarted("c1", 1000)).took()
        assert talk.hears(wire.FunctionCallDone("r1", "i", "t1", "book", "{}")).took() == []


class TestKeypad:
    """Keys reach the model as what was pressed."""

    @pytest.mark.parametrize("ending", ["pause", "#"])
    def test_digits_are_told_together(self, ending: str) -> None:
        talk = Talk().starts().agent_says("r1", "Hello.", 1.0).after(2)
        talk.took()
        for key in "42":
            talk.conversation.on_key(key, talk.now)
        if ending == "#":
            talk.commands += talk.conversation.on_key("#", talk.now)
        else:
            talk.after(1.6)
        item, reply = [c.event for c in talk.took() if isinstance(c, Send)]
        assert isinstance(item, wire.ItemCreate)
        assert isinstance(item.item, wire.MessageItem)
        assert "4 2" in item.item.content[0].text
        assert isinstance(reply, wire.ResponseCreate)
