"""How a conversation ends: with a goodbye that is heard, or because nothing else is left."""

from __future__ import annotations

import pytest

from bridge.commands import DropSession, HangUp, OpenSession, StopPlayback, Why
from bridge.turns import AgentTurn
from bridge.voicelive import wire
from shared.agent_tables import Limits, Silence
from tests.bridge.talk import PHRASES, Talk, agent, asks_tool, sound, words


def hung_up(talk: Talk) -> list[HangUp]:
    """Whether and why the call was ended since the last look."""
    return [command for command in talk.took() if isinstance(command, HangUp)]


def says_goodbye(seconds: float = 2.0) -> Talk:
    """The agent has said goodbye and called `end_call` in one response, of which nothing is heard yet."""
    talk = Talk().greeted().caller_says("c0", "that was all")
    talk.agent_says("bye", "Goodbye.", seconds, done=False)
    talk.hears(wire.FunctionCallDone("bye", "i", "t1", "end_call", "{}"))
    talk.tool_done("t1", ends_call=True).done("bye").took()
    return talk


def wants_to_end() -> Talk:
    """The model has called `end_call` and said nothing."""
    talk = Talk().greeted().caller_says("c0", "that was all").hears(*asks_tool("r1", "t1", "end_call"))
    talk.tool_done("t1", ends_call=True).took()
    return talk


class TestGoodbye:
    """It is heard to its end, then the call ends, whatever happens."""

    def test_goodbye_and_end_call_in_one_breath(self) -> None:
        talk = says_goodbye()
        assert hung_up(talk.after(2.2)) == []
        assert hung_up(talk.after(0.2)) == [HangUp("agent_ended")]

    def test_nothing_is_said_after_it(self) -> None:
        assert says_goodbye().after(2.2).said() == []

    def test_audio_of_it_may_still_come(self) -> None:
        """The tool is done while the goodbye is being generated: a gap in it does not end the call."""
        talk = Talk().greeted().agent_says("bye", "Goodbye.", 0.2, done=False)
        talk.hears(wire.FunctionCallDone("bye", "i", "t1", "end_call", "{}")).tool_done("t1", ends_call=True)
        assert hung_up(talk.after(1.0)) == []
        talk.hears(sound("bye", "item-bye", 1.0)).done("bye")
        assert hung_up(talk.after(1.2)) == []
        assert hung_up(talk.after(0.2)) == [HangUp("agent_ended")]

    def test_the_tool_result_may_come_after_it(self) -> None:
        talk = Talk().greeted().agent_says("r1", "Goodbye.", 2.0, done=False)
        talk.hears(wire.FunctionCallDone("r1", "i", "t1", "end_call", "{}")).done("r1").took()
        assert talk.tool_done("t1", ends_call=True).sent() == ["ItemCreate"]  # and no second goodbye
        assert hung_up(talk.after(2.5)) == [HangUp("agent_ended")]

    def test_end_call_without_words_gets_one_first(self) -> None:
        talk = wants_to_end()
        assert talk.done("r1").said() == [""]
        talk.agent_says("r2", "Goodbye.", 1.0).took()
        assert hung_up(talk.after(1.5)) == [HangUp("agent_ended")]

    def test_one_that_never_comes_ends_the_call_anyway(self) -> None:
        assert hung_up(wants_to_end().done("r1").after(9)) == [HangUp("agent_ended")]

    def test_a_booking_that_runs_beside_it_is_waited_for(self) -> None:
        talk = Talk().greeted().agent_says("bye", "Goodbye.", 1.0, done=False)
        for call_id, name in (("t1", "end_call"), ("t2", "book_table")):
            talk.hears(wire.FunctionCallDone("bye", "i", call_id, name, "{}"))
        talk.done("bye").tool_done("t1", ends_call=True)
        assert hung_up(talk.after(6)) == []
        assert hung_up(talk.tool_done("t2").after(9)) == [HangUp("agent_ended")]


