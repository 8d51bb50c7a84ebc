"""How single values are read from words: dates, times, sizes, names, and what an answer does."""

# ruff: noqa: E501 - tables of sentences read better a row a line

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.voice_live.mind.acts import Act, plainly_agrees, read_acts
from local.voice_live.mind.dates import find_dates, stated_now
from local.voice_live.mind.names import find_name
from local.voice_live.mind.party import find_party
from local.voice_live.mind.spans import places
from local.voice_live.mind.spoken import date_words, join_words, number_words, ordinal_words, time_words
from local.voice_live.mind.times import find_times
from local.voice_live.mind.words import MAX_CHARS, stem, tokenise

SUNDAY = date(2026, 11, 22)
WEDNESDAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 22, 18, 4)  # noqa: DTZ001 - local wall time, as the instructions state it


@pytest.mark.parametrize(("instructions", "now"), [
    ("Today is Sunday 22 November 2026. It is 18:04.", (2026, 11, 22, 18, 4)),
    ("You help. Opened on 3 May 1999.\nToday is Sunday, November 22, 2026. It is 6:04 PM.", (2026, 11, 22, 18, 4)),
    ("Current date: 2026-11-22 18:04 (Europe/Dublin).", (2026, 11, 22, 18, 4)),
    ("Today is Sunday the 22nd of November 2026.", (2026, 11, 22, 12, 0)),
    ("Today's date is 2026-11-22T07:30:00.", (2026, 11, 22, 7, 30)),
])  # fmt: skip
def test_the_time_stated_in_instructions(instructions: str, now: tuple[int, ...]) -> None:
    """The usual ways to state a day and a clock time are read; a day alone means noon."""
    assert stated_now(instructions) == datetime(*now)  # type: ignore[arg-type]  # noqa: DTZ001 - wall time


@pytest.mark.parametrize("instructions", ["", "You help callers.", "Today is 2026-13-45.", "It is 18:04."])
def test_instructions_without_a_day(instructions: str) -> None:
    """Where no day is stated, nothing is made up."""
    assert stated_now(instructions) is None


@pytest.mark.parametrize(("said", "today", "meant"), [
    ("today", SUNDAY, "2026-11-22"), ("to night", SUNDAY, "2026-11-22"), ("this evening", SUNDAY, "2026-11-22"),
    ("tomorrow night", SUNDAY, "2026-11-23"), ("the day after tomorrow", SUNDAY, "2026-11-24"),
    ("friday", SUNDAY, "2026-11-27"), ("this friday", SUNDAY, "2026-11-27"), ("next friday", SUNDAY, "2026-11-27"),
    ("next friday", WEDNESDAY, "2026-12-04"), ("next monday", WEDNESDAY, "2026-11-30"), ("sunday", SUNDAY, "2026-11-29"),
    ("this sunday", SUNDAY, "2026-11-22"), ("friday week", SUNDAY, "2026-12-04"), ("a week on friday", SUNDAY, "2026-12-04"),
    ("friday next week", WEDNESDAY, "2026-12-04"), ("in a week", SUNDAY, "2026-11-29"), ("in three days", SUNDAY, "2026-11-25"),
    ("the fifth of december", SUNDAY, "2026-12-05"), ("december 5th", SUNDAY, "2026-12-05"), ("5 december", SUNDAY, "2026-12-05"),
    ("December the 5th 2027", SUNDAY, "2027-12-05"), ("the fifth", SUNDAY, "2026-12-05"), ("on the 27th", SUNDAY, "2026-11-27"),
    ("the thirty first", SUNDAY, "2026-12-31"), ("friday the 27th of november", SUNDAY, "2026-11-27"),
    ("the third of january", SUNDAY, "2027-01-03"), ("2026-12-24", SUNDAY, "2026-12-24"), ("new year's eve", SUNDAY, "2026-12-31"),
    ("christmas day", SUNDAY, "2026-12-25"), ("saterday", SUNDAY, "2026-11-28"), ("thurs", SUNDAY, "2026-11-26"),
])  # fmt: skip
def test_dates(said: str, today: date, meant: str) -> None:
    """A spoken day is the next such day from the stated one on."""
    assert [found.value.isoformat() for found in find_dates(tokenise(said), today)] == [meant]


@pytest.mark.parametrize(
    "said", ["the first one", "seven thirty", "may I ask", "30 february", "just a second", "2026-02-30"]
)
def test_no_dates(said: str) -> None:
    """What only looks like a day is none."""
    assert find_dates(tokenise(said), SUNDAY) == []


