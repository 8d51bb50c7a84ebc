"""What a person reads about a call they take over, when no model wrote it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from bridge.summary import LONGEST, Ran, Said, summarise

BOOKED = json.dumps(
    {
        "booked": True,
        "code": "KMRTW",
        "restaurant": "Golden Lotus",
        "id": "golden-lotus",
        "date": "2026-11-27",
        "time": "19:30",
        "party_size": 4,
        "name": "Anna",
        "spoken": "Your table ...",
    }
)
REFUSED = json.dumps({"error": "full", "message": "Golden Lotus has no table left.", "alternatives": []})
DETAILS = json.dumps({"restaurant": "Trattoria Sole", "id": "trattoria-sole", "spoken": "It is open."})

turns = st.lists(st.tuples(st.sampled_from(["caller", "agent"]), st.text(max_size=200)), max_size=12)
runs = st.lists(
    st.tuples(
        st.sampled_from(["find_restaurants", "restaurant_details", "book_table", "end_call"]),
        st.sampled_from([REFUSED, '{"error": "timeout", "message": "slow"}', "[]", "no JSON", "{}"]),
    )
    | st.just(("book_table", BOOKED))
    | st.just(("restaurant_details", DETAILS)),
    max_size=8,
)


@given(turns, runs)
def test_it_is_one_short_paragraph_whatever_happened(said: list[Said], ran: list[Ran]) -> None:
    summary = summarise(said, ran)
    assert 0 < len(summary) <= LONGEST
    assert summary.isprintable()


@given(turns, runs)
def test_a_booking_that_stands_comes_first(said: list[Said], ran: list[Ran]) -> None:
    summary = summarise(said, [*ran, ("book_table", BOOKED)])
    assert summary.startswith("Booked: Golden Lotus, 2026-11-27 19:30, 4 people, Anna, code KMRTW.")


def test_it_tells_what_was_tried_and_the_callers_last_words() -> None:
    said: list[Said] = [
        ("agent", "Good evening."),
        ("caller", "A table for four."),
        ("agent", "When?"),
        ("caller", "Friday."),
        ("caller", "I want a person."),
        ("caller", " "),
    ]
    ran = [("restaurant_details", DETAILS), ("restaurant_details", DETAILS), ("book_table", REFUSED)]
    assert summarise(said, ran) == (
        "Last booking refused: full. Asked about Trattoria Sole. "
        "Caller's last words: A table for four. / Friday. / I want a person."
    )


def test_a_refusal_that_was_made_good_is_left_out() -> None:
    assert "refused" not in summarise([], [("book_table", REFUSED), ("book_table", BOOKED)])


def test_a_caller_who_said_nothing_has_a_summary_too() -> None:
    assert summarise([], []) == "The caller asked for a person and said nothing else."


def test_a_booking_is_told_as_it_stands() -> None:
    """Moved, then cancelled: the person must not look for a table that is gone."""
    table = {
        "restaurant": "Cedar Grill",
        "date": "2026-11-23",
        "party_size": 2,
        "name": "Anna",
        "code": "HKLMO",
    }
    ran = [
        ("book_table", json.dumps({"booked": True, "time": "19:00", **table})),
        ("move_booking", json.dumps({"changed": True, "time": "20:00", **table})),
    ]
    moved = summarise([], ran)
    assert "20:00" in moved
    assert "19:00" not in moved
    gone = summarise(
        [], [*ran, ("cancel_booking", json.dumps({"cancelled": True, "time": "20:00", **table}))]
    )
    assert "Cancelled: Cedar Grill" in gone
    assert "Booked" not in gone


def test_an_order_is_told_as_it_stands() -> None:
    """Placed or cancelled; and one that is only begun is not taken for an order."""
    pizza = {"restaurant": "Napoli Pizza", "items": [{"quantity": 2, "name": "Margherita Pizza"}]}
    begun = ("order_item", json.dumps(pizza))
    placed = ("place_order", json.dumps({**pizza, "code": "KMRTW", "total": "23.00"}))
    cancelled = ("cancel_order", placed[1])
    nothing = ("start_order", json.dumps({**pizza, "items": []}))
    assert "not placed: Napoli Pizza, 2 Margherita Pizza." in summarise(
        [], [begun, ("review_order", REFUSED)]
    )
    assert summarise([], [begun, placed]).startswith("Ordered: Napoli Pizza, 2 Margherita Pizza, 23.00, code")
    assert "begun" not in summarise([], [begun, placed])
    assert summarise([], [begun, placed, cancelled]).startswith("Order cancelled: Napoli Pizza")
    assert "not placed: Napoli Pizza, nothing yet." in summarise([], [placed, nothing])
