"""How a conversation ends: with a goodbye that is heard, or because nothing else is left."""

from __future__ import annotations

from bridge.commands import HangUp, Send, StopPlayback
from bridge.turns import AgentTurn
from bridge.voicelive import wire
from tests.bridge.talk import SESSION, Talk, asks_tool


class TestEndings:
    """The goodbye is heard to its end, then the call ends, whatever happens."""

    def _says_goodbye(self, talk: Talk, seconds: float = 2.0) -> Talk:
        """Words and `end_call` in one response."""
        talk.agent_says("bye", "Goodbye.", seconds, done=False)
        talk.hears(wire.FunctionCallDone("bye", "i", "t1", "end_call", "{}"))
        talk.tool_done("t1", ends_call=True).done("bye").took()
        return talk

    def test_goodbye_and_end_call_in_one_breath(self) -> None:
        talk = self._says_goodbye(Talk().starts())
        assert talk.after(2.2).took() == []
        assert talk.after(0.2).took() == [HangUp("agent_ended")]

    def test_audio_of_the_goodbye_may_still_come(self) -> None:
        """The tool is done while the goodbye is being generated: a gap in it does not end the call."""
        talk = Talk().starts().agent_says("bye", "Goodbye.", 0.2, done=False)
        talk.hears(wire.FunctionCallDone("bye", "i", "t1", "end_call", "{}")).tool_done("t1", ends_call=True)
        talk.took()
        assert talk.after(1.0).took() == []
        talk.conversation.audio_written("bye", "item-bye", 1.0, talk.now)
        talk.done("bye").took()
        assert talk.after(1.2).took() == []
        assert talk.after(0.2).took() == [HangUp("agent_ended")]

    def test_the_tool_result_may_come_after_response_done(self) -> None:
        talk = Talk().starts().agent_says("r1", "Goodbye.", 2.0, done=False)
        talk.hears(wire.FunctionCallDone("r1", "i", "t1", "end_call", "{}")).done("r1")
        talk.tool_done("t1", ends_call=True)
        assert talk.sent() == ["ResponseCreate", "ItemCreate"]  # the greeting, the result, no second goodbye
        assert talk.after(2.5).took() == [HangUp("agent_ended")]

    def test_end_call_without_words_gets_a_goodbye_first(self) -> None:
        talk = Talk().starts().after(1).hears(*asks_tool("r1", "t1")).tool_done("t1", ends_call=True)
        talk.took()
        assert talk.done("r1").sent() == ["ResponseCreate"]
        talk.agent_says("r2", "Goodbye.", 1.0).took()
        assert talk.after(1.5).took() == [HangUp("agent_ended")]

    def test_a_booking_that_runs_beside_it_is_waited_for(self) -> None:
        talk = Talk().starts().agent_says("bye", "Goodbye.", 1.0, done=False)
        for call_id, name in (("t1", "end_call"), ("t2", "book_table")):
            talk.hears(wire.FunctionCallDone("bye", "i", call_id, name, "{}"))
        talk.done("bye").tool_done("t1", ends_call=True).took()
        assert talk.after(6).took() == []
        talk.tool_done("t2")
        assert HangUp("agent_ended") in talk.after(1).took()

    def test_a_cough_over_the_goodbye_changes_nothing(self) -> None:
        talk = self._says_goodbye(Talk().starts()).after(0.5)
        assert talk.caller_says("c1", "", seconds=0.3).took() == []
        assert talk.after(3).took() == [HangUp("agent_ended")]

    def test_words_over_the_goodbye_are_answered(self) -> None:
        """ "Wait, one more thing": the goodbye is not cut, and the call goes on."""
        talk = self._says_goodbye(Talk().starts()).after(0.5).caller_says("c1", "wait, one more thing")
        assert not any(isinstance(command, StopPlayback) for command in talk.took())
        talk.agent_says("r2", "Of course?", 1.0)
        assert talk.conversation.may_play("r2")
        talk.took()
        assert talk.after(30).took() == []

    def test_who_talks_is_not_hung_up_on(self) -> None:
        talk = self._says_goodbye(Talk().starts()).after(0.5).hears(wire.SpeechStarted("c1", 500))
        talk.took()
        assert talk.after(20).took() == []

    def test_a_goodbye_cut_short_ends_nothing(self) -> None:
        talk = Talk().starts().agent_says("bye", "Goodbye.", 2.0, done=False)
        talk.hears(wire.FunctionCallDone("bye", "i", "t1", "end_call", "{}")).tool_done("t1", ends_call=True)
        talk.after(0.5).caller_says("c1", "one more thing").done("bye", "cancelled")
        talk.agent_says("r2", "Of course?", 1.0).took()
        assert talk.after(20).took() == []

    def test_a_goodbye_that_never_comes_ends_the_call_anyway(self) -> None:
        talk = Talk().starts().after(1).hears(*asks_tool("r1", "t1")).tool_done("t1", ends_call=True)
        talk.took()
        assert talk.after(9).took() == [HangUp("agent_ended")]

    def test_the_limit_is_announced(self) -> None:
        talk = Talk().starts().agent_says("r1", "Hello.", 1.0)
        talk.took()
        [command] = talk.after(600).took()
        assert isinstance(command, Send)
        assert isinstance(command.event, wire.ResponseCreate)
        assert command.event.response is not None
        talk.agent_says("r2", "Time is up. Goodbye.", 2.0).took()
        assert talk.after(3).took() == [HangUp("limit_reached")]

    def test_a_question_on_its_way_at_the_limit_is_not_the_farewell(self) -> None:
        talk = Talk().starts().agent_says("r1", "Hello.", 1.0).after(599)
        talk.agent_says("r2", "For which day?", 2.0, done=False).after(1.5)
        talk.took()
        assert talk.done("r2").sent() == ["ResponseCreate"]
        talk.agent_says("r3", "Time is up. Goodbye.", 2.0).took()
        assert talk.after(5).took() == [HangUp("limit_reached")]

    def test_a_call_ends_even_if_the_line_is_never_quiet(self) -> None:
        talk = Talk().starts().agent_says("r1", "Hello.", 1.0).hears(wire.SpeechStarted("c1", 500))
        talk.took()
        assert talk.after(700).took() == [HangUp("limit_reached")]

    def test_what_was_heard_is_kept_when_the_caller_hangs_up(self) -> None:
        talk = Talk().starts().agent_says("r1", "one two three four", 4.0).after(2.2)
        [save] = talk.conversation.on_end(talk.now)
        assert isinstance(save.turn, AgentTurn)
        assert (save.turn.text, save.turn.interrupted, save.turn.heard_ms) == ("one two", True, 2200)


