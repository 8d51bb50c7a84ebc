"""Orders of events that broke a rule once, found by `test_conversation_orders`, told as talks."""

from __future__ import annotations

import pytest

from bridge.commands import DropSession, HandOver, HangUp, OpenSession, SaveTurn, Why
from bridge.voicelive import wire
from shared.agent_tables import Silence
from shared.handover import Transfer
from tests.bridge.talk import Talk, agent, asks_tool, sound

PERSON = Transfer("+15550100", "Wants a table for twenty.")
PUT_THROUGH = HandOver("+15550100", "Wants a table for twenty.")


def mode(interruption: str) -> Talk:
    """A talk in which the caller's sound always stops the agent ("immediate") or never ("off")."""
    detection = agent().turn_detection
    values = {name: getattr(detection, name) for name in detection.__struct_fields__}
    return Talk(agent(turn_detection=type(detection)(**values | {"interruption": interruption})))


def calls(response: str, *tools: tuple[str, str]) -> list[wire.ServerEvent]:
    """A response that calls these tools: their call ids and names."""
    events: list[wire.ServerEvent] = [wire.ResponseCreated(wire.ResponseId(response))]
    for call_id, name in tools:
        item_id = f"item-{call_id}"
        events.append(wire.OutputItemAdded(response, wire.OutputItem(item_id, "function_call")))
        events.append(wire.FunctionCallDone(response, item_id, call_id, name, "{}"))
    return events


def words_of(save: SaveTurn) -> str:
    """The words that are stored."""
    return save.turn.text


def cuts(talk: Talk) -> list[tuple[str, int]]:
    """The items cut since the last look, and at how many milliseconds."""
    return [
        (event.item_id, event.audio_end_ms) for event in talk.events() if isinstance(event, wire.ItemTruncate)
    ]


def hand_over() -> Talk:
    """The model has asked for a person, who is there; the announcement is asked for."""
    talk = Talk().greeted().caller_says("c1", "a person please")
    talk.hears(*asks_tool("r1", "t1", "transfer_to_person")).done("r1").tool_done("t1", transfer=PERSON)
    talk.took()
    return talk


REPLACED = [DropSession(Why.SILENT), OpenSession(Why.SILENT)]


