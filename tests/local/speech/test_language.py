"""What callers are likely to say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from local.speech.adapter import ModelError
from local.speech.language import STARTS, Language
from local.speech.moonshine import BEGIN, END
from local.speech.questions import Question
from local.speech.recognizer import DEFAULT_LANGUAGE, DEFAULT_MODEL_DIR
from local.speech.tuning.language import Model, counted, save
from local.speech.tuning.tokenizer import Tokenizer

_VOCABULARY = 12
_SAID = [[5, 6, 7], [5, 6, 8], [5, 6, 7], [9, 6, 7], [9, 10], [5, 6, 7, 8]]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Language:
    file = tmp_path_factory.mktemp("language") / "small.npz"
    save(Model(counted((None, tokens) for tokens in _SAID), _VOCABULARY), _VOCABULARY, file)
    return Language.load(file)


@pytest.mark.parametrize(
    "said", [(BEGIN,), (BEGIN, 5), (BEGIN, 5, 6), (BEGIN, 9, 6, 7), (BEGIN, 11), (BEGIN, 11, 5, 6), (3, 4)]
)
def test_what_may_follow_adds_up_to_certainty(small: Language, said: tuple[int, ...]) -> None:
    shares = np.exp(small.scores(said, np.arange(_VOCABULARY)).astype(np.float64))
    assert shares.min() > 0
    assert shares.sum() == pytest.approx(1.0, abs=0.02)


def test_what_was_said_is_likelier_and_more_so_after_more_of_it(small: Language) -> None:
    [seven, eight, eleven] = small.scores((BEGIN, 5, 6), np.array([7, 8, 11]))
    assert seven > eight > eleven
    assert seven > small.scores((BEGIN, 10, 6), np.array([7]))[0]


def test_callers_of_a_restaurant_line_are_known() -> None:
    language = Language.load(DEFAULT_LANGUAGE)
    tokenizer = Tokenizer((DEFAULT_MODEL_DIR / "tokenizer.bin").read_bytes())

    def fluency(text: str) -> float:
        tokens = (BEGIN, *tokenizer.tokens(text), END)
        return sum(
            float(language.scores(tokens[:at], np.array([tokens[at]]))[0]) for at in range(1, len(tokens))
        )

    assert fluency("A table for two at half past seven.") > fluency("A table four two at have pass heaven.")
    assert fluency("The name is Sarah.") > fluency("The name a sir.")
    assert fluency("We're after some good noodles.") > fluency("Where after sum good new dulls.")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (Question.DAY, "Tomorrow evening."),
        (Question.TIME, "Half past seven."),
        (Question.PARTY, "Four people."),
        (Question.NAME, "Sarah Miller."),
        (Question.AGREEMENT, "Yes, that's right."),
        (Question.CHOICE, "The second one, please."),
    ],
)
def test_an_answer_is_likeliest_after_its_own_question(question: Question, answer: str) -> None:
    language = Language.load(DEFAULT_LANGUAGE)
    tokenizer = Tokenizer((DEFAULT_MODEL_DIR / "tokenizer.bin").read_bytes())

    def fluency(asked: Question) -> float:
        tokens = (STARTS[asked], *tokenizer.tokens(answer), END)
        return sum(
            float(language.scores(tokens[:at], np.array([tokens[at]]))[0]) for at in range(1, len(tokens))
        )

    assert max(Question, key=fluency) is question


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "none.npz"
    for content in (None, b"no model", b""):
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ModelError, match=r"none\.npz: missing, or no model of the language"):
            Language.load(file)
    np.savez(file, anywhere=np.zeros(3))
    with pytest.raises(ModelError, match="no model of the language"):
        Language.load(file)
