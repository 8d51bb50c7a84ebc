"""Silence, words nobody can make out, and a model that does not answer, told as talks on a virtual clock."""

from __future__ import annotations

import pytest

from bridge.commands import AskForPerson, DropSession, HangUp, OpenSession, StopPlayback, Why
from bridge.voicelive import wire
from shared.agent_config import Agent
from shared.handover import Targets
from tests.bridge.talk import Talk, agent, sound


def ladder(talk: Talk, response: str, text: str) -> Talk:
    """The agent says these fixed words for a second, and they are heard."""
    talk = talk.agent_says(response, text, 1.0).after(1.1)
    talk.took()
    return talk


def mumbles(talk: Talk, item: str) -> Talk:
    """The caller says something that nobody can make out, and the reply to it is called off in time."""
    talk.caller_says(item, "").hears(wire.ResponseCreated(wire.ResponseId(f"off-{item}")))
    talk.took()
    return talk.done(f"off-{item}", "cancelled")


def not_understood(times: int, behaves: Agent | None = None) -> Talk:
    """The caller was not understood so often, and was told each time."""
    talk = Talk(behaves).greeted()
    for turn in range(times):
        mumbles(talk, f"c{turn}")
        ladder(talk, f"again-{turn}", talk.said()[0])
    return talk


def notes(talk: Talk, role: str) -> list[str]:
    """What was told to the model between the turns since the last look."""
    items = [event.item for event in talk.events() if isinstance(event, wire.ItemCreate)]
    messages = [item for item in items if isinstance(item, wire.MessageItem)]
    return [message.content[0].text for message in messages if message.role == role]


def says_again_and_again(talk: Talk, text: str, times: int) -> Talk:
    """The model gives the same reply to everything."""
    for turn in range(times):
        talk.caller_says(f"d{turn}", "sushi please").agent_says(f"m{turn}", text, 1.0).after(1.1)
    return talk


class TestTheLineIsBack:
    """The media socket broke while it was the caller's turn: what they said, nobody has heard."""

    def back(self, talk: Talk) -> Talk:
        talk.commands += talk.conversation.on_line_lost(talk.now)
        talk.after(1.5)
        talk.commands += talk.conversation.on_line_back(talk.now)
        return talk

    def test_a_caller_who_is_silent_then_is_asked_to_say_it_again(self) -> None:
        talk = self.back(Talk().greeted())
        assert talk.after(1.1).said() == []
        assert talk.after(0.2).said() == ["I did not hear that."]
        assert ladder(talk, "r1", "I did not hear that.").after(7.0).said() == [], "once is enough"

    def test_a_caller_who_speaks_is_not(self) -> None:
        talk = self.back(Talk().greeted()).after(1.0)
        talk.caller_says("c1", "sushi please").agent_says("r1", "There is Sakura House.", 1.0)
        assert "I did not hear that." not in talk.after(5.0).said()

    def test_nor_one_who_hears_the_agent_go_on(self) -> None:
        talk = (
            Talk().greeted().caller_says("c1", "sushi please").agent_says("r1", "There is Sakura House.", 3.0)
        )
        assert "I did not hear that." not in self.back(talk.after(1.0)).after(6.0).said()


