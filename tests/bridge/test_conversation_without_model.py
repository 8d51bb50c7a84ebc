"""Nobody can speak but what was recorded: stopgaps, and the end of a call that has no model left."""

from __future__ import annotations

from bridge.commands import AskForPerson, HandOver, HangUp, SaveTurn
from bridge.voicelive import wire
from shared.agent_tables import Silence
from shared.handover import Targets, Transfer
from tests.bridge.talk import PHRASES, Talk, agent, asks_tool

PERSON = Transfer("+15550100", "Wants sushi.")


def begun(**changes: object) -> Talk:
    """A call that waits for its first session."""
    talk = Talk(agent(**changes), recorded=1.0)
    talk.commands += talk.conversation.begin(talk.now)
    talk.took()
    return talk


class TestStopgap:
    """A caller who waits hears something after two seconds at most."""

    def test_the_greeting_when_no_session_comes(self) -> None:
        talk = begun().after(1.1)
        assert talk.recordings() == []
        assert talk.after(0.2).recordings() == [PHRASES.greeting]

    def test_is_the_only_greeting(self) -> None:
        talk = begun().after(1.5).another(1)
        assert talk.after(3).said() == []

    def test_what_is_answered_to_it_is_heard(self) -> None:
        talk = begun()
        assert not talk.conversation.listening
        assert talk.after(1.5).conversation.listening

    def test_the_session_that_comes_knows_it(self) -> None:
        talk = begun().after(1.5).connects(1)
        items = [event.item for event in talk.events() if isinstance(event, wire.ItemCreate)]
        assert [item.content[0].text for item in items if isinstance(item, wire.MessageItem)] == [
            PHRASES.greeting
        ]

    def test_a_filler_when_a_session_breaks(self) -> None:
        talk = Talk(recorded=1.0).greeted().loses(1)
        assert talk.after(1.3).recordings() == [PHRASES.fillers[0]]
        assert talk.after(2.3).recordings() == [], "of the first one a second is heard"
        assert talk.after(0.4).recordings() == [PHRASES.fillers[1]]

    def test_the_wait_goes_on_while_another_session_hears_the_caller_again(self) -> None:
        """What it hears was said before: nobody speaks now."""
        talk = Talk(recorded=1.0).greeted().caller_says("c1", "sushi please").loses(1)
        assert talk.after(2.2).recordings() == [PHRASES.fillers[0]]
        talk.another(2).caller_starts("c2").after(0.3).caller_stops("c2", "sushi please")
        assert talk.after(1.6).recordings() == [PHRASES.fillers[1]]

    def test_not_before_what_is_there_has_been_heard(self) -> None:
        talk = Talk(recorded=1.0).greeted().agent_says("r1", "one two three", 5.0).loses(1)
        talk.took()
        assert talk.after(6.0).recordings() == []
        assert talk.after(0.4).recordings() == [PHRASES.fillers[0]]

    def test_a_filler_when_a_reply_takes_long(self) -> None:
        talk = Talk(recorded=1.0).greeted().caller_says("c1", "sushi please")
        talk.took()
        assert talk.after(1.3).recordings() == []
        assert talk.after(0.2).recordings() == [PHRASES.fillers[0]], "1.9 s after the last word"

    def test_as_soon_when_a_short_word_was_long_in_coming(self) -> None:
        talk = Talk(recorded=1.0).greeted().caller_starts("c1").after(0.8).caller_stops("c1")
        talk.took()
        assert talk.after(1.5).recordings() == []
        assert talk.after(0.2).recordings() == [PHRASES.fillers[0]], "0.9 s after the reply was asked for"

    def test_a_session_that_breaks_after_a_reply_has_the_same_time(self) -> None:
        """Its caller is to speak, and waits for nothing."""
        talk = Talk(recorded=1.0).greeted().caller_says("c1", "sushi please")
        talk.agent_says("r1", "There is Sakura House.", 1.0, done=False).after(1.1).done("r1").after(0.5)
        talk.loses(1).took()
        assert talk.after(1.1).recordings() == []
        assert talk.after(0.2).recordings() == [PHRASES.fillers[0]]

    def test_a_filler_when_a_reply_breaks_off(self) -> None:
        talk = Talk(recorded=1.0).greeted().caller_says("c1", "sushi please")
        talk.agent_says("r1", "There is", 2.0, done=False).took()
        assert talk.after(3.4).recordings() == []
        assert talk.after(0.2).recordings() == [PHRASES.fillers[0]]

    def test_a_tool_is_bridged_by_a_recording_at_once(self) -> None:
        talk = Talk(recorded=1.0).greeted().caller_says("c1", "sushi please")
        talk.hears(*asks_tool("r1", "t1")).done("r1").took()
        talk.after(0.9)
        said = talk.commands[:]
        assert talk.said() == []
        talk.commands = said
        assert talk.recordings() == [PHRASES.fillers[0]]

    def test_and_the_model_is_told_of_it(self) -> None:
        talk = Talk(recorded=1.0).greeted().caller_says("c1", "sushi please").after(2.1)
        [told] = [event.item for event in talk.events() if isinstance(event, wire.ItemCreate)]
        assert isinstance(told, wire.MessageItem)
        assert (told.role, told.content[0].text) == ("assistant", PHRASES.fillers[0])

    def test_not_while_the_caller_speaks(self) -> None:
        talk = Talk(recorded=1.0).greeted().loses(1).connects(2)
        talk.caller_starts("c1").took()
        assert talk.after(3.0).recordings() == []

    def test_not_while_nobody_waits(self) -> None:
        assert Talk(recorded=1.0).greeted().after(5).recordings() == []


