"""The language of a caller, told from a few words."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.agent_config import load_agent
from shared.languages import detect, primary
from shared.settings import DEFAULT_AGENT_DIR

SPOKEN = ("en-US", "de-DE", "fr-FR", "es-ES", "it-IT")
SENTENCES: dict[str, list[str]] = defaultdict(list)
"""What callers of a restaurant line say, two to ten words, without punctuation, by language."""
for line in (Path(__file__).parent / "short_sentences.tsv").read_text("utf-8").splitlines():
    language, _, sentence = line.partition("\t")
    SENTENCES[language].append(sentence)


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it"])
def test_short_sentences_are_told_apart(language: str) -> None:
    """A wrong language is worse than none: after none, the call goes on in the one before."""
    found = {sentence: detect(sentence, SPOKEN) for sentence in SENTENCES[language]}
    wrong = {sentence: tag for sentence, tag in found.items() if tag and primary(tag) != language}
    right = [sentence for sentence, tag in found.items() if tag and primary(tag) == language]
    assert len(found) == 50
    assert not wrong
    assert len(right) >= 47


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "pt"])
def test_portuguese_costs_its_neighbours_little(language: str) -> None:
    """Half the words of a sentence may be Spanish too: then none is found, never the wrong one."""
    found = [detect(sentence, (*SPOKEN, "pt-PT")) for sentence in SENTENCES[language]]
    assert {tag for tag in found if tag and primary(tag) != language} == set()
    assert len([tag for tag in found if tag]) >= (44 if language in ("es", "pt") else 47)


def test_the_agents_own_phrases_are_in_their_language() -> None:
    agent = load_agent(DEFAULT_AGENT_DIR)
    for language, phrases in agent.phrases.items():
        for text in (phrases.greeting, phrases.apology, phrases.farewell, phrases.key_offer(person=True)):
            assert detect(text, SPOKEN) == next(tag for tag in SPOKEN if primary(tag) == language), text


@pytest.mark.parametrize(
    "name",
    [
        "Bella Napoli",
        "La Cantina",
        "Golden Lotus",
        "Taverna Dionysos",
        "Tagliatelle al ragù",
        "Crème brûlée",
        "Pad Thai",
        "Jean-Luc Picard",
        "Müller",
        "Okay",
        "Mhm",
        "19:30",
        "",
    ],
)
def test_a_name_or_a_dish_is_no_language(name: str) -> None:
    assert detect(name, SPOKEN) is None


@pytest.mark.parametrize(
    ("sentence", "tag"),
    [
        ("I would like the crème brûlée at La Cantina", "en-US"),
        ("Ich möchte die Tagliatelle al ragù", "de-DE"),
        ("Can I get a table at Bella Napoli", "en-US"),
        ("C’est pour ce soir", "fr-FR"),  # noqa: RUF001 - a typographic apostrophe, as recognisers write it
    ],
)
def test_a_name_does_not_carry_the_sentence_away(sentence: str, tag: str) -> None:
    assert detect(sentence, SPOKEN) == tag


def test_only_the_given_languages_are_found() -> None:
    assert detect("Ich hätte gern einen Tisch für zwei", ["en-GB", "de-AT"]) == "de-AT"
    assert detect("Ich hätte gern einen Tisch für zwei", ["de-CH", "de-DE"]) == "de-CH"
    assert detect("Ich hätte gern einen Tisch für zwei", ["en-US", "fr-FR"]) is None
    assert detect("Ich hätte gern einen Tisch für zwei", ["nl-NL"]) is None
    assert detect("Ich hätte gern einen Tisch für zwei", []) is None


@given(st.text(max_size=200), st.lists(st.sampled_from([*SPOKEN, "pt-PT", "en"]), max_size=6))
def test_anything_is_one_of_the_given_languages_or_none(text: str, among: list[str]) -> None:
    assert detect(text, among) in {*among, None}


@given(st.sampled_from([sentence for found in SENTENCES.values() for sentence in found]))
def test_case_and_punctuation_do_not_matter(sentence: str) -> None:
    assert detect(f"{sentence.upper()}?!", SPOKEN) == detect(sentence, SPOKEN)
