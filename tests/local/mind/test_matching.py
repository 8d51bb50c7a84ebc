"""Names as recognisers write them, and words that must not be taken for names."""

# ruff: noqa: E501 - tables of sentences read better a row a line

from __future__ import annotations

import pytest

from local.voice_live.mind.matching import Matcher, likeness, option_words, sound_key
from local.voice_live.mind.words import tokenise

NAMES = Matcher(
    [
        "The Golden Lotus",
        "Giovanni's Trattoria",
        "Bangkok Palace",
        "Green Table",
        "Napoli Pizza",
        "El Camino",
    ],
    phrases={"chinese place": "The Golden Lotus"},
    general=frozenset({"pizza"}),
)
KINDS = Matcher(["Thai", "Italian", "Chinese"])


def best(said: str) -> str | None:
    """The best option for a sentence."""
    found = NAMES.find(tokenise(said))
    return found[0].option if found else None


@pytest.mark.parametrize(("said", "option"), [
    ("a table at the golden lotus please", "The Golden Lotus"), ("golden lotos", "The Golden Lotus"),
    ("gold in lotus", "The Golden Lotus"), ("at the lotus", "The Golden Lotus"), ("giovanis", "Giovanni's Trattoria"),
    ("jovanni's trattoria", "Giovanni's Trattoria"), ("giovanni's tratoria", "Giovanni's Trattoria"),
    ("bankok palace", "Bangkok Palace"), ("the green table", "Green Table"), ("napoly pizza", "Napoli Pizza"),
    ("the one called napoli", "Napoli Pizza"), ("elcamino", "El Camino"), ("camino", "El Camino"),
    ("that chinese place", "The Golden Lotus"),
])  # fmt: skip
def test_a_mangled_name_is_found(said: str, option: str) -> None:
    """Misspelled, split, joined, shortened or spoken of in other words."""
    assert best(said) == option


@pytest.mark.parametrize("said", [
    "please", "police", "a pizza", "book a table", "the green one", "at eight", "palace", "place", "", "good evening",
    "what about tomorrow", "the", "I would like to eat something nice",
])  # fmt: skip
def test_everyday_words_are_no_names(said: str) -> None:
    """Ordinary words never become a name, however alike they look."""
    assert best(said) is None


def test_a_shared_word_has_rivals() -> None:
    """A shortened name that fits two options tells both."""
    (found,) = Matcher(["Golden Lotus", "Golden Dragon"]).find(tokenise("the golden"))
    assert {found.option, *found.rivals} == {"Golden Lotus", "Golden Dragon"}


def test_two_names_in_one_sentence() -> None:
    """Each name keeps its own words."""
    found = NAMES.find(tokenise("is the lotus better than giovannis"))
    assert {match.option for match in found} == {"The Golden Lotus", "Giovanni's Trattoria"}


@pytest.mark.parametrize(
    ("said", "option"), [("tie food", "Thai"), ("thigh restaurant", "Thai"), ("italien", "Italian")]
)
def test_a_kind_by_its_sound(said: str, option: str) -> None:
    """A short word is believed by its sound alone where only a kind can stand."""
    found = KINDS.find(tokenise(said), kind_words=frozenset({"food", "restaurant"}))
    assert [match.option for match in found] == [option]


def test_a_sound_alone_is_not_believed_elsewhere() -> None:
    """A tie is a tie."""
    assert KINDS.find(tokenise("I wear a tie"), kind_words=frozenset({"food"})) == []


@pytest.mark.parametrize(("said", "option"), [
    ("a table at jo vanies trotter ria", "Giovanni's Trattoria"), ("where is the banker palate", "Bangkok Palace"),
])  # fmt: skip
def test_a_guess_for_a_name_mangled_beyond_likeness(said: str, option: str) -> None:
    """Where a name must have been said, the one that sounds most like the words is guessed."""
    tokens = tokenise(said)
    assert NAMES.find(tokens) == []
    guess = NAMES.guess(tokens, frozenset())
    assert guess is not None
    assert guess.option == option


def test_no_guess_from_everyday_words() -> None:
    """Nothing is guessed from words that are all ordinary, or taken already."""
    assert NAMES.guess(tokenise("where can I get a good dinner tonight"), frozenset()) is None
    assert NAMES.guess(tokenise("banker palate"), frozenset({0, 1})) is None


def test_likeness_is_symmetric_and_bounded() -> None:
    """The measure lies between 0 and 1 and does not depend on the order."""
    words = ["lotus", "lotos", "giovannis", "jovanis", "palace", "please", "thai", "tie", ""]
    for a in words:
        for b in words:
            assert 0 <= likeness(a, b) <= 1
            assert likeness(a, b) == likeness(b, a)
    assert likeness("lotus", "lotus") == 1


def test_parts() -> None:
    """The pieces: sound and the words of an option."""
    assert sound_key("lotos") == sound_key("lotus")
    assert sound_key("lusha") == sound_key("lucia")
    assert option_words("The Golden-Lotus") == ("golden", "lotus")
    assert option_words("glutenFree") == ("gluten", "free")
