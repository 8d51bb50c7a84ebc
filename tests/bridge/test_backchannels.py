"""Signs of listening are told from words that want the floor, however recognisers spell them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.backchannels import has_words, is_backchannel, may_become_backchannel
from tests.e2e.interruptions.cases import BACKCHANNELS, INTERRUPTIONS

SPELLINGS = {
    "en-US": (
        *("Mm-hmm.", "mm hmm", "Mhm", "Mmhmm.", "Hmm", "Uh-huh", "uh huh.", "Uhhuh", "Aha!", "Ohh.", "Ooh"),
        *(
            "Okay.",
            "OK",
            "O.K.",
            "Ok, ok.",
            "yeah.",
            "Yeah, right.",
            "Right?",
            "All right.",
            "Alright",
            "Got it!",
        ),
        *(
            "I see.",
            "Oh, I see.",
            "Oh, nice!",
            "Oh wow",
            "that\N{RIGHT SINGLE QUOTATION MARK}s great",
            "Thank you.",
        ),
        *("Mm-hmm, okay, I see.", "Yeah, yeah, yeah."),
    ),
    "en-GB": ("Lovely.", "Brilliant."),
    "de-DE": ("Ja.", "Ja, genau.", "Ach so.", "Alles klar.", "Okay, gut.", "Mhm", "Schön."),
    "fr-FR": ("Oui.", "D'accord.", "Ah bon?", "Très bien.", "Je vois.", "ouais, ouais", "Hum."),
    "es-ES": ("Sí.", "Vale, vale.", "Claro que sí.", "Ya veo.", "Ajá.", "Muy bien."),
    "it-IT": ("Sì.", "Va bene.", "Ho capito.", "Certo, certo.", "Ah, ecco.", "D'accordo"),
    "pt-BR": ("Mm-hmm.", "OK.", "Ah!"),
}

TAKES_THE_FLOOR = {
    "en-US": (
        *("No.", "Stop.", "Wait", "Actually", "What?", "Hold on.", "Sorry?", "Four.", "7", "Sarah.", "Help"),
        *(
            "Okay, but wait.",
            "Yeah but no",
            "Right, and the address?",
            "I see, so is it open?",
            "I want sushi",
        ),
        *("Yes, book it.", "Yes please.", "Uh-uh.", "uh uh", "Nuh-uh.", "Ja.", "Got a question", "Bye."),
        "okay okay okay okay okay okay okay okay",
    ),
    "de-DE": ("Nein.", "Halt.", "Moment.", "Ja, aber wann?", "Wie bitte?", "Right.", "er"),
    "fr-FR": ("Non.", "Attendez.", "Oui, mais quand ?", "Pardon ?"),
    "es-ES": ("No.", "Espera.", "Sí, pero no.", "¿Cómo?"),
    "it-IT": ("No.", "Aspetti.", "Sì, ma dove?", "Come?"),
    "pt-BR": ("Sim.", "Não."),
}


def _pairs(texts: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(text, language) for language, spelled in texts.items() for text in spelled]


@pytest.mark.parametrize(("text", "language"), _pairs(SPELLINGS))
def test_a_sign_of_listening_is_one_in_every_spelling(text: str, language: str) -> None:
    assert is_backchannel(text, language)
    assert may_become_backchannel(text, language)


@pytest.mark.parametrize(("text", "language"), _pairs(TAKES_THE_FLOOR))
def test_what_says_more_is_none(text: str, language: str) -> None:
    assert not is_backchannel(text, language)
    assert has_words(text)


def test_every_case_is_told_by_its_words() -> None:
    """What the audio tests say to the recogniser, before it mishears anything."""
    assert [text for text in BACKCHANNELS if not is_backchannel(text, "en-US")] == []
    assert [text for text in INTERRUPTIONS if is_backchannel(text, "en-US")] == []


@pytest.mark.parametrize(
    "text", ["", " ", "...", "♪", "\N{HORIZONTAL ELLIPSIS}", "You", "you.", "Thanks for watching!"]
)
def test_what_recognisers_make_of_noise_is_no_speech(text: str) -> None:
    assert not has_words(text)
    assert not is_backchannel(text, "en-US") or not has_words(text)


def test_you_with_more_words_is_speech() -> None:
    assert has_words("You misunderstood me.")


@pytest.mark.parametrize("text", ["I", "Got", "Oh, I", "Okay, sounds", "That's", "all", "Yeah, makes"])
def test_first_words_may_leave_it_open(text: str) -> None:
    """ "I" may be the start of "I see": it is no sign of listening yet, and no interruption yet."""
    assert not is_backchannel(text, "en-US")
    assert may_become_backchannel(text, "en-US")


@pytest.mark.parametrize("text", ["I want", "Stop", "Okay, but", "Got a", "That's not", "Uh-uh", "nuh uh"])
def test_a_word_too_many_decides_it(text: str) -> None:
    assert not may_become_backchannel(text, "en-US")


_listed = st.sampled_from([text for text, language in _pairs(SPELLINGS) if language == "en-US"])
_spoken = st.text(alphabet="abcdeghimnosuy '-.,é", max_size=30)


@given(listed=_listed, word=st.sampled_from(["no", "stop", "wait", "but", "four", "sushi", "Sarah", "where"]))
def test_one_real_word_is_enough(listed: str, word: str) -> None:
    """Wherever a word stands that is no sign of listening, the whole is none."""
    assert not is_backchannel(f"{listed} {word}", "en-US")
    assert not is_backchannel(f"{word} {listed}", "en-US")
    assert not may_become_backchannel(f"{word} {listed}", "en-US")


@given(text=_spoken, language=st.sampled_from(["en-US", "de", "fr-CA", "ja-JP", ""]))
def test_case_and_punctuation_change_nothing(text: str, language: str) -> None:
    told = is_backchannel(text, language)
    assert is_backchannel(text.upper() + "!", language) == told
    assert is_backchannel(f" {text} ...", language) == told


@given(text=_spoken)
def test_every_beginning_of_a_sign_of_listening_leaves_it_open(text: str) -> None:
    """Partial transcripts of what ends as a sign of listening never take the floor."""
    words = text.split()
    if is_backchannel(text, "en-US"):
        for count in range(len(words) + 1):
            assert may_become_backchannel(" ".join(words[:count]), "en-US")


@given(listed=st.lists(_listed, min_size=1, max_size=2))
def test_every_beginning_of_a_listed_one_leaves_it_open(listed: list[str]) -> None:
    words = " ".join(listed).split()
    if is_backchannel(" ".join(words), "en-US"):
        for count in range(len(words) + 1):
            assert may_become_backchannel(" ".join(words[:count]), "en-US")