class TestSilence:
    """Two checks, then a goodbye, each counted from the end of what the agent said."""

    def test_the_caller_is_checked_on(self) -> None:
        talk = Talk().greeted()
        assert talk.after(7.8).said() == []
        assert talk.after(0.2).said() == ["Are you there?"]

    def test_a_second_check_is_in_other_words(self) -> None:
        talk = ladder(Talk().greeted().after(8), "r1", "Are you there?")
        assert talk.after(7.8).said() == []
        assert talk.after(0.2).said() == ["Hello, are you there?"]

    def test_then_the_call_ends_with_a_goodbye_that_is_heard(self) -> None:
        talk = ladder(Talk().greeted().after(8), "r1", "Are you there?").after(8.1)
        ladder(talk, "r2", "Hello, are you there?")
        assert talk.after(6.1).said() == ["Nobody there. Goodbye."]
        talk.agent_says("r3", "Nobody there. Goodbye.", 2.0)
        assert HangUp("caller_silent") not in talk.after(2.1).took()
        assert talk.after(0.3).took() == [HangUp("caller_silent")]

    def test_words_over_that_goodbye_take_it_back(self) -> None:
        talk = ladder(Talk().greeted().after(8), "r1", "Are you there?").after(8.1)
        ladder(talk, "r2", "Hello, are you there?").after(6.1).agent_says("r3", "Nobody there.", 2.0)
        talk.after(0.5).caller_says("c1", "I am here").took()
        talk.agent_says("r4", "Good.", 1.0).after(5)
        assert not any(isinstance(command, HangUp) for command in talk.took())

    def test_words_bring_back_the_first_check(self) -> None:
        talk = ladder(Talk().greeted().after(8), "r1", "Are you there?").caller_says("c1", "I am thinking")
        ladder(talk, "r2", "Take your time.")
        assert talk.after(8.1).said() == ["Are you there?"]

    def test_a_cough_is_no_word(self) -> None:
        """A television must not keep an empty line open."""
        talk = ladder(Talk().greeted().after(8), "r1", "Are you there?").after(2)
        talk.caller_says("c1", "", seconds=0.3).took()
        assert talk.after(8.1).said() == ["Hello, are you there?"]

    def test_a_long_reply_is_no_silence(self) -> None:
        talk = Talk().greeted().caller_says("c1", "tell me all").agent_says("r1", "one two", 20.0)
        talk.took()
        assert talk.after(27.9).said() == []
        assert talk.after(0.3).said() == ["Are you there?"]

    def test_who_speaks_is_not_checked_on(self) -> None:
        assert Talk().greeted().after(7.5).caller_starts("c1").after(5).said() == []

    def test_a_check_that_failed_is_not_made_up_for(self) -> None:
        talk = Talk().greeted().after(8).hears(wire.ResponseCreated(wire.ResponseId("r1")))
        assert talk.said() == ["Are you there?"]
        assert talk.done("r1", "failed").after(7.5).said() == []


class TestNotHeard:
    """Speech that cannot be made out: the agent says so, and each time tries another way."""

    def test_is_said_in_fixed_words_and_not_left_to_the_model(self) -> None:
        assert mumbles(Talk().greeted(), "c1").said() == ["I did not hear that."]

    def test_the_reply_to_it_is_called_off(self) -> None:
        talk = Talk().greeted().caller_says("c1", "")
        assert talk.sent() == ["ResponseCreate", "ItemDelete"]
        assert talk.hears(wire.ResponseCreated(wire.ResponseId("r1"))).sent() == ["ResponseCancel"]

    def test_a_failed_transcription_is_the_same(self) -> None:
        talk = Talk().greeted().caller_starts("c1").after(1.5).caller_stops("c1")
        talk.hears(wire.TranscriptionFailed("c1"), wire.ResponseCreated(wire.ResponseId("r1"))).took()
        assert talk.done("r1", "cancelled").said() == ["I did not hear that."]

    def test_the_model_does_not_know_of_it(self) -> None:
        talk = Talk().greeted().caller_says("c1", "")
        [deleted] = [event.item_id for event in talk.events() if isinstance(event, wire.ItemDelete)]
        assert deleted == "c1"

    def test_the_second_time_a_narrower_question_is_asked(self) -> None:
        assert mumbles(not_understood(1), "c9").said() == ["Food or a table?"]

    def test_the_third_time_keys_are_offered(self) -> None:
        assert mumbles(not_understood(2), "c9").said() == ["Press 1 for food."]

    def test_zero_is_offered_with_them_when_there_is_a_person(self) -> None:
        talk = not_understood(2, agent(transfer=Targets(to="+15550100")))
        assert mumbles(talk, "c9").said() == ["Press 1 for food. Or 0 for a person."]

    def test_but_not_at_an_hour_when_nobody_is_there(self) -> None:
        """Known as the keys are offered: who is there comes and goes while a call lasts."""
        talk = not_understood(2, agent(transfer=Targets(to="+15550100")))
        talk.person_there = False
        assert mumbles(talk, "c9").said() == ["Press 1 for food."]

    def test_the_fourth_time_a_person_is_asked_for(self) -> None:
        talk = not_understood(3, agent(transfer=Targets(to="+15550100"))).caller_says("c9", "")
        assert AskForPerson() in talk.took()

    def test_while_nobody_is_there_keys_are_offered_again_and_mean_the_same(self) -> None:
        """Nobody who did not ask for a person is told that there is none."""
        talk = mumbles(not_understood(3), "c9")
        assert talk.said() == ["Press 1 for food."]
        assert AskForPerson() not in talk.commands
        [told] = notes(talk.agent_says("menu", "Press 1 for food.", 3.0).after(1).presses("1#"), "user")
        assert "find a restaurant" in told

    def test_words_that_are_understood_lead_one_rung_down(self) -> None:
        talk = not_understood(2).caller_says("c8", "sushi please").agent_says("r8", "Fine.", 1.0).after(1.2)
        assert mumbles(talk, "c9").said()[-1] == "Food or a table?"