class TestTrouble:
    """A service that does not do what it should ends the call rather than leave it silent."""

    def test_settings_that_are_never_taken(self) -> None:
        talk = Talk()
        talk.commands += talk.conversation.begin(SESSION, talk.now)
        assert talk.sent() == ["SessionUpdate"]
        assert talk.after(6).took() == [HangUp("session_not_ready", failed=True)]

    def test_settings_that_are_refused(self) -> None:
        talk = Talk()
        [settings] = [c.event for c in talk.conversation.begin(SESSION, talk.now) if isinstance(c, Send)]
        talk.hears(wire.Error(wire.ErrorDetails(code="invalid_value", event_id=settings.event_id)))
        assert talk.took() == [HangUp("session_refused", failed=True)]

    def test_a_model_that_fails_again_and_again(self) -> None:
        """Asked again after a pause that grows, then given up."""
        talk = Talk().starts()
        assert talk.sent() == ["ResponseCreate"]
        talk.hears(wire.ResponseCreated(wire.ResponseId("r1"))).done("r1", "failed")
        assert talk.after(0.4).sent() == []
        assert talk.after(0.2).sent() == ["ResponseCreate"]
        talk.hears(wire.ResponseCreated(wire.ResponseId("r2"))).done("r2", "incomplete")
        assert talk.after(0.9).sent() == []
        assert talk.after(0.2).sent() == ["ResponseCreate"]
        talk.hears(wire.ResponseCreated(wire.ResponseId("r3"))).done("r3", "failed")
        assert talk.took() == [HangUp("model_failed", failed=True)]

    def test_requests_that_are_refused_again_and_again(self) -> None:
        talk = Talk().starts()
        for _ in range(3):
            [request] = [c.event for c in talk.took() if isinstance(c, Send)]
            error = wire.ErrorDetails(code="rate_limit_exceeded", event_id=request.event_id)
            talk.hears(wire.Error(error))
            last = talk.commands[-1:]
            talk.after(2)
        assert last == [HangUp("model_failed", failed=True)]

    def test_a_greeting_that_is_not_heard(self) -> None:
        talk = Talk().starts()
        talk.hears(wire.ResponseCreated(wire.ResponseId("r1"))).took()
        assert talk.after(6.1).took() == [HangUp("model_silent", failed=True)]

    def test_a_reply_that_does_not_come_is_apologised_for(self) -> None:
        """By word, once; whoever is not heard even then hangs up."""
        talk = Talk().starts().agent_says("r0", "Hello.", 1.0).after(2).caller_says("c1", "sushi please")
        talk.took()
        [command] = talk.after(6.1).took()
        assert isinstance(command, Send)
        assert isinstance(command.event, wire.ResponseCreate)
        assert command.event.response == wire.ResponseOptions(
            pre_generated_assistant_message=wire.MessageItem(
                "assistant", [wire.TextPart("text", "Sorry, again please?")]
            )
        )
        assert talk.after(6.1).took() == [HangUp("model_silent", failed=True)]

    def test_a_reply_that_hangs_is_called_off_for_the_apology(self) -> None:
        talk = Talk().starts().agent_says("r0", "Hello.", 1.0).after(2).caller_says("c1", "sushi please")
        talk.hears(wire.ResponseCreated(wire.ResponseId("r1"))).took()
        assert talk.after(6.1).sent() == ["ResponseCancel"]
        assert not talk.conversation.may_play("r1")
        assert talk.done("r1", "cancelled").sent() == ["ResponseCreate"]

    def test_after_an_apology_the_call_goes_on(self) -> None:
        talk = Talk().starts().agent_says("r0", "Hello.", 1.0).after(2).caller_says("c1", "sushi please")
        talk.after(6.1).agent_says("r1", "Sorry, again please?", 2.0).after(3).caller_says("c2", "sushi")
        talk.agent_says("r2", "There is Sakura House.", 2.0).took()
        assert talk.after(30).took() == []

    def test_words_that_cannot_be_transcribed_are_not_met_with_silence(self) -> None:
        talk = Talk().starts().agent_says("r0", "Hello.", 1.0).after(2)
        talk.hears(wire.SpeechStarted("c1", 2000)).after(1).hears(wire.SpeechStopped("c1", 3000))
        talk.hears(wire.TranscriptionFailed("c1")).took()
        assert talk.after(6.1).sent() == ["ResponseCreate"]

    def test_a_slow_tool_is_waited_for(self) -> None:
        talk = Talk().starts().agent_says("r0", "Hello.", 1.0).after(2).caller_says("c1", "sushi please")
        talk.hears(*asks_tool("r1", "t1")).done("r1").took()
        assert talk.after(8).took() == []

    def test_a_cough_that_stopped_the_agent_does_not_silence_it(self) -> None:
        talk = Talk().starts().agent_says("r1", "one two three four", 4.0).after(1).caller_says("c1", "")
        assert talk.sent()[-1] == "ResponseCreate"

    def test_words_are_answered_by_the_service_and_not_twice(self) -> None:
        """A tool ends while the caller speaks: the service's own reply knows its result."""
        talk = Talk().starts().agent_says("r0", "Hello.", 1.0).after(2)
        talk.hears(*asks_tool("r1", "t1")).done("r1").hears(wire.SpeechStarted("c1", 2000))
        talk.tool_done("t1").after(1).hears(wire.SpeechStopped("c1", 3500)).took()
        assert talk.hears(wire.TranscriptionCompleted("c1", "and for two")).sent() == []
        talk.agent_says("r2", "Fine.", 1.0)
        assert talk.sent() == []
