"""Codes as they are said, and whose booking it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.booking_access import is_named, is_own, own_number
from shared.booking_code import LETTERS, read_code
from shared.booking_records import Booking

BOOKING = Booking(
    "KMRTW",
    "thai-orchid",
    date(2026, 11, 27),
    time(19, 30),
    2,
    "Anna Schmidt",
    "call",
    "4:+15550100",
    datetime(2026, 11, 22, tzinfo=UTC),
)


class TestCodes:
    """By the code alphabet."""

    @pytest.mark.parametrize(
        "said",
        [
            "KMRTW",
            "k m r t w",
            "K, M, R, T, W",
            "kay em are tea double you",
            "K as in kilo, M as in Mike, R as in Romeo, T as in tango, W as in whiskey",
            "k like kangaroo m like mother r like river t like table w like water",
            "kilo mike romeo tango whiskey",
            "kay, em, ar, tee, double-u",
            "A N R B W",
            "jnrpw",
            "K M R V double u",
        ],
    )
    def test_a_code_is_read_as_it_was_given(self, said: str) -> None:
        assert read_code(said) == "KMRTW"

    @pytest.mark.parametrize("said", ["", "KMRT", "KMRTWX", "12345", "K M R T 2", "my booking", "%", "*****"])
    def test_what_is_no_code_is_none(self, said: str) -> None:
        assert read_code(said) is None

    @given(st.text(max_size=200))
    def test_any_text_is_a_code_or_none(self, said: str) -> None:
        code = read_code(said)
        assert code is None or (len(code) == 5 and set(code) <= set(LETTERS))

    @given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=5, max_size=5))
    def test_every_letter_sounds_like_one_of_a_code(self, said: str) -> None:
        assert read_code(said) is not None


class TestOwn:
    """By number and by call."""

    @pytest.mark.parametrize(
        ("caller", "number"),
        [
            ("+15550100", "+15550100"),
            ("4:+15550100", "+15550100"),
            ("8:acs:tenant_user", "8:acs:tenant_user"),
            ("anonymous", None),
            ("4:anonymous", None),
            ("+", None),
            ("4:+15550100\n", None),
            ("", None),
            (None, None),
        ],
    )
    def test_a_number_is_one_person_s_or_nobody_s(self, caller: str | None, number: str | None) -> None:
        assert own_number(caller) == number

    def test_the_number_or_the_call_makes_it_the_caller_s(self) -> None:
        assert is_own(BOOKING, "+15550100", "another call")
        assert is_own(BOOKING, None, "call")
        assert not is_own(BOOKING, "+15550101", "another call")

    def test_nobody_s_number_is_not_the_same_as_nobody_s(self) -> None:
        assert not is_own(replace(BOOKING, caller="anonymous"), "anonymous", "another call")
        assert not is_own(replace(BOOKING, caller=None), None, "another call")


class TestNamed:
    """The name as the second proof."""

    @pytest.mark.parametrize(
        "said", ["Anna Schmidt", "Schmidt", "schmitt", "Mrs. Schmidt", "Miss Anna Schmid", "SCHMIDT, Anna"]
    )
    def test_the_family_name_is_the_proof(self, said: str) -> None:
        assert is_named(BOOKING, said)

    @pytest.mark.parametrize(
        "said",
        [
            "",
            "Anna",
            "Miller",
            "Mrs.",
            "a",
            "*",
            "the person who booked",
            "Smith Jones Miller Brown Taylor Schmidt",
        ],
    )
    def test_nothing_less_is(self, said: str) -> None:
        assert not is_named(BOOKING, said)

    def test_a_name_of_one_word_is_that_word(self) -> None:
        assert is_named(replace(BOOKING, name="Kim"), "Kim")
        assert not is_named(replace(BOOKING, name="Kim"), "Tom")
