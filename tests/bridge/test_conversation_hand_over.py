"""A caller is handed over to a person, or not, told as talks on a virtual clock."""

from __future__ import annotations

from bridge.commands import AskForPerson, Command, HandOver, HangUp, StopPlayback
from bridge.tool_runs import SPOKEN_OVER
from bridge.tools import not_reached
from bridge.voicelive import wire
from shared.handover import Transfer
from tests.bridge.talk import PHRASES, Talk, asks_tool

PERSON = Transfer("+15550100", "Wants a table for twenty.")
PUT_THROUGH = HandOver("+15550100", "Wants a table for twenty.")


def asked_for() -> Talk:
    """The model has asked for a person whom the tool has found."""
    talk = Talk().greeted().caller_says("c1", "a person please")
    talk.hears(*asks_tool("r1", "t1", "transfer_to_person")).done("r1").took()
    return talk.tool_done("t1", transfer=PERSON)


def announced() -> Talk:
    """The caller begins to hear that they are put through, which takes two seconds."""
    talk = asked_for().agent_says("r2", "I put you through.", 2.0)
    talk.took()
    return talk


def handed_over() -> Talk:
    """The telephone network has the call."""
    talk = announced().after(2.5)
    talk.took()
    return talk


def by_key() -> Talk:
    """The caller has asked for a person by key, and there is one."""
    talk = Talk().greeted().presses("0#")
    talk.took()
    return finds(talk, PERSON)


def finds(talk: Talk, person: Transfer | None) -> Talk:
    """Who was asked for is there, or nobody."""
    talk.commands += talk.conversation.on_person(person, talk.now)
    return talk


def fails(talk: Talk) -> Talk:
    """The person did not take the call."""
    talk.commands += talk.conversation.on_hand_over_failed(talk.now)
    return talk


def outputs(commands: list[wire.ClientEvent]) -> list[wire.FunctionOutputItem]:
    """What the model is told of its tools."""
    items = [event.item for event in commands if isinstance(event, wire.ItemCreate)]
    return [item for item in items if isinstance(item, wire.FunctionOutputItem)]


def put_through(commands: list[Command]) -> list[HandOver]:
    """The transfers."""
    return [command for command in commands if isinstance(command, HandOver)]


class TestAnnouncement:
    """The caller is told before they are put through."""

    def test_is_in_fixed_words(self) -> None:
        assert asked_for().said() == ["I put you through."]

    def test_the_model_is_told_nothing_yet(self) -> None:
        """Else it would talk into the hand-over."""
        assert outputs(asked_for().events()) == []

    def test_is_heard_to_its_end_first(self) -> None:
        talk = announced()
        assert put_through(talk.after(2.2).took()) == []
        assert put_through(talk.after(0.2).took()) == [PUT_THROUGH]

    def test_what_the_model_said_before_is_heard_as_well(self) -> None:
        talk = Talk().greeted().caller_says("c1", "a person please")
        talk.agent_says("r1", "Of course.", 2.0, done=False)
        talk.hears(wire.FunctionCallDone("r1", "i", "t1", "transfer_to_person", "{}")).done("r1")
        talk.tool_done("t1", transfer=PERSON).agent_says("r2", "I put you through.", 2.0)
        assert put_through(talk.after(4.2).took()) == []
        assert put_through(talk.after(0.2).took()) == [PUT_THROUGH]

    def test_is_made_again_when_it_failed(self) -> None:
        talk = asked_for().hears(wire.ResponseCreated(wire.ResponseId("r2"))).done("r2", "failed")
        talk.took()
        assert talk.after(1).said() == ["I put you through."]

    def test_the_call_is_transferred_once(self) -> None:
        assert put_through(handed_over().after(30).took()) == []


class TestUnderWay:
    """The telephone network has the call: the agent keeps out of it."""

    def test_nothing_is_said(self) -> None:
        assert handed_over().after(40).said() == []

    def test_nobody_hangs_up(self) -> None:
        assert not any(isinstance(command, HangUp) for command in handed_over().after(40).took())

    def test_what_the_caller_says_is_not_answered(self) -> None:
        assert handed_over().caller_says("c2", "hello, who is there?").after(5).said() == []


