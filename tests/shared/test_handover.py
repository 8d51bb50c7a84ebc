"""Whom a caller is handed over to, when, and with which words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import config_check
from shared.config_check import ConfigError
from shared.handover import (
    MOST_SUMMARY,
    Nobody,
    Targets,
    Transfer,
    Week,
    check_restaurants,
    choose,
    paragraph,
    sip_headers,
    transfer_context,
    transfer_number,
    voip_headers,
)
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_RESTAURANTS_FILE

CATALOGUE = Catalogue.load(DEFAULT_RESTAURANTS_FILE)
LOTUS = CATALOGUE.get("golden-lotus")
OTHER = next(restaurant for restaurant in CATALOGUE.restaurants if restaurant is not LOTUS)
DUBLIN = ZoneInfo("Europe/Dublin")
MINUTE = timedelta(minutes=1)
EVERYBODY, AT_LOTUS = "+15550111", "8:acs:lotus"
OFFICE = Week(monday=("09:00-12:30", "13:30-17:00"), tuesday=("09:00-17:00",))

MONDAY_MORNING = datetime(2026, 11, 23, 10, tzinfo=DUBLIN)
"""The Golden Lotus is closed on Mondays."""
TUESDAY_EVENING = datetime(2026, 11, 24, 19, tzinfo=DUBLIN)
TUESDAY_NIGHT = datetime(2026, 11, 24, 23, tzinfo=DUBLIN)


def targets(**table: Any) -> Targets:
    """The table as agent.toml has it."""
    return config_check.convert(table, Targets, "transfer.")


class TestChoose:
    BOTH = Targets(to=EVERYBODY, hours=OFFICE, restaurants={LOTUS.id: AT_LOTUS})

    def test_without_hours_somebody_is_always_there(self) -> None:
        assert choose(Targets(to=EVERYBODY), None, DUBLIN, TUESDAY_NIGHT) == EVERYBODY

    def test_without_a_restaurant_it_is_who_answers_for_all(self) -> None:
        assert choose(self.BOTH, None, DUBLIN, MONDAY_MORNING) == EVERYBODY

    def test_a_restaurant_that_is_open_answers_itself(self) -> None:
        assert choose(self.BOTH, LOTUS, DUBLIN, TUESDAY_EVENING) == AT_LOTUS

    def test_a_restaurant_that_is_closed_is_answered_for(self) -> None:
        assert choose(self.BOTH, LOTUS, DUBLIN, MONDAY_MORNING) == EVERYBODY

    def test_so_is_one_without_people_of_its_own(self) -> None:
        assert choose(self.BOTH, OTHER, DUBLIN, MONDAY_MORNING) == EVERYBODY

    def test_when_nobody_is_there_the_first_to_come_is_named(self) -> None:
        """Wednesday is no day of the office; the restaurant opens at noon."""
        noon = datetime(2026, 11, 25, 12, tzinfo=DUBLIN)
        assert choose(self.BOTH, LOTUS, DUBLIN, TUESDAY_NIGHT) == Nobody(noon)
        monday = datetime(2026, 11, 30, 9, tzinfo=DUBLIN)
        assert choose(self.BOTH, None, DUBLIN, TUESDAY_NIGHT) == Nobody(monday)

    def test_nobody_is_ever_there_for_a_restaurant_that_is_not_in_the_table(self) -> None:
        only = Targets(restaurants={LOTUS.id: AT_LOTUS})
        assert choose(only, OTHER, DUBLIN, TUESDAY_EVENING) == Nobody(None)
        assert choose(only, None, DUBLIN, TUESDAY_EVENING) == Nobody(None)

    @given(st.integers(0, 2 * 365 * 24 * 60).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + n * MINUTE))
    def test_who_is_told_to_call_again_reaches_somebody_then(self, now: datetime) -> None:
        for restaurant in (None, LOTUS):
            chosen = choose(self.BOTH, restaurant, DUBLIN, now)
            if isinstance(chosen, Nobody):
                assert chosen.until is not None
                assert now < chosen.until
                assert not isinstance(choose(self.BOTH, restaurant, DUBLIN, chosen.until), Nobody)
                before = chosen.until - MINUTE
                assert before < now or isinstance(choose(self.BOTH, restaurant, DUBLIN, before), Nobody)


class TestTable:
    """What an operator may write."""

    def test_left_out_nobody_can_be_reached(self) -> None:
        assert not targets().any

    @pytest.mark.parametrize("target", ["+15550111", "4:+15550111", "8:acs:1_2", "8:orgid:abc"])
    def test_whom_call_automation_can_call(self, target: str) -> None:
        assert targets(to=target).any
        assert targets(restaurants={"golden-lotus": target}).any

    def test_hours_past_midnight_and_of_a_whole_day(self) -> None:
        week = targets(to=EVERYBODY, hours={"friday": ["18:00-02:00"], "sunday": ["00:00-00:00"]}).hours
        hours = week.opening_hours(DUBLIN)
        assert hours.is_open(datetime(2026, 11, 28, 1, 59, tzinfo=DUBLIN))
        assert hours.is_open(datetime(2026, 11, 29, 23, 59, tzinfo=DUBLIN))
        assert not hours.is_open(datetime(2026, 11, 30, 0, 0, tzinfo=DUBLIN))

    @pytest.mark.parametrize(
        ("table", "said"),
        [
            ({"to": "5550111"}, "transfer.to: '5550111' is not allowed; use a phone number such as"),
            ({"to": "+1555 0111"}, "transfer.to: "),
            ({"to": "+15550111\n"}, "transfer.to: "),
            ({"to": "sip:desk@example.com"}, "transfer.to: "),
            ({"restaurants": {"golden-lotus": "desk"}}, "transfer.restaurants: {'golden-lotus': 'desk'} is"),
            ({"to": EVERYBODY, "hours": {"monday": ["9-17"]}}, "transfer.hours.monday: ['9-17'] is not"),
            ({"to": EVERYBODY, "hours": {"monday": ["09:00-24:00"]}}, "transfer.hours.monday: "),
            (
                {"to": EVERYBODY, "hours": {"monday": ["22:00-03:00"], "tuesday": ["02:00-09:00"]}},
                "transfer.hours.tuesday: opening hours overlap: the span from Tuesday 02:00",
            ),
            ({"hours": {"monday": ["09:00-17:00"]}}, "transfer.to: missing; hours are set"),
            ({"number": EVERYBODY}, "transfer.number: unknown key"),
        ],
    )
    def test_a_fault_is_named_with_its_key(self, table: dict[str, Any], said: str) -> None:
        with pytest.raises(ConfigError, match=rf"^{re.escape(said)}"):
            targets(**table)

    def test_a_restaurant_that_does_not_exist_is_named(self) -> None:
        known = [restaurant.id for restaurant in CATALOGUE.restaurants]
        check_restaurants(Targets(restaurants={LOTUS.id: AT_LOTUS}), known)
        with pytest.raises(ValueError, match=r"^transfer\.restaurants\.golden-lotos: there is no such"):
            check_restaurants(Targets(restaurants={"golden-lotos": AT_LOTUS}), known)


class TestSummary:
    """Limits of the custom calling context: "How to pass contextual data between calls"."""

    @given(st.text(max_size=3000))
    def test_sip_headers_are_allowed_and_give_the_words_back(self, text: str) -> None:
        headers = sip_headers(paragraph(text))
        assert len(headers) <= 5
        assert all(re.fullmatch(r"X-MS-Custom-[A-Za-z0-9-]{1,52}", key) for key in headers)
        assert all(re.fullmatch(r"[A-Za-z0-9=;.!%*_+~-]{1,256}", value) for value in headers.values())
        for value in headers.values():
            assert unquote_plus(value).isprintable()  # no character is split between two headers
        whole = unquote_plus("".join(headers.values()))
        assert paragraph(text).startswith(whole)

    @given(st.text(st.sampled_from("abcdefghij ."), max_size=3000))
    def test_a_plain_paragraph_is_carried_whole(self, text: str) -> None:
        said = paragraph(text)
        assert unquote_plus("".join(sip_headers(said).values())) == said
        assert "".join(voip_headers(said).values()) == said

    def test_the_headers_stand_in_order(self) -> None:
        assert list(sip_headers("word " * 80)) == ["X-MS-Custom-Summary", "X-MS-Custom-Summary-2"]
        assert sip_headers("") == {}
        assert voip_headers("") == {}

    @given(st.text(max_size=3000), st.integers(20, MOST_SUMMARY))
    def test_a_paragraph_is_one_line_of_bounded_length(self, text: str, most: int) -> None:
        said = paragraph(text, most)
        assert len(said) <= most
        assert said == said.strip()
        assert said.isprintable()
        assert paragraph(said, most) == said

    def test_a_long_one_is_cut_between_words(self) -> None:
        assert paragraph("one two\n\nthree", 10) == "one two…"
        assert paragraph("a" * 50, 10) == "aaaaaaaaa…"
        assert paragraph("Anna\x00 wants\t tea") == "Anna wants tea"

    def test_a_transfer_shows_neither_number_nor_words_when_printed(self) -> None:
        assert repr(Transfer(EVERYBODY, "Anna wants tea")) == "Transfer()"


class TestContext:
    """What callbacks bring back."""

    def test_the_context_names_the_hand_over(self) -> None:
        assert [transfer_number(transfer_context(n)) for n in (1, 2, 17)] == [1, 2, 17]

    @pytest.mark.parametrize(
        "context", [None, "", "answer", "transfer-", "transfer-0", "transfer-1x", "transfer-99999"]
    )
    def test_other_contexts_name_none(self, context: str | None) -> None:
        assert transfer_number(context) == 0
