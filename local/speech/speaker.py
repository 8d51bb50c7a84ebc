"""Text to speech: hibari, 24 kHz, sentence by sentence."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator

import numpy as np
from hibari import Hibari, dsp

from local.speech.audio import FloatAudio, float_to_pcm16, speech_level
from local.speech.voices import VOICES, VoiceShape, reshape

SAMPLE_RATE = 24_000

_LEVEL_DB = -20.0
"""Level of the speaking parts below full scale, as telephone networks like it."""
_PEAK = 0.95
_SPEAKABLE = re.compile(r"[A-Za-z0-9]")
_CLAUSE_END = re.compile(r"[,;:\u2014]\s+")
_LONG_SENTENCE = 60  # characters: more takes longer than 30 ms to make on two cores
_SHORT_CLAUSE = 12  # characters: less sounds torn off on its own

_AUDIBLE_BELOW_SPEECH_DB = 45.0
_FRAME = SAMPLE_RATE // 200  # 5 ms
_ONSET_FRAMES = 6  # kept before the first audible frame: soft consonants
_DECAY_FRAMES = 16
_PAUSE_SECONDS = {"sentence": 0.3, "clause": 0.1}


class Speaker:
    """Shared by all who speak; blocking; safe to use from several threads."""

    def __init__(self, pronounce: Callable[[str], str] | None = None) -> None:
        """`pronounce` turns text into hibari's sounds; left out, as an American would."""
        self._hibari = Hibari(threads=1, g2p=pronounce)
        self._phonemizer = threading.Lock()  # its tables are filled as words come up
        for _ in self.stream("Warm up."):  # the first sentence costs 0.3 s, so it is not a caller's
            pass

    def stream(self, text: str, voice: str = "agent", rate: float = 1.0) -> Iterator[bytes]:
        """Speak `text`: PCM16LE 24 kHz mono, one chunk a sentence, the same bytes each time.

        A long first sentence comes in two chunks, so that the first is there sooner. Each chunk starts with
        speech and ends with a natural pause. A text without a letter or digit gives nothing.

        Raises:
            ValueError: there is no such voice, or `rate` is outside 0.5 to 2.
        """
        shape = VOICES.get(voice)
        if shape is None:
            raise ValueError(f"voice {voice!r}: there is none such; use one of {', '.join(VOICES)}")
        if not 0.5 <= rate <= 2.0:
            raise ValueError(f"rate {rate}: use a factor on the speed of speech from 0.5 to 2")
        # The seed makes the same text sound the same each time.
        noise = np.random.default_rng(0)
        for part, pause in _parts(text):
            with self._phonemizer:
                phonemes = self._hibari.phonemize(part)
            for sounds in phonemes:
                audio = self._synthesise(self._hibari.ids(sounds), shape, rate, noise)
                yield float_to_pcm16(_paused(_levelled(audio), _PAUSE_SECONDS[pause]))

    def _synthesise(
        self, ids: list[int], shape: VoiceShape, rate: float, noise: np.random.Generator
    ) -> FloatAudio:
        speed = np.asarray([rate * shape.pace], np.float32)
        outputs = self._hibari.sess.run(None, {"ids": np.asarray([ids], np.int64), "speed": speed})
        spoken: FloatAudio = dsp.synth(*reshape([output[0] for output in outputs], shape), noise)
        return spoken


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """What to synthesise at once, and the kind of pause after it."""
    sentences = [part for part in Hibari.split_sentences(text) if _SPEAKABLE.search(part)]
    for index, sentence in enumerate(sentences):
        cut = _first_clause(sentence) if index == 0 else 0
        if cut:
            yield sentence[:cut].rstrip(), "clause"
        yield sentence[cut:], "sentence"


def _first_clause(sentence: str) -> int:
    """Where to cut a long sentence, 0 for nowhere: at its first clause that is no mere word or two."""
    if len(sentence) <= _LONG_SENTENCE:
        return 0
    for end in _CLAUSE_END.finditer(sentence):
        if end.start() >= _SHORT_CLAUSE and _SPEAKABLE.search(sentence, end.end()):
            return end.end()
    return 0


def _levelled(audio: FloatAudio) -> FloatAudio:
    level = speech_level(audio, SAMPLE_RATE)
    if not np.isfinite(level):
        return audio
    gain = 10 ** ((_LEVEL_DB - level) / 20)
    return audio * np.float32(min(gain, _PEAK / float(np.abs(audio).max())))


def _paused(levelled: FloatAudio, pause_seconds: float) -> FloatAudio:
    """Cut the silence before and after speech, then add the pause: hibari leaves 0.7 s between sentences."""
    frames = levelled[: len(levelled) // _FRAME * _FRAME].reshape(-1, _FRAME)
    floor = 10 ** ((_LEVEL_DB - _AUDIBLE_BELOW_SPEECH_DB) / 20)
    audible = np.flatnonzero(np.sqrt(np.square(frames).mean(axis=1)) > floor)
    if not len(audible):
        return levelled
    start = max(int(audible[0]) - _ONSET_FRAMES, 0) * _FRAME
    end = (int(audible[-1]) + 1 + _DECAY_FRAMES) * _FRAME
    pause = np.zeros(int(SAMPLE_RATE * pause_seconds), np.float32)
    return np.concatenate([levelled[start:end], pause])
