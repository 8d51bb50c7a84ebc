"""Tools that run beside the talk, and what bridges the wait, told as talks on a virtual clock."""

from __future__ import annotations

from bridge.commands import CancelTool, RunTool, SaveTurn, Send, StopPlayback
from bridge.tool_runs import SPOKEN_ON
from bridge.turns import AgentTurn
from bridge.voicelive import wire
from bridge.voicelive.session_settings import SessionTools
from tests.bridge.talk import Talk, asks_tool


def looking(name: str = "find") -> Talk:
    """The caller has asked for something, and a tool has begun to look for it."""
    talk = Talk().greeted().caller_says("c1", "sushi please").hears(*asks_tool("r1", "t1", name)).done("r1")
    talk.took()
    return talk


def outputs(talk: Talk) -> list[wire.FunctionOutputItem]:
    """What the model was told of its tools since the last look."""
    items = [event.item for event in talk.events() if isinstance(event, wire.ItemCreate)]
    return [item for item in items if isinstance(item, wire.FunctionOutputItem)]


def changes_tools(talk: Talk) -> list[wire.SessionUpdate]:
    """A tool has ended that gives the model other tools; the updates that were sent."""
    talk.commands += talk.conversation.on_tools_changed([{"type": "function", "name": "find"}])
    talk.tool_done("t1")
    return [event for event in talk.events() if isinstance(event, wire.SessionUpdate)]


def given_up(talk: Talk) -> list[str]:
    """The tool calls that were given up; leaves the commands for another look."""
    return [command.call_id for command in talk.commands if isinstance(command, CancelTool)]


