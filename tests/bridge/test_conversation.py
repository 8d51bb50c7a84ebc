"""The rules of a conversation, told as talks on a virtual clock."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.commands import Command, HangUp, RunTool, SaveTurn, Send, StopPlayback
from bridge.conversation import Conversation
from bridge.turns import AgentTurn, CallerTurn, TurnLog
from bridge.voicelive import wire

SESSION = wire.Session(
    instructions="Be brief.",
    voice=wire.Voice(type="azure-standard", name="Ava"),
    turn_detection=wire.TurnDetection(type="server_vad", create_response=True, interrupt_response=True),
    input_audio_transcription=wire.Transcription(model="azure-speech"),
    tools=[],
    modalities=("text", "audio"),
    input_audio_format="pcm16",
    output_audio_format="pcm16",
    input_audio_sampling_rate=24_000,
)


class Talk:
    """A conversation with a clock in the test's hand, and what it commanded so far."""

    def __init__(self) -> None:
        self.now = 100.0
        self.commands: list[Command] = []
        self.conversation = Conversation(
            greeting="Hello.",
            apology="Sorry, again please?",
            farewell="Time is up. Goodbye.",
            limit_seconds=600,
            turns=TurnLog(padding_ms=0, silence_ms=500),
        )
        self.conversation.caller_audio(0.0, self.now)

    def after(self, seconds: float) -> Talk:
        """Let time pass, with timers firing when they are due."""
        end = self.now + seconds
        while (due := self.conversation.timer()) is not None and due <= end:
            self.now = max(self.now, due)
            self.commands += self.conversation.on_timer(self.now)
        self.now = end
        return self

    def hears(self, *events: wire.ServerEvent) -> Talk:
        """Events from Voice Live."""
        for event in events:
            self.commands += self.conversation.on_event(event, self.now)
        return self

    def starts(self) -> Talk:
        """The session is open and has taken its settings."""
        self.commands += self.conversation.begin(SESSION, self.now)
        self.took()
        return self.hears(wire.SessionUpdated())

    def agent_says(self, response: str, text: str, seconds: float, *, done: bool = True) -> Talk:
        """A response with one spoken item `item-{response}`, written to the carrier if it may play."""
        item = f"item-{response}"
        self.hears(
            wire.ResponseCreated(wire.ResponseId(response)),
            wire.OutputItemAdded(response, wire.OutputItem(item, "message")),
            wire.AudioTranscriptDone(response, item, text),
        )
        if self.conversation.may_play(response):
            self.conversation.audio_written(response, item, seconds, self.now)
        return self.done(response) if done else self

    def done(self, response: str, status: str = "completed") -> Talk:
        return self.hears(wire.ResponseDone(wire.FinishedResponse(response, status)))

    def caller_says(self, item: str, text: str, seconds: float = 1.0) -> Talk:
        """A whole turn of the caller: starts now, ends `seconds` later, noticed 500 ms after that."""
        start_ms = round((self.now - 100.0) * 1000)
        self.hears(wire.SpeechStarted(item, start_ms)).after(seconds + 0.5)
        end_ms = start_ms + round(seconds * 1000) + 500
        return self.hears(wire.SpeechStopped(item, end_ms), wire.TranscriptionCompleted(item, text))

    def tool_done(self, call_id: str, *, ends_call: bool = False) -> Talk:
        self.commands += self.conversation.on_tool_result(call_id, "{}", ends_call=ends_call, now=self.now)
        return self

    def took(self) -> list[Command]:
        """The commands since the last look."""
        commands, self.commands = self.commands, []
        return commands

    def sent(self) -> list[str]:
        """The types of events sent since the last look."""
        return [type(c.event).__name__ for c in self.took() if isinstance(c, Send)]


def _asks_tool(response: str, call_id: str) -> tuple[wire.ServerEvent, ...]:
    return (
        wire.ResponseCreated(wire.ResponseId(response)),
        wire.FunctionCallDone(response, f"item-{response}", call_id, "find", "{}"),
    )


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
        talk = Talk().starts().after(3).hears(*_asks_tool("r1", "t1")).done("r1").tool_done("t1")
        talk.hears(wire.SpeechStarted("c1", 3000)).took()
        assert talk.hears(wire.ResponseCreated(wire.ResponseId("r2"))).sent() == ["ResponseCancel"]
        assert not talk.conversation.may_play("r2")