class TestNobodyIsLeftOnASilentLine:
    """A service that does not do what it was asked for, in ways that nobody waited for."""

    def test_a_check_that_never_comes(self) -> None:
        """It was asked for and blocked every further request, until the longest time of a call."""
        talk = Talk().greeted().after(8.0)
        assert talk.said() == ["Are you there?"]
        assert talk.after(6.1).took() == REPLACED
        assert talk.another(2).after(8.1).said() == ["Hello, are you there?"]
        assert HangUp("model_silent", failed=True) in talk.after(12.1).took()

    def test_a_reply_that_stops_half_way(self) -> None:
        """It spoke and never ended: another session goes on once what there is has been heard."""
        talk = Talk().greeted().caller_says("c1", "sushi please")
        talk.agent_says("r1", "There is", 1.0, done=False).took()
        assert talk.after(6.9).sent() == []
        assert [command for command in talk.after(0.2).took() if command in REPLACED] == REPLACED
        assert talk.another(2).said() == [""]

    def test_a_filler_that_never_comes_does_not_hold_up_the_result_for_good(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi please").hears(*asks_tool("r1", "t1")).done("r1")
        talk.after(1.0).tool_done("t1").took()
        assert talk.after(6.1).took() == REPLACED
        assert talk.another(2).said() == [""]

    def test_the_end_of_a_sound_that_is_never_told(self) -> None:
        """The caller was waited for until the longest time of a call."""
        talk = Talk().greeted().caller_starts("c1")
        talk.took()
        assert talk.after(29.9).said() == []
        assert talk.after(10.0).said() == ["Are you there?"]

    def test_words_whose_end_is_never_told_are_answered(self) -> None:
        talk = Talk().greeted().caller_starts("c1").hears(wire.TranscriptionDelta("c1", "sushi please"))
        talk.took()
        assert talk.after(30.1).said() == [""]

    def test_a_call_in_which_the_agent_was_never_heard(self) -> None:
        """The greeting was cut before its first sound, and a cough took the reply's place."""
        talk = (
            mode("immediate").starts().hears(wire.ResponseCreated(wire.ResponseId("r0"))).caller_starts("c1")
        )
        talk.after(0.7).caller_stops("c1", "").done("r0", "cancelled")
        talk.hears(wire.ResponseCreated(wire.ResponseId("r1"))).done("r1")
        talk.caller_starts("c2").after(0.7).caller_stops("c2", "").took()
        assert talk.after(8.1).said() == ["Are you there?"]

    def test_a_goodbye_into_the_silence_that_a_noise_cut(self) -> None:
        """After it the ladder had no further rung."""
        talk = mode("immediate").greeted()
        talk.after(8.1).agent_says("r1", "Are you there?", 1.0)
        talk.after(9.1).agent_says("r2", "Hello, are you there?", 1.0)
        talk.after(7.1).agent_says("r3", "Nobody there. Goodbye.", 1.0, done=False)
        talk.after(0.5).caller_says("c1", "", seconds=0.3).done("r3", "cancelled")
        talk.agent_says("r4", "Yes?", 1.0).took()
        assert talk.after(9.5).said() == ["Are you there?"]

    def test_one_who_is_silent_is_not_blamed_for_a_silent_service(self) -> None:
        """A reply that never came counted as the caller's silence once it was given up."""
        talk = Talk(agent(silence=Silence(waits=(1.5, 1.5, 1.5)))).greeted().caller_says("c1", "sushi please")
        talk.after(6.1).another(2).took()
        assert HangUp("model_silent", failed=True) in talk.after(12.1).took()

    def test_a_filler_that_was_refused(self) -> None:
        """The timer was due at once, again and again, until the next try was allowed."""
        talk = Talk().greeted().caller_says("c1", "sushi please").hears(*asks_tool("r1", "t1")).done("r1")
        talk.after(0.9)
        filler = talk.events()[-1]
        talk.after(5.0).hears(wire.Error(wire.ErrorDetails(code="server_error", event_id=filler.event_id)))
        talk.conversation.on_timer(talk.now)
        due = talk.conversation.timer()
        assert due is not None
        assert due > talk.now


class TestWhatWasHeard:
    """The record and the model's history hold what the caller heard, and no more."""

    TEXT = "We have pizza. Also there is a wonderful tasting menu with seven courses."

    def stalled(self) -> Talk:
        """A second of a long sentence has been heard, and the rest does not come."""
        talk = Talk().greeted().caller_says("c1", "the menu please")
        talk.agent_says("r1", self.TEXT, 1.0, done=False).after(1.5).took()
        return talk

    def test_a_barge_in_while_the_model_stalls(self) -> None:
        """Nothing was left to hear, so nothing was cut: the whole sentence counted as heard."""
        talk = self.stalled().caller_starts("c2").after(0.3)
        talk.hears(wire.TranscriptionDelta("c2", "Wait, how much is that"))
        commands = talk.took()
        assert [words_of(save) for save in commands if isinstance(save, SaveTurn)] == ["We have"]
        assert cuts(talk.done("r1", "cancelled")) == [("item-r1", 1_000)]

    def test_the_end_of_the_call_while_the_model_stalls(self) -> None:
        talk = self.stalled()
        assert [words_of(save) for save in talk.conversation.on_end(talk.now)] == ["We have"]

    def test_a_reply_that_is_given_up_while_it_stalls(self) -> None:
        """The next session knows how far it had come."""
        commands = self.stalled().after(6.0).took()
        assert words_of(next(save for save in commands if isinstance(save, SaveTurn))) == "We have"

    def test_an_item_is_not_cut_while_the_model_is_at_it(self) -> None:
        """It was cut right behind the cancellation, when the service may still be writing it."""
        talk = Talk().greeted().caller_says("c1", "the menu please")
        talk.agent_says("r1", self.TEXT, 5.0, done=False).after(1.0).took()
        talk.caller_starts("c2").hears(wire.TranscriptionDelta("c2", "Stop there"))
        assert talk.sent() == ["ResponseCancel"]
        talk.after(1.5).caller_stops("c2", "Stop there")
        assert talk.done("r1", "cancelled").sent() == ["ItemTruncate", "ResponseCreate"]

    def test_an_item_of_a_finished_response_is_cut_at_once(self) -> None:
        talk = Talk().greeted().caller_says("c1", "the menu please")
        talk.agent_says("r1", self.TEXT, 5.0).after(1.0).took()
        talk.caller_starts("c2").hears(wire.TranscriptionDelta("c2", "Stop there"))
        assert cuts(talk) == [("item-r1", 980)]

    def test_words_count_as_heard_when_the_service_says_they_were(self) -> None:
        """At a guess one more would have been heard by then."""
        talk = Talk().greeted().caller_says("c1", "the menu please")
        talk.agent_says("r1", self.TEXT, 3.0, done=False)
        for number, word in enumerate(self.TEXT.split()):
            talk.hears(wire.AudioTimestamp("item-r1", number * 600, 590, word))
        talk.after(2.0).took()
        talk.caller_starts("c2").hears(wire.TranscriptionDelta("c2", "Stop there"))
        saves = [words_of(save) for save in talk.took() if isinstance(save, SaveTurn)]
        assert saves == ["We have pizza."]

    def test_an_item_heard_to_its_end_is_not_cut_though_its_response_goes_on(self) -> None:
        talk = Talk().greeted().caller_says("c1", "the menu please")
        talk.agent_says("r1", self.TEXT, 1.0, done=False).hears(wire.AudioDone("r1", "item-r1"))
        talk.after(1.5).caller_starts("c2").hears(wire.TranscriptionDelta("c2", "Stop there"))
        talk.done("r1", "cancelled")
        assert cuts(talk) == []


class TestTools:
    """Each call gets one output before the next reply."""

    def test_a_call_that_a_failed_response_had_begun_is_deleted(self) -> None:
        """It stood in the history without an output."""
        talk = Talk().greeted().caller_says("c1", "sushi please")
        talk.hears(wire.ResponseCreated(wire.ResponseId("r1")))
        talk.hears(wire.OutputItemAdded("r1", wire.OutputItem("i1", "function_call"))).took()
        assert "ItemDelete" in talk.done("r1", "incomplete").sent()

    def test_an_output_stands_behind_its_call(self) -> None:
        """A filler lay between them, which some models refuse."""
        talk = Talk().greeted().caller_says("c1", "sushi please").hears(*asks_tool("r1", "t1")).done("r1")
        talk.after(0.9).agent_says("r2", "One moment.", 0.5).after(1.0).took()
        [output] = [event for event in talk.tool_done("t1").events() if isinstance(event, wire.ItemCreate)]
        assert output.previous_item_id == "item-r1"

    def test_a_second_hand_over_does_not_take_the_first_ones_output(self) -> None:
        talk = Talk().greeted().caller_says("c1", "a person please")
        talk.hears(*calls("r1", ("t1", "transfer_to_person"), ("t2", "transfer_to_person"))).done("r1")
        talk.tool_done("t1", transfer=PERSON).tool_done("t2", transfer=PERSON)
        talk.agent_says("r2", "I put you through.", 1.0).after(1.5)
        talk.commands += talk.conversation.on_hand_over_failed(talk.now)
        items = [event.item for event in talk.events() if isinstance(event, wire.ItemCreate)]
        outputs = [item.call_id for item in items if isinstance(item, wire.FunctionOutputItem)]
        assert outputs == ["t2", "t1"]


class TestHandOver:
    """Who was told that a person comes gets to the person, unless they say otherwise."""

    def test_no_reply_is_asked_for_while_the_model_waits_for_the_outcome(self) -> None:
        """The caller spoke without cutting in: that calls it off too, and the model is told first."""
        talk = mode("off").greeted().caller_says("c1", "a person please")
        talk.hears(*asks_tool("r1", "t1", "transfer_to_person")).done("r1").tool_done("t1", transfer=PERSON)
        talk.agent_says("r2", "I put you through.", 3.0).after(0.5).took()
        assert talk.caller_says("c2", "and are you open on Sundays").sent() == [
            "ItemCreate",
            "ResponseCreate",
        ]

    @pytest.mark.parametrize("order", [("t1", "t2"), ("t2", "t1")])
    def test_the_model_that_also_ends_the_call_does_not_hang_up_on_it(self, order: tuple[str, str]) -> None:
        talk = Talk().greeted().caller_says("c1", "a person please")
        talk.hears(*calls("r1", ("t1", "end_call"), ("t2", "transfer_to_person"))).done("r1")
        for call_id in order:
            talk.tool_done(call_id, ends_call=call_id == "t1", transfer=PERSON if call_id == "t2" else None)
        commands = talk.agent_says("r2", "I put you through.", 1.0).after(20.0).took()
        assert PUT_THROUGH in commands
        assert not any(isinstance(command, HangUp) for command in commands)

    def test_nothing_is_said_between_the_announcement_and_the_person(self) -> None:
        """Fixed words for what was not understood fell into the transfer."""
        talk = Talk().greeted().caller_starts("c1").after(1.5).caller_stops("c1")
        talk.hears(*asks_tool("r1", "t1", "transfer_to_person")).done("r1").tool_done("t1", transfer=PERSON)
        talk.agent_says("r2", "I put you through.", 1.0).took()
        assert talk.hears(wire.TranscriptionFailed("c1")).said() == []
        assert talk.after(1.5).took()[-1:] == [PUT_THROUGH]
        talk.commands += talk.conversation.on_hand_over_failed(talk.now)
        assert talk.said() == [""]

    def test_an_announcement_is_not_called_off_for_words_that_were_not_understood(self) -> None:
        """They were taken for what it answers, and the caller was never put through."""
        talk = Talk().greeted().caller_starts("c1").after(1.5).caller_stops("c1")
        talk.hears(*asks_tool("r1", "t1", "transfer_to_person")).done("r1").tool_done("t1", transfer=PERSON)
        talk.hears(wire.TranscriptionFailed("c1")).took()
        assert talk.agent_says("r2", "I put you through.", 1.0).played() > 0

    def test_an_announcement_that_made_no_sound(self) -> None:
        """The caller waited for the end of what never began."""
        talk = hand_over().hears(wire.ResponseCreated(wire.ResponseId("r2"))).done("r2")
        assert talk.after(0.5).took()[-1:] == [PUT_THROUGH]

    def test_an_announcement_that_never_comes(self) -> None:
        assert hand_over().after(6.5).took()[-1:] == [PUT_THROUGH]

    def test_who_waits_for_a_person_when_time_is_up(self) -> None:
        """The farewell that could not be said had its patience, and then the call was ended."""
        talk = Talk().greeted().after(1.0)
        while talk.now < 690.0:
            talk.caller_says("c", "go on").agent_says("r", "Yes.", 1.0).after(4.0)
        talk.hears(*asks_tool("r1", "t1", "transfer_to_person")).done("r1").tool_done("t1", transfer=PERSON)
        talk.agent_says("r2", "I put you through.", 1.0).after(1.5).took()
        assert talk.after(25.0).took() == []

    def test_the_reply_after_one_that_failed_gets_its_time(self) -> None:
        """A key pressed meanwhile had started the wait for it."""
        talk = hand_over().agent_says("r2", "I put you through.", 1.0).after(1.5).presses("1#").after(5.5)
        talk.commands += talk.conversation.on_hand_over_failed(talk.now)
        talk.hears(wire.ResponseCreated(wire.ResponseId("r3"))).took()
        assert talk.after(5.5).sent() == []


class TestGoodbye:
    """Nobody is hung up on in the middle of something."""

    def test_a_booking_that_outlasts_the_patience_for_a_goodbye(self) -> None:
        """The call ended with its result, before a word about it."""
        talk = Talk().greeted().caller_says("c1", "book it, goodbye")
        talk.hears(*calls("r1", ("t1", "end_call"), ("t2", "book_table"))).done("r1")
        talk.tool_done("t1", ends_call=True).after(9.0).tool_done("t2")
        assert not any(isinstance(command, HangUp) for command in talk.after(5.0).took())

    def test_words_that_are_heard_when_the_patience_for_a_goodbye_ends(self) -> None:
        talk = Talk().greeted().caller_says("c1", "goodbye")
        talk.hears(*asks_tool("r1", "t1", "end_call")).done("r1").tool_done("t1", ends_call=True).after(7.0)
        talk.hears(wire.ResponseCreated(wire.ResponseId("r2")), sound("r2", "i2", 3.0)).took()
        assert not any(isinstance(command, HangUp) for command in talk.after(3.0).took())
        assert talk.after(0.5).took()[-1:] == [HangUp("agent_ended")]