class TestResults:
    """Every call gets one output, and the model then speaks once."""

    def test_a_tool_is_run_as_soon_as_the_model_calls_it(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi please")
        talk.took()
        assert talk.hears(*asks_tool("r1", "t1")).took() == [RunTool(2, "t1", "find", "{}")]

    def test_a_reply_is_asked_for_after_result_and_response_done(self) -> None:
        talk = Talk().greeted().hears(*asks_tool("r1", "t1"))
        talk.took()
        assert talk.tool_done("t1").sent() == ["ItemCreate"]
        assert talk.done("r1").said() == [""]

    def test_a_reply_is_asked_for_with_the_result_when_the_response_is_done_already(self) -> None:
        assert looking().tool_done("t1").sent() == ["ItemCreate", "ResponseCreate"]

    def test_several_tools_run_at_the_same_time(self) -> None:
        talk = Talk().greeted()
        talk.hears(*asks_tool("r1", "t1"), wire.FunctionCallDone("r1", "i2", "t2", "find", "{}"))
        assert talk.took() == [RunTool(1, "t1", "find", "{}"), RunTool(2, "t2", "find", "{}")]

    def test_several_tools_get_one_reply_after_the_last(self) -> None:
        talk = Talk().greeted().hears(*asks_tool("r1", "t1"))
        talk.hears(wire.FunctionCallDone("r1", "i2", "t2", "find", "{}")).done("r1")
        talk.took()
        assert talk.tool_done("t2").sent() == ["ItemCreate"]
        assert talk.tool_done("t1").sent() == ["ItemCreate", "ResponseCreate"]

    def test_a_call_that_is_told_twice_is_run_once(self) -> None:
        talk = looking()
        assert talk.hears(wire.FunctionCallDone("r1", "item-r1", "t1", "find", "{}")).took() == []

    def test_a_result_is_told_while_the_caller_speaks_and_spoken_of_after(self) -> None:
        talk = looking().after(0.2).caller_starts("c2").after(0.3)
        assert talk.tool_done("t1").sent() == ["ItemCreate"]
        assert talk.after(1.2).caller_stops("c2", "and for two").said() == [""]
        assert talk.agent_says("r2", "Fine.", 1.0).after(2).said() == []

    def test_what_the_model_says_before_it_looks_is_heard_out(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi please")
        talk.agent_says("r1", "Sushi, lovely.", 2.0, done=False)
        talk.hears(wire.FunctionCallDone("r1", "i2", "t1", "find", "{}")).done("r1").tool_done("t1")
        assert StopPlayback() not in talk.after(3).commands
        *_, turn = [c.turn for c in talk.took() if isinstance(c, SaveTurn)]
        assert isinstance(turn, AgentTurn)
        assert (turn.text, turn.over, turn.interrupted) == ("Sushi, lovely.", True, False)


class TestFillers:
    """A wait of more than a moment is bridged by a word."""

    def test_a_filler_is_said_after_800_ms_and_not_before(self) -> None:
        talk = looking()
        assert talk.after(0.79).said() == []
        assert talk.after(0.02).said() == ["One moment."]

    def test_a_quick_tool_needs_none(self) -> None:
        talk = looking().after(0.5).tool_done("t1")
        assert talk.said() == [""]
        assert talk.after(2).said() == []

    def test_another_one_is_said_after_a_longer_silence(self) -> None:
        talk = looking().after(0.8).agent_says("r2", "One moment.", 1.0)
        assert talk.said() == ["One moment."]
        assert talk.after(1.0 + 3.9).said() == []
        assert talk.after(0.2).said() == ["Still looking."]

    def test_it_is_not_said_over_the_agent(self) -> None:
        """ "Let me look" was said already: the silence begins where that ends."""
        talk = Talk().greeted().caller_says("c1", "sushi please")
        talk.agent_says("r1", "Let me look.", 2.0, done=False)
        talk.hears(wire.FunctionCallDone("r1", "i2", "t1", "find", "{}")).done("r1").took()
        assert talk.after(2.7).said() == []
        assert talk.after(0.2).said() == ["One moment."]

    def test_it_is_not_said_over_the_caller(self) -> None:
        assert looking().after(0.5).caller_starts("c2").after(5).said() == []

    def test_it_is_not_asked_for_twice_while_it_does_not_come(self) -> None:
        assert looking().after(6).said() == ["One moment."]

    def test_it_is_not_said_any_more_when_the_result_is_there(self) -> None:
        """It waited for a response that was still being generated."""
        talk = Talk().greeted().hears(*asks_tool("r1", "t1"))
        talk.took()
        assert talk.after(1).tool_done("t1").said() == []
        assert talk.done("r1").said() == [""]

    def test_it_is_not_said_any_more_when_it_waited_for_a_cough(self) -> None:
        talk = looking().after(0.1).caller_starts("c2").after(0.6).caller_stops("c2").after(0.2)
        talk.tool_done("t1").hears(wire.TranscriptionCompleted("c2", ""))
        assert talk.said() == [""]

    def test_a_result_that_comes_during_it_is_spoken_of_right_after(self) -> None:
        talk = looking().after(0.8).agent_says("r2", "One moment.", 1.0, done=False).after(0.3)
        talk.took()
        assert talk.tool_done("t1").sent() == ["ItemCreate"]
        assert talk.done("r2").said() == [""]
        assert StopPlayback() not in talk.agent_says("r3", "There is Sakura House.", 2.0).after(4).took()

    def test_a_result_that_comes_before_it_begins_is_spoken_of_after_it(self) -> None:
        """It is on its way already: the result must not be lost."""
        talk = looking().after(0.8).tool_done("t1")
        assert talk.said() == ["One moment."]
        assert talk.agent_says("r2", "One moment.", 1.0).said() == [""]

    def test_the_turn_after_it_is_known_to_have_had_one(self) -> None:
        talk = looking().after(0.8).agent_says("r2", "One moment.", 1.0).after(1.5).tool_done("t1")
        talk.took()
        talk.agent_says("r3", "There is Sakura House.", 2.0).after(3)
        turn = next(c.turn for c in talk.took() if isinstance(c, SaveTurn))
        assert isinstance(turn, AgentTurn)
        assert (turn.filler, turn.tool_ms) == (True, 2300)

    def test_nobody_is_asked_whether_they_are_still_there_meanwhile(self) -> None:
        talk = looking().after(0.8).agent_says("r2", "One moment.", 1.0)
        talk.after(5).agent_says("r3", "Still looking.", 1.0).took()
        assert "Are you there?" not in talk.after(12).said()

    def test_nobody_is_apologised_to_while_a_tool_runs(self) -> None:
        talk = looking().after(0.8).agent_says("r2", "One moment.", 1.0)
        talk.took()
        assert "Sorry, again please?" not in talk.after(14).said()


class TestSpokenOn:
    """The caller speaks on while a tool runs."""

    def test_words_give_a_lookup_up(self) -> None:
        talk = looking().after(0.2).caller_starts("c2").after(0.8)
        assert given_up(talk) == []
        talk.hears(wire.TranscriptionDelta("c2", "no, Italian"))
        assert given_up(talk) == ["t1"]

    def test_words_that_are_known_only_at_the_end_do_too(self) -> None:
        assert given_up(looking().after(0.2).caller_says("c2", "no, Italian please")) == ["t1"]

    def test_an_okay_gives_nothing_up(self) -> None:
        """The agent has said that it looks: "okay" is no wish for anything else."""
        talk = looking().after(0.1).caller_says("c2", "Okay.", seconds=0.6)
        assert given_up(talk) == []
        talk.took()
        assert talk.tool_done("t1").sent() == ["ItemCreate", "ResponseCreate"]

    def test_the_model_is_told_and_asked_for_a_reply(self) -> None:
        talk = looking().after(0.2).caller_says("c2", "no, Italian please")
        told, request = [c.event for c in talk.took() if isinstance(c, Send)]
        assert isinstance(told, wire.ItemCreate)
        assert told.item == wire.FunctionOutputItem("t1", SPOKEN_ON)
        assert isinstance(request, wire.ResponseCreate)

    def test_a_result_that_was_already_on_its_way_is_not_told(self) -> None:
        """The call has its output: a second one is an error."""
        talk = looking().after(0.2).caller_says("c2", "no, Italian please")
        talk.took()
        assert talk.tool_done("t1").took() == []

    def test_a_cough_gives_nothing_up(self) -> None:
        talk = looking().after(0.1).caller_says("c2", "", seconds=0.2)
        assert given_up(talk) == []
        talk.took()
        assert talk.tool_done("t1").sent() == ["ItemCreate", "ResponseCreate"]

    def test_a_booking_is_never_given_up(self) -> None:
        talk = looking("book_table").after(0.2).caller_says("c2", "and for three people please")
        assert given_up(talk) == []
        assert outputs(talk) == []

    def test_what_was_said_during_a_booking_is_answered_with_its_result(self) -> None:
        talk = looking("book_table").after(0.2).caller_says("c2", "and for three people please")
        assert talk.said() == []
        assert talk.tool_done("t1").sent() == ["ItemCreate", "ResponseCreate"]

    def test_a_lookup_beside_a_booking_is_given_up_and_the_booking_not(self) -> None:
        talk = Talk().greeted().caller_says("c1", "book it, and where is it?")
        talk.hears(*asks_tool("r1", "t1", "book_table"))
        talk.hears(wire.FunctionCallDone("r1", "i2", "t2", "find", "{}")).done("r1")
        talk.took()
        talk.caller_says("c2", "no, wait a moment")
        assert given_up(talk) == ["t2"]
        assert [item.call_id for item in outputs(talk)] == ["t2"]

    def test_a_filler_waits_until_a_sound_is_known_to_be_none_and_no_longer(self) -> None:
        """The caller has made a sound while a booking runs, and nobody knows yet whether it is words."""
        talk = Talk(recorded=1.0).greeted().caller_says("c1", "book it")
        talk.hears(*asks_tool("r1", "t1", "book_table")).done("r1").after(0.5)
        talk.caller_starts("c2").after(0.4).caller_stops("c2")
        assert talk.after(0.65).recordings() == []
        assert talk.conversation._hearing.undecided
        assert talk.after(0.1).recordings() == ["One moment."]
        assert not talk.conversation._hearing.undecided

    def test_words_over_the_filler_stop_it_and_the_lookup(self) -> None:
        talk = looking().after(0.8).agent_says("r2", "One moment.", 1.5).after(0.3).caller_starts("c2")
        talk.took()
        talk.hears(wire.TranscriptionDelta("c2", "no wait"))
        assert given_up(talk) == ["t1"]
        assert talk.sent() == ["ItemTruncate", "ItemCreate"]

    def test_a_tool_of_a_response_that_was_dropped_is_not_run(self) -> None:
        talk = Talk().greeted().caller_says("c1", "book it")
        talk.agent_says("r1", "one two three", 3.0, done=False).after(1).caller_starts("c2")
        talk.hears(wire.TranscriptionDelta("c2", "wait")).took()
        assert talk.hears(wire.FunctionCallDone("r1", "i", "t1", "book_table", "{}")).took() == []


class TestOtherTools:
    """A tool may give the model other tools."""

    def test_they_are_there_before_the_result_and_the_reply(self) -> None:
        talk = looking()
        talk.commands += talk.conversation.on_tools_changed([{"type": "function", "name": "find"}])
        assert talk.tool_done("t1").sent() == ["SessionUpdate", "ItemCreate", "ResponseCreate"]

    def test_nothing_else_of_the_session_changes(self) -> None:
        (update,) = changes_tools(looking())
        assert update.session == SessionTools(tools=[{"type": "function", "name": "find"}])

    def test_the_caller_is_not_greeted_again(self) -> None:
        talk = looking()
        changes_tools(talk)
        assert talk.hears(wire.SessionUpdated(wire.SessionLife(expires_at=1_070.0))).took() == []

    def test_a_service_that_refuses_them_does_not_end_the_call(self) -> None:
        talk = looking()
        (update,) = changes_tools(talk)
        refusal = wire.ErrorDetails(code="invalid_value", event_id=update.event_id)
        assert talk.hears(wire.Error(refusal)).took() == []
        assert talk.agent_says("r2", "Two pizzas.", 1.0).after(2.0).caller_says("c2", "Thanks").said() == [""]