class TestSpokenOver:
    """The caller makes a sound while the goodbye is heard."""

    def test_a_cough_changes_nothing(self) -> None:
        talk = says_goodbye().after(0.5).caller_says("c1", "", seconds=0.3)
        assert StopPlayback() not in talk.commands
        assert hung_up(talk.after(1.1)) == [HangUp("agent_ended")]

    def test_words_are_answered(self) -> None:
        """ "Wait, one more thing": the goodbye is not cut, and the call goes on."""
        talk = says_goodbye().after(0.5).caller_says("c1", "wait, one more thing")
        assert StopPlayback() not in talk.commands
        assert talk.said() == [""]
        assert hung_up(talk.agent_says("r2", "Of course?", 1.0).after(5)) == []

    def test_who_talks_is_not_hung_up_on(self) -> None:
        assert hung_up(says_goodbye().after(0.5).caller_starts("c1").after(20)) == []

    def test_words_that_are_not_known_yet_are_waited_for(self) -> None:
        """A short one may still be "wait"."""
        talk = says_goodbye().after(1.6).caller_starts("c1").after(0.8).caller_stops("c1")
        assert hung_up(talk.after(0.6)) == []

    def test_a_goodbye_cut_short_ends_nothing(self) -> None:
        """It was still being generated when the caller cut in."""
        talk = Talk().greeted().agent_says("bye", "Goodbye.", 2.0, done=False)
        talk.hears(wire.FunctionCallDone("bye", "i", "t1", "end_call", "{}")).tool_done("t1", ends_call=True)
        talk.after(0.5).caller_says("c1", "one more thing").done("bye", "cancelled")
        assert hung_up(talk.agent_says("r2", "Of course?", 1.0).after(7)) == []


class TestLimit:
    """A call has a longest time, which is announced."""

    def near(self) -> Talk:
        """Five seconds before it, with the greeting heard and the caller answered."""
        talk = Talk(agent(silence=Silence(waits=(58.0, 58.0, 58.0)), limits=Limits(max_call_minutes=1)))
        talk.starts().agent_says("r0", "Hello.", 1.0).after(52).caller_says("c0", "hello")
        talk.agent_says("r1", "Yes?", 1.0).after(1.5).took()
        return talk

    def test_is_announced(self) -> None:
        talk = self.near()
        assert talk.after(4.9).said() == []
        assert talk.after(0.2).said() == ["Time is up. Goodbye."]

    def test_the_farewell_is_heard_to_its_end(self) -> None:
        talk = self.near().after(5.1).agent_says("r2", "Time is up. Goodbye.", 2.0)
        assert hung_up(talk.after(2.2)) == []
        assert hung_up(talk.after(0.2)) == [HangUp("limit_reached")]

    def test_a_question_on_its_way_is_not_the_farewell(self) -> None:
        talk = self.near().caller_says("c1", "a table")
        talk.agent_says("r2", "For which day?", 3.0, done=False).after(3.6)
        talk.took()
        assert talk.done("r2").said() == ["Time is up. Goodbye."]
        assert hung_up(talk.agent_says("r3", "Time is up. Goodbye.", 2.0).after(2.2)) == []
        assert hung_up(talk.after(2)) == [HangUp("limit_reached")]

    def test_is_not_taken_back_by_words(self) -> None:
        talk = self.near().after(5.1).agent_says("r2", "Time is up. Goodbye.", 2.0)
        talk.after(0.5).caller_says("c1", "but I have not finished").took()
        assert hung_up(talk.after(5)) == [HangUp("limit_reached")]

    def test_a_call_ends_even_if_the_caller_never_stops(self) -> None:
        talk = self.near().caller_starts("c1")
        for _ in range(14):
            talk.hears(wire.TranscriptionDelta("c1", "and then ")).after(5)
        assert hung_up(talk.after(1)) == [HangUp("limit_reached")]

    def test_a_call_ends_even_if_a_tool_never_does(self) -> None:
        talk = self.near().hears(*asks_tool("r2", "t1", "book_table")).done("r2")
        assert hung_up(talk.after(71)) == [HangUp("limit_reached")]


