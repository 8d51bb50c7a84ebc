"""Nobody is recorded who has not heard of it: told as talks on a virtual clock."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bridge.commands import Record
from bridge.notice import opening
from bridge.voicelive import wire
from shared.agent_config import load_agent
from shared.agent_tables import Languages, Recording, RecordingMode
from shared.phrases import Phrases
from shared.settings import DEFAULT_AGENT_DIR
from tests.bridge.talk import PHRASES, Talk, agent

NOTICE = PHRASES.recording_notice or ""
QUESTION = PHRASES.recording_question or ""
LONG = msgspec.structs.replace(PHRASES, greeting="Hello. AI here. What now?")
OPENED = f"Hello. AI here. {NOTICE} What now?"


def talk(mode: RecordingMode = "announce", **changes: Any) -> Talk:
    return Talk(agent(**{"recording": Recording(mode=mode), "phrases": {"en": LONG}} | changes))


def recorded(talk: Talk) -> bool:
    """Whether recording has been allowed since the last look."""
    return Record() in talk.took()


class TestOpening:
    def test_the_notice_comes_before_the_question_and_the_question_in_its_place(self) -> None:
        assert opening(LONG.greeting, "announce", LONG) == OPENED
        assert opening(LONG.greeting, "ask", LONG) == f"Hello. AI here. {QUESTION}"
        assert opening(LONG.greeting, "off", LONG) == LONG.greeting

    def test_that_an_ai_speaks_is_never_left_out(self) -> None:
        one = "Hello, an AI here, what now?"
        assert opening(one, "ask", LONG) == f"{one} {QUESTION}"
        assert opening(one, "announce", LONG) == f"{NOTICE} {one}"

    @pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it"])
    def test_the_shipped_phrases_fit(self, language: str) -> None:
        """In each language: who is called, that it is an AI, then the notice, and one question."""
        phrases: Phrases = load_agent(DEFAULT_AGENT_DIR).phrases[language]
        for greeting in (phrases.greeting, phrases.welcome_back):
            announced, asked = opening(greeting, "announce", phrases), opening(greeting, "ask", phrases)
            assert announced.endswith("?")
            assert announced.index("Larkhaven") < announced.index(phrases.recording_notice or "?")
            assert asked.count("?") == 1
            assert asked.endswith(phrases.recording_question or "none")


class TestAnnounced:
    def test_begins_when_the_greeting_has_been_heard_and_not_before(self) -> None:
        call = talk().starts()
        assert call.said() == [OPENED]
        call.agent_says("r0", OPENED, 4.0).after(3.9)
        assert not recorded(call)
        assert recorded(call.after(0.2))

    def test_begins_once(self) -> None:
        call = talk().starts().agent_says("r0", OPENED, 4.0).after(4.1)
        assert recorded(call)
        call.caller_says("c1", "sushi please").agent_says("r1", "There is one.", 1.0).after(1.1)
        assert not recorded(call)
        assert NOTICE not in call.said()

    def test_who_speaks_over_it_hears_it_before_the_reply(self) -> None:
        call = talk().starts().agent_says("r0", OPENED, 4.0).after(1.0)
        call.took()
        call.caller_says("c1", "I want some sushi please")
        assert call.said() == [NOTICE]
        assert not recorded(call)
        call.agent_says("r1", NOTICE, 2.0)
        assert call.said() == [""]  # and then the reply, which is owed
        assert recorded(call.after(2.1))

    def test_who_speaks_over_what_follows_has_heard_it(self) -> None:
        call = talk().starts().agent_says("r0", OPENED, 4.0).after(3.7)
        call.took()
        call.caller_says("c1", "I want some sushi please")
        took = call.took()
        assert Record() in took

    def test_who_cuts_it_short_each_time_is_not_recorded(self) -> None:
        call = talk().starts().agent_says("r0", OPENED, 4.0).after(0.5)
        said = []
        for n in range(5):
            call.took()
            call.caller_says(f"c{n}", "no wait, I want some sushi").done(f"reply{n - 1}", "cancelled")
            said += call.said()
            if said[-1] == NOTICE:
                call.agent_says(f"notice{n}", NOTICE, 3.0)
            call.hears(wire.ResponseCreated(wire.ResponseId(f"reply{n}"))).after(0.3)
        assert said == [NOTICE, NOTICE, NOTICE, "", ""]
        assert not recorded(call)

    def test_is_said_again_to_who_speaks_another_language(self) -> None:
        german = msgspec.structs.replace(LONG, recording_notice="Das wird aufgezeichnet.")
        languages = Languages(default="en-US", spoken=("en-US", "de-DE"))
        call = talk(phrases={"en": LONG, "de": german}, languages=languages)
        call.starts().agent_says("r0", OPENED, 4.0).after(4.1)
        call.took()
        call.caller_starts("c1").after(1.5).caller_stops("c1", "Ich möchte heute Abend bitte Sushi essen.")
        call.agent_says("r1", "Gern.", 1.0).after(1.1)  # asked for before the words were known
        call.took()
        call.caller_says("c2", "Haben Sie auch etwas ohne Fisch?")
        assert call.said() == ["Das wird aufgezeichnet."]

    def test_is_not_said_by_a_bridge_that_goes_on_with_a_call(self) -> None:
        call = Talk(agent(recording=Recording(mode="announce")), resumed=30.0).starts()
        assert call.said() == [""]
        call.agent_says("r0", "I am back.", 1.0).after(1.1).caller_says("c1", "sushi please")
        assert call.said() == [""]
        assert not recorded(call)


class TestAsked:
    def test_only_a_yes_begins_it(self) -> None:
        """Which is the model's to tell; here only that the question was heard."""
        call = talk("ask").starts()
        asked = f"Hello. AI here. {QUESTION}"
        assert call.said() == [asked]
        call.agent_says("r0", asked, 3.0).after(2.9)
        assert [call.notice.asked, call.after(0.2).notice.asked] == [False, True]
        assert not recorded(call)

    def test_is_not_asked_again(self) -> None:
        call = talk("ask").starts().agent_says("r0", f"Hello. AI here. {QUESTION}", 3.0).after(0.5)
        call.took()
        call.caller_says("c1", "I want some sushi please")
        assert call.said() == [""]
        assert not call.notice.asked


def test_without_the_setting_nothing_is_said_or_recorded() -> None:
    call = talk("off").starts()
    assert call.said() == [LONG.greeting]
    call.agent_says("r0", f"{LONG.greeting} {NOTICE}", 4.0).after(4.1)
    assert not recorded(call)


def test_a_mode_without_its_words_is_refused() -> None:
    with pytest.raises(ValueError, match=r"phrases\.en\.recording_question: missing"):
        agent(
            recording=Recording(mode="ask"),
            phrases={"en": msgspec.structs.replace(PHRASES, recording_question=None)},
        )