class TestFailed:
    """Nobody takes the call: the agent is back at once."""

    def test_the_model_is_told_and_says_what_to_do_instead(self) -> None:
        told, request = fails(handed_over().after(5)).events()
        assert outputs([told]) == [wire.FunctionOutputItem("t1", not_reached().output)]
        assert isinstance(request, wire.ResponseCreate)
        assert request.response is None

    def test_who_asked_by_key_hears_fixed_words(self) -> None:
        """There is no tool call to tell the model about."""
        talk = by_key().agent_says("r2", "I put you through.", 2.0).after(5)
        talk.took()
        assert fails(talk).said() == ["Nobody answers. Can I help?"]

    def test_the_talk_goes_on(self) -> None:
        talk = fails(handed_over()).agent_says("r3", "Nobody is there.", 1.0).after(1.2)
        talk.took()
        assert talk.caller_says("c3", "then book it yourself").said() == [""]

    def test_a_second_one_is_announced_and_made_again(self) -> None:
        talk = fails(handed_over()).agent_says("r3", "Nobody is there.", 1.0).after(1.2)
        talk.caller_says("c3", "try again").hears(*asks_tool("r4", "t2", "transfer_to_person")).done("r4")
        talk.took()
        assert talk.tool_done("t2", transfer=PERSON).said() == ["I put you through."]
        talk.agent_says("r5", "I put you through.", 2.0)
        assert put_through(talk.after(2.5).took()) == [PUT_THROUGH]


class TestSpokenOver:
    """The caller speaks while being told."""

    def test_words_call_it_off(self) -> None:
        talk = announced().after(0.5).caller_says("c2", "no, wait a moment")
        assert put_through(talk.after(10).commands) == []
        assert [item.call_id for item in outputs(talk.events())] == ["t1"]

    def test_the_model_is_told_and_answers(self) -> None:
        talk = announced().after(0.5).caller_says("c2", "no, wait a moment")
        *_, told, request = talk.events()
        assert outputs([told]) == [wire.FunctionOutputItem("t1", SPOKEN_OVER)]
        assert isinstance(request, wire.ResponseCreate)

    def test_words_before_it_begins_call_it_off(self) -> None:
        talk = asked_for().caller_says("c2", "no, wait a moment")
        talk.hears(wire.ResponseCreated(wire.ResponseId("r2"))).done("r2", "cancelled")
        assert [item.output for item in outputs(talk.events())] == [SPOKEN_OVER]
        assert put_through(talk.agent_says("r3", "Yes?", 1.0).after(5).took()) == []

    def test_a_thank_you_does_not(self) -> None:
        talk = announced().after(0.5).caller_says("c2", "Okay.", seconds=0.4)
        assert put_through(talk.after(3).took()) == [PUT_THROUGH]

    def test_a_cough_does_not(self) -> None:
        talk = announced().after(0.5).caller_says("c2", "", seconds=0.3)
        assert put_through(talk.after(3).took()) == [PUT_THROUGH]

    def test_one_that_was_asked_for_by_key_is_called_off_too(self) -> None:
        talk = by_key().agent_says("r2", "I put you through.", 2.0).after(0.5)
        talk.caller_says("c2", "no, wait a moment")
        assert outputs(talk.events()) == []
        assert put_through(talk.agent_says("r3", "Yes?", 1.0).after(5).took()) == []

    def test_the_next_one_is_announced_again(self) -> None:
        talk = announced().after(0.5).caller_says("c2", "no, wait a moment").agent_says("r3", "Yes?", 1.0)
        talk.after(1.2).caller_says("c3", "now, please")
        talk.hears(*asks_tool("r4", "t2", "transfer_to_person")).done("r4").took()
        assert talk.tool_done("t2", transfer=PERSON).said() == ["I put you through."]


