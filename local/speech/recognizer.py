"""Speech recognition: beam search over Moonshine with contextual biasing and a confidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from local.speech.adapter import Adapter
from local.speech.audio import FloatAudio
from local.speech.language import Language
from local.speech.moonshine import BEGIN, END, SAMPLE_RATE, Moonshine, Scores
from local.speech.names import Naming, asks_for_name, names
from local.speech.phrases import PhraseBias, fold, phrase_bias
from local.speech.transcript import Transcript, tidy

DEFAULT_MODEL_DIR = Path(__file__).resolve().parents[2] / ".models" / "moonshine-tiny-en"
DEFAULT_ADAPTER = Path(__file__).parent / "telephone.npz"
DEFAULT_LANGUAGE = Path(__file__).parent / "language.npz"
SHORTEST_SECONDS = 0.25
"""Less audio than this is never a word, and the model fails below 0.1 s."""

_FLUENCY = 0.2
"""How much the words being likely counts beside the sound being like them."""
_LENGTH = 0.6
"""Log-probability added for each token, since likely words cost something too: else short texts would win."""

_CONTEXT_SECONDS = (1.5, 2.0)
"""The model hears a word on its own better in a stretch of silence. How much suits best changes from word to
word, so shorter audio is tried in both of these and the surer result wins."""

_TOKENS_PER_SECOND = 6.5  # more than anybody says: a bound against the model repeating itself without end
_SPARE_TOKENS = 8
_TOKENS_TRIED = 16  # the likeliest next ones of each hypothesis ...
_TOKEN_RANGE = 12.0  # ... that are at most this much less likely than the first (natural logarithm)
_END_RANGE = 5.0  # as _TOKEN_RANGE for the end: biasing must not stop a sentence that plainly goes on
_BEAM_RANGE = 5.0  # hypotheses this much behind the best are dropped: most steps need no such beam


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    tokens: tuple[int, ...]
    score: float  # log-probability of the tokens
    place: int  # in the phrase automaton
    earned: float  # biasing credit kept so far
    naming: Naming
    fluency: float  # log-probability of the words for a caller of a restaurant line

    @property
    def worth(self) -> float:
        return self.score + self.earned + _FLUENCY * self.fluency + _LENGTH * len(self.tokens)

    @property
    def confidence(self) -> float:
        """Mean probability of its tokens and the end, without the biasing."""
        return float(np.exp(self.score / (len(self.tokens) + 1)))


class Recognizer:
    """Speech to text. Loading takes about half a second; after that threads may share it."""

    def __init__(
        self, model_dir: Path = DEFAULT_MODEL_DIR, adapter_file: Path | None = DEFAULT_ADAPTER
    ) -> None:
        """Load the model, adapted to telephone calls unless `adapter_file` is None.

        Raises ModelError when a file is missing or is no model.
        """
        self._model = Moonshine(model_dir, Adapter.load(adapter_file) if adapter_file else None)
        self._language = Language.load(DEFAULT_LANGUAGE)
        self._names = names()
        self._folded = [fold(self._model.piece(token)) for token in range(len(self._model.tokens))]

    def transcribe(
        self, audio_16k: FloatAudio, phrases: Sequence[str] = (), beam: int = 8, asked: str = ""
    ) -> Transcript:
        """Recognise one utterance of 16 kHz mono audio; blocking.

        Phrases (at most 500) are favoured where the audio leaves a choice. `beam` is the number of
        hypotheses kept: 1 is quickest, uses no second try, and suits partial results. Too little audio gives
        no text. Loud or quiet makes no difference. `asked` is what the speaker was told or asked last: where
        that asks for a name, names of people are favoured.
        """
        if beam < 1:
            raise ValueError(f"beam: {beam}; set it to 1 or more")
        if len(audio_16k) < SHORTEST_SECONDS * SAMPLE_RATE:
            return Transcript("", 0.0)
        bias = phrase_bias(tuple(phrases))
        contexts = _CONTEXT_SECONDS if beam > 1 else _CONTEXT_SECONDS[:1]
        naming = self._names.start(asked=asks_for_name(asked))
        if len(audio_16k) >= _CONTEXT_SECONDS[0] * SAMPLE_RATE:
            best = self._search(audio_16k, bias, naming, beam)
        else:
            tries = [
                self._search(_amid_silence(audio_16k, length), bias, naming, beam) for length in contexts
            ]
            best = max(tries, key=lambda hypothesis: hypothesis.confidence)
        return Transcript(tidy(self._model.text(list(best.tokens))), best.confidence)

    def _search(self, audio: FloatAudio, bias: PhraseBias, naming: Naming, beam: int) -> _Hypothesis:
        """Extend the best unfinished hypotheses until none of them can beat the best finished one."""
        state = self._model.encode(audio)
        live = [_Hypothesis((), 0.0, bias.start, 0.0, naming, 0.0)]
        best: _Hypothesis | None = None
        for _ in range(int(len(audio) / SAMPLE_RATE * _TOKENS_PER_SECOND) + _SPARE_TOKENS):
            last = np.array([h.tokens[-1] if h.tokens else BEGIN for h in live], np.int64)
            logits, state = self._model.step(state, last)
            grown: list[tuple[float, int, _Hypothesis]] = []
            for parent, (hypothesis, row) in enumerate(zip(live, logits, strict=True)):
                for token, score, fluency in self._next(hypothesis, row):
                    if token == END:
                        done = self._end(hypothesis, score, fluency, bias)
                        best = done if best is None or done.worth > best.worth else best
                    else:
                        child = self._extend(hypothesis, token, score, fluency, bias)
                        lent = max(bias.lent(child.place), self._names.lent(child.naming))
                        grown.append((child.worth + lent, parent, child))
            grown.sort(key=lambda entry: entry[0], reverse=True)
            floor = best.worth if best else -np.inf
            kept = [entry for entry in grown[:beam] if entry[0] > max(floor, grown[0][0] - _BEAM_RANGE)]
            if not kept:
                break
            state = self._model.select(state, [parent for _, parent, _ in kept])
            live = [child for _, _, child in kept]
        return best or live[0]

    def _next(self, hypothesis: _Hypothesis, logits: Scores) -> Iterator[tuple[int, float, float]]:
        """The likeliest next tokens, with the log-probability of each by its sound and by the language."""
        tokens, scores = _likely(logits)
        fluency = self._language.scores((BEGIN, *hypothesis.tokens), tokens)
        return zip(tokens.tolist(), scores.tolist(), fluency.tolist(), strict=True)

    def _extend(
        self, parent: _Hypothesis, token: int, score: float, fluency: float, bias: PhraseBias
    ) -> _Hypothesis:
        place, earned = bias.advance(parent.place, self._folded[token])
        naming, credit = self._names.advance(parent.naming, self._folded[token])
        return _Hypothesis(
            (*parent.tokens, token),
            parent.score + score,
            place,
            parent.earned + earned + credit,
            naming,
            parent.fluency + fluency,
        )

    def _end(self, parent: _Hypothesis, score: float, fluency: float, bias: PhraseBias) -> _Hypothesis:
        earned = parent.earned + max(bias.finish(parent.place), self._names.finish(parent.naming))
        return replace(parent, score=parent.score + score, earned=earned, fluency=parent.fluency + fluency)


def _amid_silence(audio: FloatAudio, seconds: float) -> FloatAudio:
    missing = int(seconds * SAMPLE_RATE) - len(audio)
    return np.pad(audio, (missing // 2, missing - missing // 2))


def _likely(logits: Scores) -> tuple[NDArray[np.intp], Scores]:
    """The likeliest next tokens and their log-probabilities, from the logits of one hypothesis."""
    top = logits.max()
    shifted = logits - top
    total = np.log(np.exp(shifted).sum())
    near = np.flatnonzero(shifted > -_TOKEN_RANGE)
    ranked = near[np.argsort(shifted[near])[-_TOKENS_TRIED:]]
    tried = ranked[(ranked != END) | (shifted[ranked] > -_END_RANGE)]
    return tried, shifted[tried] - total