class TestAskedAgain:
    """The caller does not understand the agent."""

    def test_the_model_is_told_to_say_it_in_other_words(self) -> None:
        talk = Talk().greeted().caller_says("c1", "Sorry?", seconds=0.4)
        assert talk.sent() == ["ItemCreate", "ResponseCreate"]

    def test_a_long_one_is_answered_with_the_hint_as_well(self) -> None:
        """The reply was asked for before the words were known."""
        talk = Talk().greeted().caller_says("c1", "Sorry, what did you say?", seconds=1.2)
        talk.hears(wire.ResponseCreated(wire.ResponseId("r1"))).done("r1", "cancelled")
        assert talk.sent() == ["ResponseCreate", "ItemCreate", "ResponseCancel", "ResponseCreate"]

    def test_the_second_time_for_a_narrower_question(self) -> None:
        talk = Talk().greeted()
        for turn in range(2):
            talk.took()
            talk.caller_says(f"c{turn}", "Sorry?", seconds=0.4)
            [hint] = notes(talk, "system")
            talk.agent_says(f"r{turn}", "Which food?", 1.0).after(1.2)
        assert "one word" in hint

    def test_the_third_time_keys_are_offered_in_place_of_a_reply(self) -> None:
        talk = Talk().greeted()
        for turn in range(3):
            talk.took()
            talk.caller_says(f"c{turn}", "Sorry?", seconds=0.4)
            said = talk.said()
            talk.agent_says(f"r{turn}", "Which food?", 1.0).after(1.2)
        assert said == ["Press 1 for food."]

    def test_the_keys_take_the_place_of_a_reply_that_was_asked_for_too_early(self) -> None:
        talk = Talk().greeted()
        for turn in range(2):
            talk.caller_says(f"c{turn}", "Sorry?", seconds=0.4).agent_says(f"r{turn}", "Which food?", 1.0)
            talk.after(1.2).took()
        talk.caller_says("c2", "Sorry, what did you say?", seconds=1.2)
        talk.hears(wire.ResponseCreated(wire.ResponseId("r2"))).took()
        assert talk.done("r2", "cancelled").said() == ["Press 1 for food."]
        assert talk.agent_says("r3", "Press 1 for food.", 2.0).after(3).said() == []

    def test_a_reply_that_is_heard_already_is_not_called_off(self) -> None:
        talk = Talk().greeted().caller_starts("c1").after(1.7).caller_stops("c1")
        talk.agent_says("r1", "Which food?", 1.0, done=False)
        talk.hears(wire.TranscriptionCompleted("c1", "Sorry, what did you say?"))
        assert "ResponseCancel" not in talk.done("r1").sent()

    def test_other_words_get_no_hint(self) -> None:
        assert notes(Talk().greeted().caller_says("c1", "sushi please"), "system") == []


class TestLoop:
    """The model says the same again and again."""

    def test_the_third_time_it_is_told(self) -> None:
        talk = says_again_and_again(Talk().greeted(), "For how many people?", 2)
        assert notes(talk, "system") == []
        talk.caller_says("c9", "sushi").agent_says("r9", "For how many people?", 1.0)
        assert len(notes(talk, "system")) == 1

    def test_fixed_words_make_no_loop(self) -> None:
        talk = Talk().greeted()
        for turn in range(4):
            talk.after(8).agent_says(f"r{turn}", "Are you there?", 1.0).after(1.0)
            talk.caller_says(f"c{turn}", "yes, wait").agent_says(f"a{turn}", "Fine.", 1.0).after(1.2)
        assert notes(talk, "system") == []


