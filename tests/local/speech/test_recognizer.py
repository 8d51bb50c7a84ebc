"""Recognition on real audio."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from local.speech import FloatAudio, ModelError, Recognizer, Speaker, is_noise, read_wav
from local.speech.moonshine import DecoderState, Moonshine
from shared.restaurants import Catalogue
from shared.settings import DEFAULT_RESTAURANTS_FILE
from tests.local.speech.measures import over_the_telephone, spoken, word_errors, words

HELD_OUT = Path(__file__).parent / "held_out"
LINES = [line.split("\t") for line in (HELD_OUT / "transcripts.tsv").read_text().splitlines()]
SHORT_ANSWERS = (
    "Yes.",
    "No thanks.",
    "Four.",
    "Seven thirty.",
    "Tomorrow.",
    "Two people.",
    "The second one.",
)


@pytest.fixture(scope="module")
def phrases() -> list[str]:
    """What the restaurant line itself gives a session."""
    return Catalogue.load(DEFAULT_RESTAURANTS_FILE).phrases()


@pytest.mark.parametrize(
    ("voice", "carried", "most"),
    [("joe", "clean", 0.02), ("joe", "telephone", 0.03), ("slt", "clean", 0.02), ("slt", "telephone", 0.03)],
)
def test_voices_the_project_cannot_speak_itself_are_understood(
    recognizer: Recognizer, phrases: list[str], voice: str, carried: str, most: float
) -> None:
    """Word error rate over twenty sentences and eight short answers."""
    errors = total = 0
    mistakes = []
    for number, said in LINES:
        audio, _ = read_wav(HELD_OUT / voice / f"{number}.wav")
        heard = recognizer.transcribe(over_the_telephone(audio) if carried == "telephone" else audio, phrases)
        wrong = word_errors(said, heard.text)
        errors, total = errors + wrong, total + len(words(said))
        if wrong:
            mistakes.append(f"{said} | {heard}")
    assert errors / total <= most, "\n".join(mistakes)


@pytest.mark.parametrize("voice", ["low", "bright", "old"])
@pytest.mark.parametrize("carried", ["clean", "telephone"])
def test_short_answers_are_heard_and_not_taken_for_noise(
    recognizer: Recognizer, speaker: Speaker, phrases: list[str], voice: str, carried: str
) -> None:
    for said in SHORT_ANSWERS:
        audio = spoken(speaker, said, voice)
        heard = recognizer.transcribe(over_the_telephone(audio) if carried == "telephone" else audio, phrases)
        assert word_errors(said, heard.text) == 0, f"{said} | {heard}"
        assert not is_noise(heard)


def test_phrases_decide_where_the_audio_leaves_a_choice(recognizer: Recognizer, speaker: Speaker) -> None:
    audio = spoken(speaker, "Do they serve bhindi bhaji?")
    assert "bhindi" not in recognizer.transcribe(audio).text.lower()
    assert "bhindi bhaji" in recognizer.transcribe(audio, ["Bhindi Bhaji"]).text.lower()


def test_phrases_that_were_not_said_are_not_heard(
    recognizer: Recognizer, speaker: Speaker, phrases: list[str]
) -> None:
    for said in ("Do I need to wear a tie?", "So she said we could come later.", "Do you take credit cards?"):
        assert word_errors(said, recognizer.transcribe(spoken(speaker, said), phrases).text) == 0


def test_who_is_not_surely_understood_is_heard_again_at_other_paces(
    recognizer: Recognizer, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless the speech is long, which would take too long."""
    heard: list[int] = []
    encode = Moonshine.encode

    def counted(model: Moonshine, audio: FloatAudio) -> DecoderState:
        heard.append(len(audio))
        return encode(model, audio)

    monkeypatch.setattr(Moonshine, "encode", counted)
    audio = spoken(speaker, "Can I book a table for two people tomorrow?")
    assert recognizer.transcribe(audio).confidence > 0.8
    assert len(heard) == 1
    monkeypatch.setattr("local.speech.recognizer._SURE", 1.1)  # nobody ever is
    heard.clear()
    assert words(recognizer.transcribe(audio).text)[:3] == ["can", "i", "book"]
    first, *again = heard
    assert sorted(round(length / first, 2) for length in again) == [0.92, 1.0, 1.1]
    heard.clear()
    recognizer.transcribe(np.pad(audio, (0, 8 * 16_000)))
    assert len(heard) == 1


def test_one_hypothesis_is_enough_for_a_partial_result(recognizer: Recognizer, speaker: Speaker) -> None:
    audio = spoken(speaker, "Can I book a table for two people tomorrow?")
    heard = recognizer.transcribe(audio[: len(audio) // 2], beam=1).text
    assert words(heard)[:3] == ["can", "i", "book"]


def test_quiet_speech_is_heard_as_loud_speech_is(recognizer: Recognizer, speaker: Speaker) -> None:
    audio = spoken(speaker, "I need a table for ten this Saturday evening.")
    assert words(recognizer.transcribe(audio * np.float32(0.03)).text) == words(
        recognizer.transcribe(audio).text
    )


@pytest.mark.parametrize("samples", [0, 1, 400, 1600, 3999])
def test_too_little_audio_is_no_word_and_no_crash(recognizer: Recognizer, samples: int) -> None:
    heard = recognizer.transcribe(np.full(samples, 0.1, np.float32), ["sushi"])
    assert (heard.text, heard.confidence) == ("", 0.0)


@pytest.mark.parametrize("seconds", [0.25, 1.0, 3.0])
def test_what_is_made_of_noise_is_told_from_speech(recognizer: Recognizer, seconds: float) -> None:
    samples = int(seconds * 16_000)
    click = np.zeros(samples, np.float32)
    click[samples // 2 : samples // 2 + 40] = 0.8
    hiss = np.random.default_rng(1).normal(0, 0.03, samples).astype(np.float32)
    for audio in (np.zeros(samples, np.float32), click, hiss):
        assert is_noise(recognizer.transcribe(audio, ["sushi"]))


def test_threads_share_a_recogniser(recognizer: Recognizer, speaker: Speaker) -> None:
    lines = ["Friday.", "What is the address?", "A table for six, please.", "Do you have vegan food?"]
    audio = [spoken(speaker, line) for line in lines]
    alone = [recognizer.transcribe(one) for one in audio]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(recognizer.transcribe, audio * 2)) == alone * 2


def test_a_beam_of_nothing_is_refused(recognizer: Recognizer) -> None:
    with pytest.raises(ValueError, match="beam: 0"):
        recognizer.transcribe(np.zeros(16_000, np.float32), beam=0)


def test_a_missing_or_broken_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"encoder_model\.ort: missing; run `make setup`"):
        Recognizer(tmp_path)
    for name in ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"):
        (tmp_path / name).write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"encoder_model\.ort: not a model"):
        Recognizer(tmp_path)