@pytest.mark.parametrize(("said", "meant"), [
    ("at eight", "20:00"), ("at ate", "20:00"), ("half past seven", "19:30"), ("half seven", "19:30"), ("7:30", "19:30"),
    ("half-a-seven", "19:30"), ("half of eight", "20:30"), ("quarter passed six", "18:15"), ("water to eight", "19:45"),
    ("half, seven", "19:30"), ("six, thirty in the evening", "18:30"),
    ("7.30", "19:30"), ("at 730", "19:30"), ("7 30", "19:30"), ("seven thirty", "19:30"), ("1930", "19:30"), ("19:30", "19:30"),
    ("seven thirty p.m.", "19:30"), ("quarter to eight", "19:45"), ("quarter two eight", "19:45"), ("quarter past six", "18:15"),
    ("twenty past six", "18:20"), ("ten minutes to nine", "20:50"), ("eight o'clock", "20:00"), ("8 pm", "20:00"),
    ("8 a.m.", "08:00"), ("eight in the morning", "08:00"), ("at nine for breakfast", "09:00"), ("noon", "12:00"),
    ("midnight", "00:00"), ("at twelve", "12:00"), ("at one", "13:00"), ("around sevenish", "19:00"), ("at eleven", "11:00"),
    ("eleven tonight", "23:00"), ("eight oh five", "20:05"), ("in two hours", "20:04"), ("in half an hour", "18:34"),
    ("good morning, a table at seven", "19:00"), ("good evening, lunch at eleven", "11:00"),
    ("good morning, breakfast at seven", "07:00"),
    ("right now", "18:04"), ("nineteen forty five", "19:45"), ("by ten at the latest", "22:00"), ("12:30", "12:30"),
])  # fmt: skip
def test_times(said: str, meant: str) -> None:
    """A spoken clock time is one at which people dine unless the words say otherwise."""
    assert [f"{found.value:%H:%M}" for found in find_times(tokenise(said), NOW)] == [meant]


@pytest.mark.parametrize("said", [
    "a table for four", "four people", "about four people", "half an hour", "for two tonight", "25:10", "the first one", "number 5",
])  # fmt: skip
def test_no_times(said: str) -> None:
    """Sizes and other numbers are no times."""
    assert find_times(tokenise(said), NOW) == []


@pytest.mark.parametrize(("said", "meant"), [
    ("a table for four", 4), ("table for for", 4), ("a table four two", 2), ("a table four at eight", 4), ("for four", 4),
    ("table for too", 2), ("table for to please", 2), ("four people", 4), ("for people", 4), ("to people", 2), ("ate people", 8),
    ("for the two of us", 2), ("six of us", 6), ("there are four of us", 4), ("therefore of us", 4), ("a party of six", 6),
    ("me and my wife", 2), ("my husband and I", 2), ("me and two friends", 3), ("me my wife and my two kids", 4), ("me plus three", 4), ("my wife my son and me", 3), ("a couple", 2),
    ("just me", 1), ("just two", 2), ("only four, please", 4), ("two adults and two children", 4), ("make it five", 5), ("a dozen", 12), ("for twenty five people", 25),
])  # fmt: skip
def test_party_sizes(said: str, meant: int) -> None:
    """People count their company in many ways, and recognisers write the numbers in more."""
    found = find_party(tokenise(said))
    assert found is not None
    assert found.value == meant


@pytest.mark.parametrize("said", [
    "a place for people who like fish", "make it seven thirty", "at eight", "the first one", "for a while", "for lunch", "",
    "to go there", "that one", "just a second",
])  # fmt: skip
def test_no_party_sizes(said: str) -> None:
    """Times, ordinals and the word "for" itself count nobody."""
    assert find_party(tokenise(said)) is None


@pytest.mark.parametrize(("said", "asked", "meant"), [
    ("my name is sarah johnson", False, "Sarah Johnson"), ("under Johnson please", False, "Johnson"),
    ("the name is van der Berg", False, "van der Berg"), ("put it under O'Brien", False, "O'Brien"),
    ("in the name of Smith at eight", False, "Smith"), ("This is Anna.", False, "Anna"), ("I'm Peter Brown.", False, "Peter Brown"),
    ("sarah", True, "Sarah"), ("um it's mark please", True, "Mark"), ("J O N E S", True, "Jones"), ("Mr. Brown", True, "Mr Brown"),
    ("my name is sarah and we are four", False, "Sarah"), ("McDonald", True, "McDonald"), ("for Anna", True, "Anna"),
    ("at seven, Walsh is the name", False, "Walsh"), ("Anna Kelly is my name", False, "Anna Kelly"),
])  # fmt: skip
def test_names(said: str, asked: bool, meant: str) -> None:
    """A name ends where a name ends, and is written with capitals."""
    found = find_name(tokenise(said), asked=asked)
    assert found is not None
    assert found.value == meant


