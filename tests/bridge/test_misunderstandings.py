"""The misunderstanding ladder: up at every misunderstanding, down one rung for what was understood."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.misunderstandings import Misunderstandings, Rung
from shared.repairs import asks_again

_RUNGS = list(Rung)

_AGAIN = {
    "en-US": [
        "Sorry?",
        "I'm sorry, what was that?",
        "Pardon me?",
        "What?",
        "Huh?",
        "Come again?",
        "Sorry, I didn't catch that.",
        "I didn\u2019t quite get that",
        "Can you say that again, please?",
        "Um, could you repeat that?",
        "Excuse me, what did you say?",
        "Hello? I can't hear you.",
    ],
    "de-DE": [
        "Wie bitte?",
        "Was?",
        "Hä?",
        "Entschuldigung, wie war das?",
        "Noch mal, bitte.",
        "Das habe ich nicht verstanden.",
        "Können Sie das bitte wiederholen?",
        "Was haben Sie gesagt?",
    ],
    "fr-FR": [
        "Pardon ?",
        "Comment ?",
        "Quoi ?",
        "Excusez-moi, je n'ai pas compris.",
        "Vous pouvez répéter, s'il vous plaît ?",
        "Qu\u2019est-ce que vous avez dit ?",
        "Désolé, vous dites ?",
    ],
    "es-ES": [
        "¿Cómo?",
        "¿Qué?",
        "¿Perdón?",
        "Perdone, no le he entendido.",
        "¿Puede repetir, por favor?",
        "¿Qué ha dicho?",
        "Otra vez, por favor.",
    ],
    "it-IT": [
        "Come?",
        "Eh?",
        "Scusi?",
        "Come, scusi?",
        "Mi scusi, non ho capito.",
        "Può ripetere, per favore?",
        "Cosa ha detto?",
    ],
}
_NOT_AGAIN = {
    "en-US": [
        "What about eight?",
        "What time do you close?",
        "Sorry, I meant seven.",
        "No, sorry.",
        "Please.",
        "Wait.",
        "Hello again.",
        "Again at seven, please.",
        "Can you say if they have vegan food?",
        "I don't get off work before six.",
    ],
    "de-DE": ["Was kostet das?", "Wie lange haben Sie offen?", "Bitte.", "Entschuldigung, ich meinte acht."],
    "fr-FR": ["Comment y aller ?", "Pardon, à huit heures.", "Oui, s'il vous plaît."],
    "es-ES": ["¿Qué hay de postre?", "No, perdón, a las ocho.", "Cómo no."],
    "it-IT": ["Come si arriva?", "Scusi, alle otto.", "Pronto?"],
    "nl-NL": ["Wat zegt u?", "Sorry?"],
}


@pytest.mark.parametrize(
    ("text", "language"), [(text, language) for language, texts in _AGAIN.items() for text in texts]
)
def test_asking_again_is_recognised(text: str, language: str) -> None:
    """In each language, with and without politeness."""
    assert asks_again(text, language)


@pytest.mark.parametrize(
    ("text", "language"), [(text, language) for language, texts in _NOT_AGAIN.items() for text in texts]
)
def test_who_says_something_does_not_ask_again(text: str, language: str) -> None:
    """The same words with a matter beside them; and languages that are not known here."""
    assert not asks_again(text, language)


@given(text=st.lists(st.sampled_from(["sorry", "what", "was", "that", "again", "please"]), min_size=13))
def test_a_long_turn_is_never_only_asking_again(text: list[str]) -> None:
    """Whatever a recogniser writes of a bad line, it is answered without trying every way to read it."""
    assert not asks_again(" ".join(text), "en-US")


def test_the_rungs_come_in_order_and_the_last_one_stays() -> None:
    """Whatever the misunderstanding: no transcription, only punctuation, or the caller who asks again."""
    ladder = Misunderstandings()
    assert ladder.not_heard() is Rung.REPHRASE
    assert ladder.caller_said("Sorry?", "en-US") is Rung.NARROW
    assert ladder.caller_said("...", "en-US") is Rung.KEYPAD
    assert ladder.not_heard() is Rung.PERSON
    assert ladder.not_heard() is Rung.PERSON


def test_what_was_understood_leads_one_rung_down() -> None:
    """On a line that loses two turns of three, a person is reached all the same."""
    ladder = Misunderstandings()
    rungs = []
    for _ in range(3):
        rungs += [ladder.not_heard(), ladder.not_heard()]
        assert ladder.caller_said("For four people.", "en-US") is None
    assert rungs[-1] is Rung.PERSON


def test_a_clear_line_stays_on_the_ground() -> None:
    """One lost turn in the middle of a good talk never leads further than saying it again."""
    ladder = Misunderstandings()
    for _ in range(5):
        assert ladder.caller_said("Tomorrow at eight.", "en-US") is None
        assert ladder.not_heard() is Rung.REPHRASE


def test_the_same_words_a_third_time_are_a_loop() -> None:
    """However they are written; answers to it are no way out of it, new words are."""
    ladder = Misunderstandings()
    assert ladder.agent_said("For how many people?") is None
    assert ladder.agent_said("for how many people") is None
    assert ladder.agent_said("For how many people?!") is Rung.REPHRASE
    assert ladder.caller_said("Four, I said.", "en-US") is None
    assert ladder.agent_said("For how many people?") is Rung.NARROW
    assert ladder.agent_said("Is it four of you?") is None
    assert ladder.caller_said("Yes, four.", "en-US") is None
    assert ladder.not_heard() is Rung.NARROW


def test_what_is_often_said_is_no_loop() -> None:
    """Short words of assent, other numbers in the same question, and words that were long ago."""
    ladder = Misunderstandings()
    assert {ladder.agent_said("Of course.") for _ in range(9)} == {None}
    assert {ladder.agent_said(f"A table at {hour}?") for hour in range(9)} == {None}
    for turn in range(20):
        assert ladder.agent_said("Anything else I can do?") is None
        assert {ladder.agent_said(f"This is news of turn {turn}, {part}.") for part in "abcd"} == {None}


_turns = st.lists(st.sampled_from(["lost", "again", "understood", "news"]), max_size=60)


@given(turns=_turns)
def test_the_ladder_is_climbed_rung_by_rung(turns: list[str]) -> None:
    """Up one at each misunderstanding, never past the last; down one at each turn understood, never below."""
    ladder, height = Misunderstandings(), 0
    for number, turn in enumerate(turns):
        match turn:
            case "lost" | "again":
                rung = ladder.not_heard() if turn == "lost" else ladder.caller_said("What?", "en")
                height = min(height + 1, len(_RUNGS))
                assert rung is _RUNGS[height - 1]
            case "understood":
                assert ladder.caller_said("At eight.", "en") is None
                height = max(height - 1, 0)
            case _:
                assert ladder.agent_said(f"A new thing, number {number}.") is None


@given(turns=st.lists(st.sampled_from(["lost", "again", "loop"]), min_size=2, max_size=30))
def test_until_something_is_understood_the_ladder_only_climbs(turns: list[str]) -> None:
    """Whatever the mix of misunderstandings: no rung is below the one before, and all are passed."""
    ladder = Misunderstandings()
    rungs: list[Rung] = []
    for turn in turns:
        match turn:
            case "lost":
                rung: Rung | None = ladder.not_heard()
            case "again":
                rung = ladder.caller_said("Wie bitte?", "de-AT")
            case _:
                rung = ladder.agent_said("Für wie viele Personen?")
        if rung is not None:
            rungs.append(rung)
    heights = [_RUNGS.index(rung) for rung in rungs]
    assert all(later - earlier in (0, 1) for earlier, later in pairwise(heights))
    assert heights == [min(step, len(_RUNGS) - 1) for step in range(len(heights))]