class TestTools:
    """Functions run beside the talk; one response at a time."""

    def test_a_reply_is_asked_for_after_result_and_response_done(self) -> None:
        talk = Talk().starts().after(1)
        talk.took()
        [run] = talk.hears(*_asks_tool("r1", "t1")).took()
        assert run == RunTool(0, "t1", "find", "{}")
        assert talk.tool_done("t1").sent() == ["ItemCreate"]
        assert talk.done("r1").sent() == ["ResponseCreate"]

    def test_several_tools_get_one_reply_after_the_last(self) -> None:
        talk = Talk().starts().hears(*_asks_tool("r1", "t1"))
        talk.hears(wire.FunctionCallDone("r1", "i2", "t2", "find", "{}")).done("r1")
        talk.took()
        assert talk.tool_done("t2").sent() == ["ItemCreate"]
        assert talk.tool_done("t1").sent() == ["ItemCreate", "ResponseCreate"]

    def test_a_refused_request_is_made_again_when_the_other_response_is_done(self) -> None:
        talk = Talk().starts().hears(*_asks_tool("r1", "t1")).done("r1")
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
        talk = Talk().starts().after(1).hears(*_asks_tool("r1", "t1")).tool_done("t1", ends_call=True)
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
        talk = Talk().starts().after(1).hears(*_asks_tool("r1", "t1")).tool_done("t1", ends_call=True)
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
        talk.hears(*_asks_tool("r1", "t1")).done("r1").took()
        assert talk.after(8).took() == []

    def test_a_cough_that_stopped_the_agent_does_not_silence_it(self) -> None:
        talk = Talk().starts().agent_says("r1", "one two three four", 4.0).after(1).caller_says("c1", "")
        assert talk.sent()[-1] == "ResponseCreate"

    def test_words_are_answered_by_the_service_and_not_twice(self) -> None:
        """A tool ends while the caller speaks: the service's own reply knows its result."""
        talk = Talk().starts().agent_says("r0", "Hello.", 1.0).after(2)
        talk.hears(*_asks_tool("r1", "t1")).done("r1").hears(wire.SpeechStarted("c1", 2000))
        talk.tool_done("t1").after(1).hears(wire.SpeechStopped("c1", 3500)).took()
        assert talk.hears(wire.TranscriptionCompleted("c1", "and for two")).sent() == []
        talk.agent_says("r2", "Fine.", 1.0)
        assert talk.sent() == []


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


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0.0, 5.0)),
        st.tuples(st.just("speak"), st.just("")),
        st.tuples(st.just("stop"), st.sampled_from(["", "yes please", "no"])),
        st.tuples(st.just("created"), st.just("")),
        st.tuples(st.just("audio"), st.floats(0.02, 3.0)),
        st.tuples(st.just("tool"), st.booleans()),
        st.tuples(st.just("result"), st.just("")),
        st.tuples(st.just("done"), st.sampled_from(["completed", "cancelled", "failed"])),
        st.tuples(st.just("key"), st.sampled_from("0123#*")),
        st.tuples(st.just("refused"), st.just("conversation_already_has_active_response")),
    ),
    max_size=60,
)


class Service:
    """A service that keeps its own rules: one active response, ids never used twice."""

    def __init__(self) -> None:
        self.talk = Talk().starts()
        self.count = 0
        self.active: str | None = None
        self.item: str | None = None
        self.tools: dict[str, bool] = {}
        self.unanswered: list[str] = []
        self.ended = False
        self.speaking = False
        self.heard: list[str] = []

    def step(self, kind: str, value: Any) -> None:
        getattr(self, f"_{kind}")(value)
        self._check()

    def _check(self) -> None:
        for command in self.talk.took():
            if isinstance(command, Send) and isinstance(command.event, wire.ResponseCreate):
                assert self.active is None, "asked for a response while one is active"
                assert not self.unanswered, "asked for a response while one is asked for"
                self.unanswered.append(command.event.event_id)
            if isinstance(command, HangUp):
                self.ended = True
            if isinstance(command, RunTool):
                assert command.call_id in self.tools
            if isinstance(command, SaveTurn) and isinstance(command.turn, AgentTurn):
                assert "heard every word of this sentence".startswith(command.turn.text.strip())

    def _wait(self, seconds: float) -> None:
        self.talk.after(seconds)

    def _speak(self, _: object) -> None:
        if not self.speaking:
            self.speaking = True
            self.count += 1
            self.talk.hears(wire.SpeechStarted(f"c{self.count}", round((self.talk.now - 100) * 1000)))

    def _stop(self, text: str) -> None:
        if self.speaking:
            self.speaking = False
            item = f"c{self.count}"
            ended = round((self.talk.now - 100) * 1000)
            self.talk.hears(wire.SpeechStopped(item, ended), wire.TranscriptionCompleted(item, text))

    def _created(self, _: object) -> None:
        if self.active is None:
            self.count += 1
            self.active = f"r{self.count}"
            self.unanswered.clear()
            self.item = f"item-{self.active}"
            self.talk.hears(
                wire.ResponseCreated(wire.ResponseId(self.active)),
                wire.OutputItemAdded(self.active, wire.OutputItem(self.item, "message")),
                wire.AudioTranscriptDone(self.active, self.item, "heard every word of this sentence"),
            )

    def _audio(self, seconds: float) -> None:
        if self.active is not None and self.item and self.talk.conversation.may_play(self.active):
            self.talk.conversation.audio_written(self.active, self.item, seconds, self.talk.now)

    def _tool(self, ends_call: bool) -> None:
        if self.active is not None:
            self.count += 1
            call_id = f"t{self.count}"
            self.tools[call_id] = ends_call
            commands = self.talk.conversation.on_event(
                wire.FunctionCallDone(self.active, f"i{call_id}", call_id, "find", "{}"), self.talk.now
            )
            self.talk.commands += commands
            if not commands:
                del self.tools[call_id]

    def _result(self, _: object) -> None:
        if self.tools:
            call_id, ends_call = self.tools.popitem()
            self.talk.tool_done(call_id, ends_call=ends_call)

    def _done(self, status: str) -> None:
        if self.active is not None:
            response, self.active = self.active, None
            self.talk.done(response, status)

    def _key(self, key: str) -> None:
        self.talk.commands += self.talk.conversation.on_key(key, self.talk.now)

    def _refused(self, code: str) -> None:
        if self.unanswered:
            event_id = self.unanswered.pop()
            self.talk.hears(wire.Error(wire.ErrorDetails(code=code, event_id=event_id)))


@settings(max_examples=300, deadline=None)
@given(steps=_steps)
def test_any_order_of_events_keeps_the_rules(steps: list[tuple[str, Any]]) -> None:
    """Never two responses at once, never words that were not said, and the call ends by itself in the end."""
    service = Service()
    service._check()
    for kind, value in steps:
        service.step(kind, value)
        if service.ended:
            return
    if service.speaking:
        service.step("stop", "")
    while service.tools:
        service.step("result", "")
    service.step("done", "completed")
    service.step("wait", 2400.0)
    assert service.ended, "the limit ends every call"