class TestResumed:
    """A call that comes from another bridge: its caller has waited already."""

    def test_hears_something_at_once(self) -> None:
        talk = Talk(recorded=1.0, resumed=30.0)
        talk.commands += talk.conversation.begin(talk.now)
        assert talk.after(0.3).recordings() == [PHRASES.fillers[0]]

    def test_is_not_greeted_and_the_agent_says_that_it_is_back(self) -> None:
        assert Talk(resumed=30.0).starts().said() == [""]

    def test_what_the_caller_says_meanwhile_is_heard(self) -> None:
        assert Talk(resumed=30.0).conversation.listening

    def test_has_the_time_that_is_left(self) -> None:
        talk = Talk(agent(silence=Silence(waits=(50.0, 50.0, 50.0))), resumed=595.0).starts()
        talk.agent_says("r1", "I am back.", 1.0).took()
        assert PHRASES.farewell in talk.after(21.0).said()


class TestLastResort:
    """After twelve seconds without a session nobody waits any longer."""

    def lost(self, **changes: object) -> Talk:
        return Talk(agent(**changes), recorded=1.0).greeted().loses(1).after(12.1)

    def test_an_apology_is_heard_to_its_end_then_the_call_ends(self) -> None:
        talk = self.lost()
        talk.took()
        *_, apology, hang_up = talk.after(3.0).took()
        assert isinstance(apology, SaveTurn)
        assert apology.turn.text == PHRASES.trouble
        assert hang_up == HangUp("voice_live", failed=True)

    def test_without_a_recording_it_ends_at_once(self) -> None:
        assert HangUp("voice_live", failed=True) in Talk().greeted().loses(1).after(12.1).took()

    def test_a_person_is_put_through_first(self) -> None:
        talk = self.lost(transfer=Targets(to="+15550100"))
        assert AskForPerson() in talk.took()
        talk.commands += talk.conversation.on_person(PERSON, talk.now)
        *_, told, hand_over = talk.after(3.0).took()
        assert isinstance(told, SaveTurn)
        assert told.turn.text == PHRASES.transferring
        assert hand_over == HandOver(PERSON.target, PERSON.summary)

    def test_one_who_does_not_answer_is_apologised_for(self) -> None:
        talk = self.lost(transfer=Targets(to="+15550100"))
        talk.commands += talk.conversation.on_person(PERSON, talk.now)
        talk.after(3.0).took()
        talk.commands += talk.conversation.on_hand_over_failed(talk.now)
        assert talk.recordings() == [PHRASES.trouble]
        assert HangUp("voice_live", failed=True) in talk.after(1.5).took()

    def test_nobody_to_put_through_to(self) -> None:
        talk = self.lost(transfer=Targets(to="+15550100"))
        talk.took()
        talk.commands += talk.conversation.on_person(None, talk.now)
        assert talk.after(1.5).recordings()[-1] == PHRASES.trouble

    def test_a_person_whom_a_tool_has_found_meanwhile_is_put_through(self) -> None:
        """The tool had been asked for before the session broke; its caller was left on a silent line."""
        talk = Talk(recorded=1.0).greeted().caller_says("c1", "a person please")
        talk.hears(*asks_tool("r1", "t1")).loses(1).after(12.1)
        assert talk.recordings()[-1] == PHRASES.trouble
        talk.tool_done("t1", transfer=PERSON)
        *_, told, hand_over = talk.after(3.0).took()
        assert isinstance(told, SaveTurn)
        assert told.turn.text == PHRASES.transferring
        assert hand_over == HandOver(PERSON.target, PERSON.summary)

    def test_a_session_that_comes_too_late_changes_nothing(self) -> None:
        talk = self.lost()
        talk.took()
        assert talk.connects(2).took() == []

    def test_keys_change_nothing(self) -> None:
        talk = self.lost()
        talk.took()
        assert talk.presses("1#").took() == []

    def test_settings_that_are_refused_are_one(self) -> None:
        talk = begun().connects(1)
        [settings] = talk.events()
        talk.hears(wire.Error(wire.ErrorDetails(code="invalid_value", event_id=settings.event_id)))
        assert talk.recordings() == [PHRASES.trouble]
        assert HangUp("session_refused", failed=True) in talk.after(1.5).took()