class TestByKey:
    """0 hands over without the model."""

    def test_the_caller_is_told_and_put_through(self) -> None:
        talk = by_key()
        assert talk.said() == ["I put you through."]
        talk.agent_says("r2", "I put you through.", 2.0)
        assert put_through(talk.after(2.5).took()) == [PUT_THROUGH]

    def test_the_agent_stops_talking_for_it(self) -> None:
        talk = Talk().greeted().agent_says("r1", "one two three four", 4.0).after(1).presses("0#")
        assert AskForPerson() in talk.took()
        finds(talk, PERSON)
        assert StopPlayback() in talk.commands
        assert talk.said() == ["I put you through."]

    def test_when_nobody_is_there_the_caller_is_told(self) -> None:
        talk = Talk().greeted().presses("0#")
        assert finds(talk, None).said() == ["Nobody is there now. Can I help?"]

    def test_a_second_zero_changes_nothing(self) -> None:
        talk = by_key().agent_says("r2", "I put you through.", 2.0).after(0.5).presses("0#")
        finds(talk, PERSON)
        assert put_through(talk.after(10).took()) == [PUT_THROUGH]

    def test_a_zero_while_the_model_hands_over_changes_nothing(self) -> None:
        talk = finds(announced().after(0.5).presses("0#"), PERSON)
        assert StopPlayback() not in talk.commands
        assert put_through(talk.after(10).took()) == [PUT_THROUGH]


class TestBesideOtherTools:
    """Every call gets its one output."""

    def test_a_second_call_for_a_person_gets_its_output_at_once(self) -> None:
        talk = Talk().greeted().caller_says("c1", "a person please")
        talk.hears(*asks_tool("r1", "t1", "transfer_to_person"))
        talk.hears(wire.FunctionCallDone("r1", "i2", "t2", "transfer_to_person", "{}")).done("r1").took()
        talk.tool_done("t1", transfer=PERSON).tool_done("t2", transfer=PERSON)
        assert [item.call_id for item in outputs(talk.events())] == ["t2"]
        talk.agent_says("r2", "I put you through.", 2.0)
        assert put_through(talk.after(5).took()) == [PUT_THROUGH]
        assert [item.call_id for item in outputs(fails(talk).events())] == ["t1"]

    def test_a_booking_is_waited_for(self) -> None:
        talk = Talk().greeted().caller_says("c1", "book it, and a person please")
        talk.hears(*asks_tool("r1", "t1", "transfer_to_person"))
        talk.hears(wire.FunctionCallDone("r1", "i2", "t2", "book_table", "{}")).done("r1").took()
        assert talk.tool_done("t1", transfer=PERSON).said() == []
        assert "I put you through." in talk.tool_done("t2").said()


class TestThanks:
    """ "Okay, thank you" is what people say to being put through."""

    def test_do_not_call_it_off(self) -> None:
        talk = Talk().greeted().hears(*asks_tool("r1", "t1", "transfer_to_person")).done("r1")
        talk.tool_done("t1", transfer=Transfer("+15550142", "Wants a person.")).took()
        talk.agent_says("r2", "I put you through.", 2.0).after(1.5)
        talk.caller_says("c1", "Okay, thank you.", seconds=0.6)
        assert HandOver("+15550142", "Wants a person.") in talk.after(4.0).took()

    def test_zero_over_a_goodbye_is_heard(self) -> None:
        """Nobody can be reached: the agent says so, and the call goes on."""
        talk = Talk().greeted().hears(*asks_tool("r1", "t1", "end_call")).done("r1")
        talk.tool_done("t1", ends_call=True).agent_says("r2", "Goodbye.", 3.0).after(0.5)
        talk.presses("0#").took()
        talk.commands += talk.conversation.on_person(None, talk.now)
        assert PHRASES.no_person in talk.said()
        talk.agent_says("r3", PHRASES.no_person, 2.0).took()
        assert not any(isinstance(command, HangUp) for command in talk.after(7.0).took())
