"""Waiting for the rest of a sentence: what level, model, timeout and eagerness do to the end of a turn."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from local.voice_live.outbox import Recognize
from local.voice_live.unfinished import Level, is_unfinished
from tests.local.voice_live.doubles import Bench, ScriptedRecognizer, silence, tone

FRAME_MS = 32
SILENCE_MS = 500
TIMEOUT_MS = 1500

HESITATION = "For four people, um..."
NO_NOUN = "I'd like a table for"
NO_OBJECT = "Can you book"
WHOLE = "A table for two."


def detection(kind: str = "azure_semantic_vad", **end: object) -> dict[str, object]:
    ending = {"model": "semantic_detection_v1", "timeout_ms": TIMEOUT_MS, **end}
    return {"type": kind, "silence_duration_ms": SILENCE_MS, "end_of_utterance_detection": ending}


def silence_before_the_end(words: str, turn_detection: Mapping[str, object]) -> int:
    """Silence in ms, in whole steps of 100, after which a turn with these words is ended."""
    bench = Bench(recognizer=ScriptedRecognizer(words))
    bench.update(turn_detection=turn_detection)
    bench.hear(tone(1000), silence(9000))
    [stopped] = bench.only("input_audio_buffer.speech_stopped")
    return int(stopped["audio_end_ms"] - 1000) // 100 * 100


@pytest.mark.parametrize("kind", ["azure_semantic_vad", "azure_semantic_vad_multilingual", "server_vad"])
@pytest.mark.parametrize(("words", "after_ms"), [(NO_NOUN, TIMEOUT_MS), (WHOLE, SILENCE_MS)])
def test_an_unfinished_sentence_is_waited_for(kind: str, words: str, after_ms: int) -> None:
    assert silence_before_the_end(words, detection(kind)) == after_ms


@pytest.mark.parametrize(
    ("level", "waits"),
    [
        ("low", {HESITATION}),
        ("medium", {HESITATION, NO_NOUN}),
        ("default", {HESITATION, NO_NOUN}),
        ("high", {HESITATION, NO_NOUN, NO_OBJECT}),
    ],
)
def test_each_level_waits_for_more(level: str, waits: set[str]) -> None:
    for words in (HESITATION, NO_NOUN, NO_OBJECT, WHOLE):
        after_ms = silence_before_the_end(words, detection(threshold_level=level))
        assert (words, after_ms) == (words, TIMEOUT_MS if words in waits else SILENCE_MS)


@pytest.mark.parametrize(
    ("model", "after_ms"),
    [
        ("semantic_detection_v1", SILENCE_MS),
        ("semantic_detection_v1_en", SILENCE_MS),
        ("semantic_detection_v1_multilingual", TIMEOUT_MS),
    ],
)
def test_only_the_multilingual_model_knows_other_languages(model: str, after_ms: int) -> None:
    assert silence_before_the_end("Quiero una mesa para", detection(model=model)) == after_ms


@pytest.mark.parametrize(
    ("eagerness", "after_ms"), [("high", 2000), ("medium", 4000), ("auto", 4000), ("low", 8000)]
)
def test_the_less_eager_the_longer_an_unfinished_sentence_is_waited_for(
    eagerness: str, after_ms: int
) -> None:
    openai = {"type": "semantic_vad", "eagerness": eagerness}
    assert silence_before_the_end(NO_NOUN, openai) == after_ms
    assert silence_before_the_end(WHOLE, openai) == SILENCE_MS


def test_semantic_vad_is_for_realtime_models() -> None:
    bench = Bench(target="gpt-4.1")
    bench.update(turn_detection={"type": "semantic_vad"})
    error = bench.last("error")["error"]
    assert (error["code"], error["param"]) == ("invalid_value", "session.turn_detection.type")
    assert bench.update(turn_detection={"type": "azure_semantic_vad"})[0]["type"] == "session.updated"


@pytest.mark.parametrize(("looks_at_words", "after_ms"), [(True, TIMEOUT_MS), (False, SILENCE_MS)])
def test_words_that_come_too_late_hold_the_turn_up_to_the_timeout(
    looks_at_words: bool, after_ms: int
) -> None:
    """As in audio pushed in faster than it is recognized. Only end-of-utterance detection waits."""
    bench = Bench(by_hand=True, recognizer=ScriptedRecognizer(WHOLE))
    ending = detection() if looks_at_words else {"type": "server_vad", "silence_duration_ms": SILENCE_MS}
    bench.update(turn_detection=ending)
    bench.hear(tone(1000), silence(2000))
    [stopped] = bench.only("input_audio_buffer.speech_stopped")
    assert stopped["audio_end_ms"] - 1000 - after_ms in range(2 * FRAME_MS + 1)
    assert any(isinstance(effect, Recognize) for effect in bench.waiting)


@pytest.mark.parametrize("text", [HESITATION, NO_NOUN, "I want sushi and,", "I\u2019d"])
@pytest.mark.parametrize("level", ["medium", "high"])
def test_sentences_that_go_on(level: Level, text: str) -> None:
    assert is_unfinished(text, level)


@pytest.mark.parametrize("text", [WHOLE, "Yes.", "Four,", "", "seven thirty", "Oh yeah."])
@pytest.mark.parametrize("level", ["low", "medium", "high"])
def test_sentences_that_are_over(level: Level, text: str) -> None:
    assert not is_unfinished(text, level, multilingual=True)


def test_what_only_may_go_on_is_over_below_the_highest_level() -> None:
    assert not is_unfinished("Is that what it is?")
    assert is_unfinished("Is that what it is?", "high")