class TestApology:
    """A reply that does not come is asked of another session, then apologised for, once a turn."""

    def twice_silent(self) -> Talk:
        """Two sessions have not answered the caller."""
        talk = Talk().greeted().caller_says("c1", "sushi please").after(6.1).another(2)
        return talk.hears(wire.ResponseCreated(wire.ResponseId("r1"))).after(6.1)

    def test_another_session_is_asked_after_six_seconds(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi please")
        talk.took()
        assert talk.after(5.9).took() == []
        assert talk.after(0.2).took() == [DropSession(Why.SILENT), OpenSession(Why.SILENT)]
        assert talk.another(2).said() == [""]

    def test_what_the_first_one_says_too_late_is_not_heard(self) -> None:
        talk = Talk().greeted().caller_says("c1", "sushi please")
        talk.hears(wire.ResponseCreated(wire.ResponseId("r1"))).after(6.1)
        assert talk.conversation.session_id is None

    def test_is_said_after_six_more(self) -> None:
        talk = self.twice_silent()
        talk.took()
        assert talk.done("r1", "cancelled").said() == ["Sorry, again please?"]

    def test_calls_off_the_reply_that_hangs(self) -> None:
        talk = self.twice_silent()
        assert talk.sent()[-1] == "ResponseCancel"
        assert talk.hears(sound("r1", "item-r1", 1.0)).after(1).played() == 0

    def test_when_not_even_that_is_heard_the_call_ends(self) -> None:
        talk = self.twice_silent()
        talk.took()
        assert HangUp("model_silent", failed=True) in talk.after(6.1).took()

    def test_then_the_call_goes_on(self) -> None:
        talk = self.twice_silent().done("r1", "cancelled")
        ladder(talk, "r2", "Sorry, again please?").caller_says("c2", "sushi")
        ladder(talk, "r3", "There is Sakura House.")
        assert not any(isinstance(command, HangUp) for command in talk.after(7).took())

    def test_is_due_again_at_the_next_turn(self) -> None:
        talk = self.twice_silent().done("r1", "cancelled")
        ladder(talk, "r2", "Sorry, again please?").caller_says("c2", "sushi").after(6.1).another(3)
        talk.hears(wire.ResponseCreated(wire.ResponseId("r3"))).after(6.1).took()
        assert talk.done("r3", "cancelled").said() == ["Sorry, again please?"]


class TestPersonKey:
    """0 asks for a person at any time."""

    @pytest.mark.parametrize("keys", ["0", "00", "0#"])
    def test_a_lone_zero_asks_for_a_person(self, keys: str) -> None:
        assert Talk().greeted().presses(keys).after(1.6).took() == [AskForPerson()]

    def test_also_while_the_agent_speaks(self) -> None:
        talk = Talk().greeted().agent_says("r1", "one two three four", 4.0).after(1)
        assert AskForPerson() in talk.presses("0#").took()

    def test_a_zero_in_a_number_does_not(self) -> None:
        assert AskForPerson() not in Talk().greeted().presses("105#").took()


class TestMenu:
    """Keys that were offered mean something."""

    def offered(self) -> Talk:
        talk = not_understood(2)
        mumbles(talk, "c9")
        return talk.agent_says("menu", "Press 1 for food.", 3.0).after(1)

    def test_the_model_is_told_what_the_key_means(self) -> None:
        [told] = notes(self.offered().presses("1#"), "user")
        assert "find a restaurant" in told

    def test_the_offer_is_not_heard_out(self) -> None:
        assert StopPlayback() in self.offered().presses("1#").took()

    def test_a_key_that_was_not_offered_is_told_as_it_is(self) -> None:
        [told] = notes(self.offered().presses("7#"), "user")
        assert told == "(The caller pressed keys: 7)"

    def test_without_an_offer_a_key_is_only_a_key(self) -> None:
        [told] = notes(Talk().greeted().presses("1#"), "user")
        assert told == "(The caller pressed keys: 1)"

    def test_an_offer_is_taken_once(self) -> None:
        talk = self.offered().presses("1#").agent_says("r1", "For how many?", 1.0).after(1.2)
        talk.took()
        [told] = notes(talk.presses("1#"), "user")
        assert told == "(The caller pressed keys: 1)"
