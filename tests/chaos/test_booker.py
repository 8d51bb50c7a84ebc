"""What a caller makes of what they hear."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.booker import NAME, NO, QUESTIONS, YES, Booker
from local.scripts import WISHES
from shared.agent_config import load_agent
from shared.settings import DEFAULT_AGENT_DIR

PHRASES = load_agent(DEFAULT_AGENT_DIR).phrases_for("en")
REQUEST = "A table for two at Tokyo Corner tomorrow at seven."


def booker(*questions: str) -> Booker:
    return Booker(WISHES[0], "tomorrow at seven", questions)


def test_a_table_is_booked() -> None:
    caller = booker(QUESTIONS[0])
    assert caller.hear(PHRASES.greeting) == QUESTIONS[0]
    assert caller.hear("It is in Station Road, in the Harbour area.") == REQUEST
    assert caller.hear("What name shall I put it under?") == NAME
    assert caller.hear("So that is a table at Tokyo Corner under the name Anna. Is that right?") == YES
    assert not caller.told
    assert caller.hear("Your table is booked. Shall I remember that for next time?") == NO
    assert (caller.told, caller.greeted, caller.sent_away) == (True, 1, False)
    assert caller.hear("All right. Goodbye.") is None
    assert not caller.sent_away


@pytest.mark.parametrize("filler", PHRASES.fillers)
def test_a_filler_is_listened_past(filler: str) -> None:
    caller = booker()
    caller.hear(PHRASES.greeting)
    assert caller.hear(filler) is None
    assert caller.said == [REQUEST]


@pytest.mark.parametrize("again", [PHRASES.apology, PHRASES.not_heard, PHRASES.still_there])
def test_what_got_lost_is_said_again(again: str) -> None:
    caller = booker()
    caller.hear(PHRASES.greeting)
    caller.hear("What name shall I put it under?")
    assert caller.hear(again) == NAME
    assert caller.hears_nothing() == NAME


def test_another_time_is_asked_for_when_there_is_no_table() -> None:
    caller = Booker(WISHES[0], "tomorrow at seven", (), ("tomorrow at eight",))
    prepared = set(caller.vocabulary)
    caller.hear(PHRASES.greeting)
    answer = caller.hear("Tokyo Corner has no table for two left tomorrow at seven. Nothing was booked.")
    assert answer == "A table for two at Tokyo Corner tomorrow at eight."
    assert answer in prepared


def test_being_sent_away_is_noticed() -> None:
    caller = booker()
    caller.hear(PHRASES.greeting)
    assert caller.hear(PHRASES.trouble) is None
    assert caller.sent_away


@given(
    st.lists(st.text(max_size=40) | st.sampled_from([PHRASES.greeting, "name", "again", "is booked", "bye"]))
)
def test_whatever_is_heard_the_caller_says_what_was_prepared(heard: list[str]) -> None:
    caller = booker(*QUESTIONS[:2])
    for text in heard:
        answer = caller.hear(text)
        assert answer is None or answer in caller.vocabulary
    assert caller.hears_nothing() in caller.vocabulary