class TestHangingUp:
    """The caller leaves."""

    def test_what_was_heard_is_kept(self) -> None:
        talk = Talk().greeted().agent_says("r1", "one two three four", 4.0).after(2.2)
        [save] = talk.conversation.on_end(talk.now)
        assert isinstance(save.turn, AgentTurn)
        assert (save.turn.text, save.turn.interrupted) == ("one two", True)
        assert save.turn.heard_ms == pytest.approx(2180, abs=20)

    def test_what_was_heard_to_its_end_is_not_interrupted(self) -> None:
        talk = Talk().greeted().agent_says("r1", "one two", 1.0).after(2)
        talk.took()
        assert talk.conversation.on_end(talk.now) == []


class TestService:
    """A service that does not do what it should ends the call rather than leave it silent."""

    def test_settings_that_are_never_taken(self) -> None:
        talk = Talk()
        talk.commands += talk.conversation.begin(talk.now)
        assert talk.connects(1).sent() == ["SessionUpdate"]
        assert talk.after(5.1).took() == [DropSession(Why.SILENT), OpenSession(Why.SILENT)]
        assert hung_up(talk.after(12)) == [HangUp("voice_live", failed=True)]

    def test_settings_that_are_refused(self) -> None:
        talk = Talk().connects(1)
        [settings] = talk.events()
        talk.hears(wire.Error(wire.ErrorDetails(code="invalid_value", event_id=settings.event_id)))
        assert hung_up(talk) == [HangUp("session_refused", failed=True)]

    def test_an_error_that_is_about_neither_settings_nor_a_reply_ends_nothing(self) -> None:
        error = wire.ErrorDetails(code="item_truncate_invalid_item_id", event_id="conversation.item-7")
        assert Talk().greeted().hears(wire.Error(error)).after(1).took() == []

    def failed(self) -> Talk:
        """A session has failed three times, and another one has taken over."""
        talk = Talk().starts()
        for response in ("f1", "f2", "f3"):
            talk.hears(wire.ResponseCreated(wire.ResponseId(response))).done(response, "failed").after(2)
        assert [command for command in talk.took() if isinstance(command, OpenSession)] == [
            OpenSession(Why.FAILED)
        ]
        return talk.another(2)

    def test_a_model_that_fails_again_and_again(self) -> None:
        """Asked again after a pause that grows, then given up: in fixed words, as they need no model."""
        talk = self.failed()
        assert talk.sent() == ["ResponseCreate"]
        talk.hears(wire.ResponseCreated(wire.ResponseId("r1"))).done("r1", "failed")
        assert talk.after(0.4).sent() == []
        assert talk.after(0.2).sent() == ["ResponseCreate"]
        talk.hears(wire.ResponseCreated(wire.ResponseId("r2"))).done("r2", "incomplete")
        assert talk.after(0.9).sent() == []
        assert talk.after(0.2).sent() == ["ResponseCreate"]
        talk.hears(wire.ResponseCreated(wire.ResponseId("r3"))).done("r3", "failed")
        assert talk.said() == [PHRASES.trouble]
        talk.agent_says("r4", PHRASES.trouble, 2.0).took()
        assert hung_up(talk.after(2.5)) == [HangUp("model_failed", failed=True)]

    def test_a_model_that_cannot_even_say_that_is_let_go(self) -> None:
        talk = self.failed()
        for response in ("r1", "r2", "r3"):
            talk.hears(wire.ResponseCreated(wire.ResponseId(response))).done(response, "failed").after(2)
        talk.hears(wire.ResponseCreated(wire.ResponseId("r4"))).done("r4", "failed")
        assert hung_up(talk) == [HangUp("model_failed", failed=True)]

    def test_requests_that_are_refused_again_and_again(self) -> None:
        talk = self.failed()
        said = []
        for _ in range(4):
            [request] = talk.events()
            assert isinstance(request, wire.ResponseCreate)
            said.append(words(request))
            error = wire.ErrorDetails(code="rate_limit_exceeded", event_id=request.event_id)
            talk.hears(wire.Error(error)).after(2)
        assert said[-1] == PHRASES.trouble
        assert hung_up(talk) == [HangUp("model_failed", failed=True)]

    def test_a_greeting_that_is_not_heard(self) -> None:
        """Not by a second session either."""
        talk = Talk().starts().hears(wire.ResponseCreated(wire.ResponseId("r1"))).after(6.1).another(2)
        assert hung_up(talk.after(6.1)) == [HangUp("model_silent", failed=True)]
