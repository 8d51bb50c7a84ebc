"""Whatever comes in whatever order, a conversation keeps its rules."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.commands import HangUp, RunTool, SaveTurn, Send
from bridge.turns import AgentTurn
from bridge.voicelive import wire
from tests.bridge.talk import Talk

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
