"""One call through several sessions of Voice Live, told as talks on a virtual clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.commands import DropSession, HangUp, OpenSession, SaveTurn, SwitchSession, Why
from bridge.rest_of import rest_of
from bridge.voicelive import wire
from tests.bridge.talk import PHRASES, Talk, asks_tool, sound


def told(talk: Talk) -> list[tuple[str, str]]:
    """What the latest session has been told of the talk since the last look: who, and what."""
    said: list[tuple[str, str]] = []
    for event in talk.events():
        match event:
            case wire.ItemCreate(item=wire.MessageItem(role, [part])):
                said.append((role, part.text))
            case wire.ItemCreate(item=wire.FunctionCallItem(call_id=call_id)):
                said.append(("call", call_id))
            case wire.ItemCreate(item=wire.FunctionOutputItem(call_id, output)):
                said.append(("output", f"{call_id} {output}"))
            case _:
                pass
    return said


def switched(talk: Talk, session: int = 2) -> Talk:
    """The session breaks, and another one is connected right away."""
    return talk.loses(session - 1).connects(session)


class TestWhatTheNextSessionKnows:
    """Everything that was said and done, as the caller heard it."""

    def test_turns_in_their_order(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi please").agent_says("r1", "Sakura House.", 1.0)
        talk.after(1.2).took()
        assert told(switched(talk)) == [
            ("assistant", "Hello."),
            ("user", "sushi please"),
            ("assistant", "Sakura House."),
        ]

    def test_of_an_interrupted_reply_only_what_was_heard(self) -> None:
        talk = Talk().greeted().agent_says("r1", "one two three four", 4.0).after(2.1).caller_starts("c1")
        talk.hears(wire.TranscriptionDelta("c1", "wait a moment")).after(1.0)
        talk.caller_stops("c1", "wait a moment").took()
        assert told(switched(talk))[1:] == [("assistant", "one two"), ("user", "wait a moment")]

    def test_tool_calls_with_their_outputs_right_behind(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi").hears(*asks_tool("r1", "t1")).done("r1")
        talk.tool_done("t1").agent_says("r2", "Sakura House.", 1.0).after(1.2).took()
        calls = [entry for entry in told(switched(talk)) if entry[0] in ("call", "output")]
        assert calls == [("call", "t1"), ("output", "t1 {}")]

    def test_keys_that_were_pressed(self) -> None:
        talk = Talk().greeted().presses("7#").agent_says("r1", "Fine.", 1.0).after(1.2)
        talk.took()
        assert ("user", "(The caller pressed keys: 7)") in told(switched(talk))

    def test_what_was_told_while_there_was_none(self) -> None:
        talk = Talk().greeted().loses(1).presses("7#")
        assert talk.said() == []
        assert told(talk.connects(2)) == [
            ("assistant", "Hello."),
            ("user", "(The caller pressed keys: 7)"),
        ]

    def test_a_reply_that_is_still_being_heard_is_corrected_when_it_is_cut(self) -> None:
        talk = Talk().greeted().agent_says("r1", "one two three four", 4.0).after(1.1)
        switched(talk).hears(wire.SessionUpdated()).took()
        talk.caller_starts("c1").hears(wire.TranscriptionDelta("c1", "wait a moment"))
        events = talk.events()
        [item] = [event.item for event in events if isinstance(event, wire.ItemCreate)]
        assert isinstance(item, wire.MessageItem)
        assert item.content[0].text == "one"
        assert [type(event).__name__ for event in events] == ["ItemCreate", "ItemDelete"]


class TestALostSession:
    """The caller need not know of it."""

    def test_another_is_asked_for_once(self) -> None:
        talk = Talk().greeted()
        talk.took()
        assert talk.loses(1).took() == [OpenSession(Why.LOST)]
        assert talk.loses(1).took() == []

    def test_the_greeting_is_not_said_again(self) -> None:
        talk = Talk().greeted().loses(1).another(2)
        assert talk.after(5).said() == []

    def test_a_greeting_that_broke_off_is_gone_on_with(self) -> None:
        talk = Talk().starts()
        talk.hears(
            wire.ResponseCreated(wire.ResponseId("r0")),
            wire.OutputItemAdded("r0", wire.OutputItem("item-r0", "message")),
            wire.AudioTimestamp("item-r0", 0, 400, "Hello,"),
            sound("r0", "item-r0", 0.5),
        )
        assert talk.loses(1).another(2).said()[-1] == "AI here."

    def test_what_has_come_is_heard_to_its_end(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi please")
        talk.agent_says("r1", "There is", 2.0, done=False).after(0.5)
        talk.took()
        assert talk.loses(1).after(3).played() == pytest.approx(1.3, abs=0.3)

    def test_a_sentence_that_broke_off_is_gone_on_with(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi please")
        talk.agent_says("r1", "There is", 1.0, done=False).took()
        talk.loses(1).connects(2)
        assert [role for role, _ in told(talk)] == ["assistant", "user", "assistant", "system"]
        assert talk.hears(wire.SessionUpdated()).said() == [""]

    def test_a_sentence_that_was_whole_is_not(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi please")
        talk.agent_says("r1", "There is Sakura House.", 1.0, done=False)
        talk.hears(wire.AudioDone("r1", "item-r1")).took()
        assert talk.loses(1).another(2).said() == []

    def test_a_reply_that_had_not_begun_is_asked_for_again(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi please")
        assert talk.loses(1).another(2).said() == [""]

    def test_one_that_nobody_wants_any_more_is_not(self) -> None:
        talk = Talk().greeted().caller_says("c1", "").loses(1)
        assert talk.another(2).said() == ["I did not hear that."]

    def test_a_filler_is_not_made_up_for(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi").hears(*asks_tool("r1", "t1")).done("r1")
        talk.after(1.0).took()
        assert talk.loses(1).another(2).said() == []

    def test_a_tool_goes_on_and_its_result_reaches_the_next_session_once(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi").hears(*asks_tool("r1", "t1"))
        talk.took()
        talk.loses(1).connects(2)
        assert told(talk)[-1] == ("call", "t1")
        talk.hears(wire.SessionUpdated()).tool_done("t1")
        [output, reply] = talk.events()
        assert isinstance(output, wire.ItemCreate)
        assert output.previous_item_id is not None
        assert isinstance(reply, wire.ResponseCreate)
        switched(talk, 3)
        assert told(talk).count(("output", "t1 {}")) == 1

    def test_a_result_that_comes_in_between(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi").hears(*asks_tool("r1", "t1"))
        talk.took()
        assert talk.loses(1).tool_done("t1").sent() == []
        talk.connects(2)
        assert told(talk)[-2:] == [("call", "t1"), ("output", "t1 {}")]
        assert talk.hears(wire.SessionUpdated()).said() == [""]

    def test_what_the_caller_was_just_saying_is_heard_again(self) -> None:
        talk = Talk().greeted().after(2.0).caller_starts("c1")
        began = talk.now
        talk.after(1.5).loses(1).after(0.5).took()
        [switch] = [command for command in talk.connects(2).took() if isinstance(command, SwitchSession)]
        assert began - 1.0 <= switch.hears_since <= began
        talk.hears(
            wire.SessionUpdated(), wire.SpeechStarted("c2", round((began - switch.hears_since) * 1000))
        )
        [turn] = [c.turn for c in talk.caller_stops("c2", "sushi please").took() if isinstance(c, SaveTurn)]
        assert turn.started_at == pytest.approx(began, abs=0.01)

    def test_what_was_understood_is_not(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi please")
        ended = talk.now - 0.5
        talk.loses(1).took()
        [switch] = [command for command in talk.connects(2).took() if isinstance(command, SwitchSession)]
        assert switch.hears_since >= ended

    def test_without_another_for_long_the_call_ends(self) -> None:
        assert HangUp("voice_live", failed=True) in Talk().greeted().loses(1).after(12.1).took()

    def test_sessions_that_break_again_and_again_end_it_too(self) -> None:
        talk = Talk().greeted()
        for session in range(1, 8):
            talk.loses(session).another(session + 1)
        assert HangUp("voice_live", failed=True) in talk.loses(8).took()


class TestRenewal:
    """A session ends by the clock: another one takes over before, in a pause."""

    def expiring(self) -> Talk:
        """A minute is left of the session; the greeting has been heard."""
        talk = Talk()
        talk.commands += talk.conversation.begin(talk.now)
        talk.another(1, expires_at=1_060.0).agent_says("r0", "Hello.", 1.0).after(1.2)
        talk.took()
        return talk

    def talking(self) -> Talk:
        """Half of it has passed, in the middle of a reply."""
        talk = self.expiring().after(6).caller_says("c0", "hello").agent_says("r1", "Yes?", 1.0).after(7)
        talk.caller_says("c1", "tell me all").agent_says("r2", "one two", 15.0)
        talk.took()
        return talk

    @given(st.floats(-1e6, 1e6))
    def test_is_asked_for_once_a_session_however_wrong_the_clock_is(self, ahead: float) -> None:
        """One that seems to have ended long ago is kept; none is replaced for ever by the next."""
        talk = Talk()
        talk.commands += talk.conversation.begin(talk.now)
        talk.another(1, expires_at=900.0 + talk.now + 3_600.0 - ahead)
        talk.agent_says("r0", "Hello.", 1.0)
        asked = 0
        for session in range(2, 40):
            talk.after(1.0)
            if OpenSession(Why.EXPIRES) in talk.took():
                asked += 1
                talk.another(session, expires_at=900.0 + talk.now + 3_600.0 - ahead)
        lifetime = 3_600.0 - ahead
        assert asked <= (0 if lifetime <= 0 else 40 / max(lifetime / 2, 1.0) + 1)

    def test_is_prepared_in_time(self) -> None:
        assert OpenSession(Why.EXPIRES) in self.talking().after(15).took()

    def test_waits_for_a_pause(self) -> None:
        talk = self.talking().after(14)
        talk.took()
        assert talk.connects(2).took() == []
        talk.after(2)
        assert talk.conversation.session_id == 2
        assert ("assistant", "one two") in told(talk)

    def test_is_not_heard(self) -> None:
        talk = self.talking().after(14).connects(2).after(2).hears(wire.SessionUpdated())
        talk.took()
        assert talk.after(3).took() == []

    def test_does_not_wait_for_ever(self) -> None:
        talk = self.talking().after(14).connects(2)
        talk.agent_says("r3", "three four", 60.0).took()
        while talk.conversation.session_id == 1:
            talk.after(1)
        assert 153.0 <= talk.now < 158.1

    def test_one_that_breaks_while_it_waits_is_replaced(self) -> None:
        talk = self.talking().after(14).connects(2)
        talk.took()
        assert talk.loses(2).took() == [OpenSession(Why.EXPIRES)]

    def test_one_that_waits_takes_over_when_the_other_breaks(self) -> None:
        talk = self.talking().after(14).connects(2).loses(1)
        assert talk.conversation.session_id == 2


class TestAUselessSession:
    """It is there, and nothing comes of it."""

    def test_gets_no_more_than_its_time_to_take_its_settings(self) -> None:
        talk = Talk().greeted().loses(1).connects(2)
        talk.took()
        assert talk.after(5.1).took() == [DropSession(Why.SILENT), OpenSession(Why.SILENT)]


@pytest.mark.parametrize(
    ("text", "said", "rest"),
    [
        (PHRASES.greeting, "Hello,", "AI here."),
        (PHRASES.greeting, "", "Hello, AI here."),
        (PHRASES.greeting, PHRASES.greeting, ""),
        ("one  two\tthree", "one two", "three"),
        ("one", "one two", ""),
    ],
)
def test_the_rest_of_a_text(text: str, said: str, rest: str) -> None:
    assert rest_of(text, said) == rest