@pytest.mark.parametrize(("said", "asked"), [
    ("i'm hungry", False), ("this is great", False), ("what time is it", True), ("it's for four people", False), ("yes please", True),
    ("sarah", False), ("no", True), ("under the bridge at eight", False), ("what is the name", False), ("Friday is the name of the day", False),
])  # fmt: skip
def test_no_names(said: str, asked: bool) -> None:
    """Everyday words after "I'm" and the like are no names."""
    assert find_name(tokenise(said), asked=asked) is None


@given(st.dates(SUNDAY, SUNDAY + timedelta(days=364)))
def test_a_day_read_out_is_read_back_the_same(day: date) -> None:
    """Every day as the mind says it means that day when a caller repeats it."""
    assert [found.value for found in find_dates(tokenise(date_words(day)), SUNDAY)] == [day]


@given(st.times().map(lambda clock: clock.replace(second=0, microsecond=0)))
def test_a_time_read_out_is_read_back_the_same(clock: time) -> None:
    """Every time of the day, as the mind says it, means that time when a caller repeats it."""
    said = "at " + time_words(clock)
    assert [found.value for found in find_times(tokenise(said), NOW)] == [clock]


def test_no_two_times_of_day_sound_alike() -> None:
    """A read-back can only mean one time."""
    clocks = [time(hour, minute) for hour in range(24) for minute in range(60)]
    assert len({time_words(clock) for clock in clocks}) == len(clocks)


@pytest.mark.parametrize(("said", "agrees"), [
    ("yes", True), ("yes please", True), ("that's right thank you", True), ("ok go ahead", True), ("sure, book it", True),
    ("yes but later", False), ("no", False), ("yes wait", False), ("ok, what about Monday, is it open then?", False), ("", False),
    ("right, so I have a question about parking places", False), ("I don't think that's right", False), ("please", True),
])  # fmt: skip
def test_plain_agreement(said: str, agrees: bool) -> None:
    """Only a yes with nothing held back agrees."""
    tokens = tokenise(said)
    assert plainly_agrees(tokens, read_acts(tokens, said)) is agrees


@pytest.mark.parametrize(("said", "act"), [
    ("sorry?", Act.REPEAT), ("what was that", Act.REPEAT), ("hold on a second", Act.WAIT), ("um", Act.WAIT),
    ("never mind", Act.CANCEL), ("bye bye", Act.GOODBYE), ("that's all thanks", Act.DONE), ("I don't mind", Act.ANYTHING),
    ("know", Act.NO), ("good morning", Act.HELLO), ("what can you do", Act.HELP), ("is it open", Act.QUESTION),
])  # fmt: skip
def test_acts(said: str, act: Act) -> None:
    """What a sentence does beside giving facts."""
    assert act in read_acts(tokenise(said), said)


def test_words() -> None:
    """Tokens carry numbers and marks, compounds are joined, and a pasted page is cut."""
    tokens = tokenise("Twenty-seventh, 7:30 p.m.; café o'clock!")
    assert [(token.text, token.number, token.mark) for token in tokens] == [
        ("twenty seventh", 27, ","), ("7:30", None, ""), ("pm", None, ";"), ("cafe", None, ""), ("oclock", None, "!"),
    ]  # fmt: skip
    assert len(tokenise("word " * 10_000)) <= MAX_CHARS
    assert {stem(word) for word in ("book", "books", "booked", "booking", "bookings")} == {"book"}


def test_a_mark_parts_two_numbers() -> None:
    """A time and then a party: "thirty, three" is not thirty-three."""
    assert [token.number for token in tokenise("thirty, three")] == [30, 3]
    assert [token.number for token in tokenise("thirty three")] == [33]


def test_spoken_forms() -> None:
    """Numbers and lists as they are said."""
    assert [number_words(n) for n in (0, 12, 27, 140)] == ["zero", "twelve", "twenty-seven", "140"]
    assert [ordinal_words(n) for n in (1, 20, 31)] == ["first", "twentieth", "thirty-first"]
    assert [join_words(parts, "or") for parts in ([], ["a"], ["a", "b", "c"])] == ["", "a", "a, b or c"]


def test_positions_of_findings() -> None:
    """A finding knows the words it stands in, so that nothing is read twice."""
    found = find_dates(tokenise("a table on friday the 27th at eight"), SUNDAY)
    assert places(found) == {3, 4, 5}
