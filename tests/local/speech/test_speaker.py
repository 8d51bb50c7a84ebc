"""Synthesis: what is said, by whom, how loud, and in which pieces."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from local.speech import VOICES, FloatAudio, Recognizer, Speaker, pcm16_to_float
from local.speech.audio import speech_level
from local.speech.speaker import SAMPLE_RATE
from tests.local.speech.measures import pitch, spoken, word_errors, words

SENTENCES = (
    "Can you recommend an Italian restaurant in the old town?",
    "Book a table for four on Friday at seven thirty.",
    "Which one is the closest to the station?",
    "I need a table for ten this Saturday evening.",
)
CALLERS = [voice for voice in VOICES if voice != "agent"]


def sound(speaker: Speaker, text: str, voice: str = "agent", rate: float = 1.0) -> FloatAudio:
    return pcm16_to_float(b"".join(speaker.stream(text, voice, rate)))


@pytest.mark.parametrize("voice", VOICES)
def test_every_voice_can_be_understood(speaker: Speaker, recognizer: Recognizer, voice: str) -> None:
    heard = [recognizer.transcribe(spoken(speaker, said, voice)).text for said in SENTENCES]
    errors = sum(word_errors(said, text) for said, text in zip(SENTENCES, heard, strict=True))
    assert errors <= 0.05 * sum(len(words(said)) for said in SENTENCES), heard


@pytest.mark.parametrize("voice", CALLERS)
def test_callers_have_a_pitch_of_their_own(speaker: Speaker, voice: str) -> None:
    agent = pitch(sound(speaker, SENTENCES[1]), SAMPLE_RATE)
    caller = pitch(sound(speaker, SENTENCES[1], voice), SAMPLE_RATE)
    assert caller / agent == pytest.approx(VOICES[voice].pitch, rel=0.08)


@pytest.mark.parametrize("voice", VOICES)
def test_speech_is_as_loud_as_on_a_telephone_line_and_never_clipped(speaker: Speaker, voice: str) -> None:
    for text in ("Four.", *SENTENCES):
        audio = sound(speaker, text, voice)
        assert speech_level(audio, SAMPLE_RATE) == pytest.approx(-20, abs=1.5)
        assert np.abs(audio).max() < 0.97


def test_each_sentence_is_a_chunk(speaker: Speaker) -> None:
    chunks = list(speaker.stream("Welcome. How can I help you? We are open until 10 p.m. on Friday."))
    assert len(chunks) == 3


def test_a_long_first_sentence_starts_with_its_first_clause(speaker: Speaker) -> None:
    """So that the first sound does not wait for the whole of it."""
    text = "I found three places for you, Golden Lotus in the old town, Sakura House and Thai Orchid."
    first, rest = speaker.stream(text)
    assert len(first) < len(rest) / 2
    assert len(list(speaker.stream(f"Sure. {text}"))) == 2


def test_chunks_start_with_speech_and_end_with_a_pause(speaker: Speaker) -> None:
    for chunk in speaker.stream("Sure. How many people will come?"):
        loud = np.flatnonzero(np.abs(pcm16_to_float(chunk)) > 0.02)
        assert loud[0] < 0.1 * SAMPLE_RATE
        assert len(chunk) // 2 - loud[-1] > 0.25 * SAMPLE_RATE


@pytest.mark.parametrize("text", ["", "   ", "!!!", "... - ?", "\u266a", "\n\n"])
def test_a_text_without_letters_or_digits_gives_nothing(speaker: Speaker, text: str) -> None:
    assert list(speaker.stream(text)) == []


def test_a_faster_rate_takes_less_time(speaker: Speaker) -> None:
    slow, fast = (len(sound(speaker, SENTENCES[0], rate=rate)) for rate in (0.8, 1.4))
    assert fast < 0.75 * slow


def test_the_same_text_gives_the_same_bytes_in_any_thread(speaker: Speaker) -> None:
    jobs = [(SENTENCES[0], "low"), (SENTENCES[1], "agent"), ("Quinoa, please.", "bright"), ("Four.", "old")]

    def speak(job: tuple[str, str]) -> bytes:
        return b"".join(speaker.stream(*job))

    alone = [speak(job) for job in jobs]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(speak, jobs * 2)) == alone * 2


def test_an_unknown_voice_or_rate_is_named(speaker: Speaker) -> None:
    with pytest.raises(ValueError, match="voice 'robot': there is none such; use one of agent, low"):
        next(speaker.stream("Hello.", "robot"))
    with pytest.raises(ValueError, match="rate 3"):
        next(speaker.stream("Hello.", rate=3.0))
