"""What an answer is about, told from what was asked."""

from __future__ import annotations

import pytest

from local.speech.questions import Question, asked_for


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("What name shall I put it under?", Question.NAME),
        ("What name, please? Just the name will do.", Question.NAME),
        ("I need your name for that.", Question.NAME),
        ("Who is the booking for?", Question.NAME),
        ("What name shall", Question.NAME),
        ("So that is a table for two under the name Nolan. Shall I book it?", Question.AGREEMENT),
        ("Golden Lotus. What day would you like?", Question.DAY),
        ("What day and time would you like?", Question.DAY),
        ("Friday the fourth. What time would you like?", Question.TIME),
        ("Half past seven. For how many people?", Question.PARTY),
        ("Which restaurant would you like?", Question.CHOICE),
        ("I have two: Hanabi and Sakura House. Which one would you like?", Question.CHOICE),
        ("So that is a table at Hanabi, what time you said, Friday. Is that right?", Question.AGREEMENT),
        ("Would you like me to book a table there?", Question.AGREEMENT),
        ("What would you like to eat?", None),
        ("How can I help you?", None),
        ("", None),
    ],
)
def test_the_last_question_counts(said: str, question: Question | None) -> None:
    assert asked_for(said) is question
