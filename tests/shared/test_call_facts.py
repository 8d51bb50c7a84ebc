"""What a call came to, what the caller wanted, what it cost: from records as the system leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from shared.agent_config import load_agent
from shared.call_facts import CallerOutcome, CallFacts, FactsMaker, NotEndedError
from shared.calls import Call, CallEvent, EventKind, Talk, ToolRun, Turn, apply
from shared.counter import facts_maker
from shared.intents import Decision, Intent, decide
from shared.prices import PricesError, Usage, load_prices
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_AGENT_DIR, DEFAULT_RESTAURANTS_FILE
from tests.shared.call_makers import RANG, a_call, booked, missed, ran, replied, said

AGENT, PRICES = load_agent(DEFAULT_AGENT_DIR), load_prices(DEFAULT_AGENT_DIR)
MAKER: FactsMaker = facts_maker(AGENT, PRICES, Catalogue.load(DEFAULT_RESTAURANTS_FILE))
NOTHING = {"error": "nothing_found", "message": ""}
TOLD = {"restaurant": "Golden Lotus", "id": "golden-lotus", "spoken": ""}


def facts(call: Call | None = None, turns: Sequence[Turn] = (), tools: Sequence[ToolRun] = ()) -> CallFacts:
    return MAKER.of(call or a_call(), turns, tools)


def handed_over() -> Call:
    call = a_call()
    for kind in (EventKind.TRANSFER_STARTED, EventKind.TRANSFER_ACCEPTED):
        call = apply(call, CallEvent(kind, RANG, transfer=1))
    return call


@pytest.mark.parametrize(
    ("call", "tools", "outcome"),
    [
        (missed(), [], CallerOutcome.MISSED),
        (a_call(end=EventKind.REJECTED), [], CallerOutcome.REJECTED),
        (a_call(end=EventKind.FAILED), [booked(0)], CallerOutcome.FAILED),
        (handed_over(), [booked(0)], CallerOutcome.HANDED_OVER),
        (a_call(), [booked(0), ran(1, "place_order", {}, {"ordered": True})], CallerOutcome.ORDERED),
        (a_call(), [booked(0), ran(1, "cancel_booking", {}, {"cancelled": True})], CallerOutcome.BOOKED),
        (a_call(), [ran(0, "move_booking", {}, {"changed": True})], CallerOutcome.CHANGED),
        (a_call(), [ran(0, "cancel_order", {}, {"cancelled": True})], CallerOutcome.CHANGED),
        (a_call(), [ran(0, "restaurant_details", {}, TOLD)], CallerOutcome.INFORMED),
        (a_call(), [ran(0, "find_restaurants", {}, {"exact": True})], CallerOutcome.INFORMED),
        (a_call(), [ran(0, "find_restaurants", {}, {"exact": False})], CallerOutcome.ABANDONED),
        (
            a_call(end=EventKind.HUNG_UP),
            [ran(0, "book_table", {}, {"error": "full"})],
            CallerOutcome.ANSWERED,
        ),
        (a_call(), [ran(0, "book_table", {}, {"error": "full"})], CallerOutcome.ABANDONED),
        (a_call(end=EventKind.HUNG_UP), [], CallerOutcome.ABANDONED),
    ],
)
def test_each_call_has_one_outcome(call: Call, tools: list[ToolRun], outcome: CallerOutcome) -> None:
    assert facts(call, (), tools).outcome is outcome


@pytest.mark.parametrize(
    ("turns", "tools", "expected"),
    [
        ([], [], (Intent.NONE, False)),
        (["Hm, nice weather"], [], (Intent.OTHER, False)),
        (["A table for two"], [booked(0)], (Intent.BOOK, True)),
        (["A table for two"], [ran(0, "book_table", {}, {"error": "full"})], (Intent.BOOK, False)),
        # It was found what was looked for, but the caller wanted a table.
        (["Book me a table"], [ran(0, "find_restaurants", {}, {"exact": True})], (Intent.BOOK, False)),
        (["When do you close"], [ran(0, "restaurant_details", {}, TOLD)], (Intent.ASK, True)),
        (["No, cancel that"], [ran(0, "restaurant_details", {}, TOLD)], (Intent.ASK, True)),
        (["Ich möchte einen Tisch reservieren"], [], (Intent.BOOK, False)),
        (["Je voudrais parler à une personne"], [], (Intent.PERSON, False)),
        (["Quiero cancelar mi reserva"], [], (Intent.BOOK, False)),
        (["I have to cancel it"], [], (Intent.CHANGE, False)),
        (["x"], [ran(0, "start_order", {}, {"order": 1})], (Intent.ORDER, False)),
        (
            ["x"],
            [ran(0, "start_order", {}, {}), ran(1, "place_order", {}, {"ordered": True})],
            (Intent.ORDER, True),
        ),
        # A second try that went well counts.
        (["x"], [ran(0, "book_table", {}, {"error": "full"}), booked(1)], (Intent.BOOK, True)),
        (["x"], [ran(0, "find_bookings", {}, {"bookings": []})], (Intent.CHECK, True)),
        (["x"], [ToolRun(0, "book_table", "{", "not JSON", 1, RANG)], (Intent.BOOK, False)),
    ],
)
def test_the_intent_is_the_strongest_wish(
    turns: list[str], tools: list[ToolRun], expected: tuple[Intent, bool]
) -> None:
    decision = decide(a_call(), [said(n, text) for n, text in enumerate(turns)], tools)
    assert (decision.intent, decision.reached) == expected
    assert decision.reason


def test_a_person_is_reached_when_one_took_the_call() -> None:
    asked = [ran(0, "transfer_to_person", {}, {"transferring": True})]
    assert decide(handed_over(), [], asked).reached
    assert not decide(a_call(), [], asked).reached
    assert decide(handed_over(), [], []).intent is Intent.PERSON  # by key, without the model


def test_a_reason_repeats_nothing_that_a_model_made_up() -> None:
    run = ran(0, "book_table", {}, {"error": "Anna Smith said no!"})
    assert decide(a_call(), [], [run]).reason == "book_table: failed"


def test_what_is_corrected_goes_before_the_rules() -> None:
    corrected = Decision(intent=Intent.ASK, reached=True, reason="heard it", by="ann")
    assert MAKER.of(a_call(), [], [booked(0)], corrected).decision is corrected


def test_times_and_counts() -> None:
    turns = [
        replied(0, AGENT.phrases["en"].greeting, None),
        said(1, "A table"),
        replied(
            2,
            "Which one?",
            1500,
            interrupted=True,
            interrupted_ms=500,
            input_tokens=1000,
            cached_tokens=400,
            output_tokens=50,
        ),
        said(3, "Sorry?"),
        replied(4, AGENT.phrases["en"].not_heard, 600),
        said(5, "Wie bitte?"),
    ]
    told = facts(a_call(seconds=61), turns, [booked(6), ran(7, "book_table", {}, {"error": "timeout"})])
    assert (told.seconds, told.greeting_ms, told.replies_ms, told.slowest_ms) == (61, 300, (1500, 600), 1500)
    assert (told.caller_turns, told.agent_turns, told.interruptions) == (3, 3, 1)
    assert told.misunderstandings == 3  # two who ask again, and the agent that has not heard
    assert told.tools == {"book_table": (2, 1)}
    assert told.usage == Usage(input_tokens=1000, cached_tokens=400, output_tokens=50)
    assert told.bookings == ("HKLMO",)
    assert told.booked_at == told.restaurants == ("golden-lotus",)


def test_the_same_booking_told_twice_is_one() -> None:
    assert facts(None, (), [booked(0), booked(1), booked(2, "QRTWX")]).bookings == ("HKLMO", "QRTWX")


@pytest.mark.parametrize(
    ("tool", "wish"),
    [
        (ran(0, "find_restaurants", {"dish": " Ramen "}, NOTHING), ("ramen",)),
        (
            ran(0, "find_restaurants", {"diet": "vegan", "area": "Harbour"}, {"exact": False}),
            ("vegan, harbour",),
        ),
        (ran(0, "find_restaurants", {"dish": "pizza"}, {"exact": True}), ()),
        (ran(0, "find_restaurants", {"open_at": "now"}, NOTHING), ()),
        (
            ran(0, "restaurant_details", {"restaurant": "Chez Paul"}, {"error": "unknown_restaurant"}),
            ("chez paul",),
        ),
        (
            ran(
                0,
                "restaurant_details",
                {"restaurant": "Golden Lotus", "dish": "Pho"},
                {"error": "unknown_dish"},
            ),
            ("pho, golden lotus",),
        ),
        (ran(0, "book_table", {}, {"error": "full"}), ()),
    ],
)
def test_wishes_are_what_was_not_there(tool: ToolRun, wish: tuple[str, ...]) -> None:
    assert facts(None, (), [tool]).wishes == wish


def test_a_talk_from_the_page_is_no_phone_call() -> None:
    assert facts(a_call(talk=Talk("user", "https://x.example"))).carrier == "browser"
    assert facts().carrier == "phone"


@pytest.mark.parametrize(
    ("usage", "seconds", "phone", "cost"),
    [
        (Usage(), 0, True, 0),
        (Usage(input_tokens=1_000_000), 0, True, 2_000_000),
        (Usage(input_tokens=1_000_000, cached_tokens=500_000), 0, True, 1_250_000),
        (Usage(output_tokens=1000), 60, True, 8000 + 110_000),
        (Usage(output_tokens=1000), 60, False, 8000 + 10_000),
    ],
)
def test_cost_by_the_table(usage: Usage, seconds: int, phone: bool, cost: int, tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text(
        'currency = "EUR"\nsource = "here"\nas_of = "2026-01-01"\n[minute]\nphone = 0.1\nvoice = 0.01\n'
        '[models]\n"gpt-4.1" = { input = 2.0, cached = 0.5, output = 8.0 }\n'
    )
    prices = load_prices(tmp_path)
    assert prices.cost("gpt-4.1", usage, seconds, phone=phone) == cost
    assert prices.cost("other", Usage(input_tokens=1), seconds, phone=phone) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("currency = 1", "currency"),
        ('currency = "EUR"\nsource = "x"\nas_of = "2026-02-30"', "as_of"),
        (
            'currency = "EUR"\nsource = "x"\nas_of = "2026-02-03"\n[models]\nm = { input = -1 }',
            "models.m.input",
        ),
        ("[", "not TOML"),
    ],
)
def test_wrong_prices_are_named(text: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text(text)
    with pytest.raises(PricesError, match=named):
        load_prices(tmp_path)


def test_a_call_that_goes_on_has_no_facts() -> None:
    live = Call(id=a_call().id, rang_at=RANG, claimed_at=RANG)
    with pytest.raises(NotEndedError):
        facts(live)
