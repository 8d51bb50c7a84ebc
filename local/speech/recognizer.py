"""Speech recognition: beam search over Moonshine with contextual biasing and a confidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from local.speech.adapter import Adapter
from local.speech.audio import FloatAudio
from local.speech.language import STARTS, Language
from local.speech.moonshine import BEGIN, END, SAMPLE_RATE, Moonshine, Scores
from local.speech.names import Naming, names
from local.speech.phrases import PhraseBias, fold, phrase_bias
from local.speech.questions import Question, asked_for
from local.speech.resampler import Resampler
from local.speech.transcript import Transcript, tidy

DEFAULT_MODEL_DIR = Path(__file__).resolve().parents[2] / ".models" / "moonshine-tiny-en"
DEFAULT_ADAPTER = Path(__file__).parent / "telephone.npz"
DEFAULT_LANGUAGE = Path(__file__).parent / "language.npz"
SHORTEST_SECONDS = 0.25
"""Less audio than this is never a word, and the model fails below 0.1 s."""

_FLUENCY = 0.2
_FLUENCY_OF_ANSWERS = {
    Question.DAY: 0.4,
    Question.TIME: 0.4,
    Question.PARTY: 0.4,
    Question.AGREEMENT: 0.4,
    Question.NAME: 0.15,
    Question.CHOICE: 0.1,
}
"""How much the words being likely counts beside the sound being like them: more where answers are few."""
_LENGTH = 3.0
"""Log-probability added for each token, since likely words cost something too: else short texts would win."""

_CONTEXT_SECONDS = (1.5, 2.0)
"""The model hears a word on its own better in a stretch of silence. How much suits best changes from word to
word, so shorter audio is tried in both of these and the surer result wins."""

_SURE = 0.8
_PACES = (1.0, 1.1, 0.92)
"""Who was not surely understood is heard again at these paces at once, as if three people had said it: what
each of them sounds like by chance, the others do not. Above one is slower, and lower."""
_LONGEST_AGAIN_SECONDS = 10.0
"""Longer speech would take too long to hear again, and has more context of its own."""

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
    fluency: float  # log-probability of the words for a caller of a restaurant line, weighed
    asked: Question | None  # what they answer

    @property
    def worth(self) -> float:
        return self.score + self.earned + self.fluency

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
        no text. Loud or quiet makes no difference. `asked` is what the speaker was told or asked last: what
        answers it is likelier.
        """
        if beam < 1:
            raise ValueError(f"beam: {beam}; set it to 1 or more")
        if len(audio_16k) < SHORTEST_SECONDS * SAMPLE_RATE:
            return Transcript("", 0.0)
        question = asked_for(asked)
        bias = phrase_bias(tuple(phrases), question)
        start = self._start(question, bias)
        if beam == 1:
            best = self._search(_in_context(audio_16k)[:1], start, bias, beam)
        else:
            tries = [self._search([view], start, bias, beam) for view in _in_context(audio_16k)]
            best = max(tries, key=lambda hypothesis: hypothesis.confidence)
            if best.confidence < _SURE and len(audio_16k) <= _LONGEST_AGAIN_SECONDS * SAMPLE_RATE:
                views = [view for pace in _PACES for view in _in_context(_at_pace(audio_16k, pace))]
                best = self._search(views, start, bias, beam)
        return Transcript(tidy(self._model.text(list(best.tokens))), best.confidence)

    def _start(self, question: Question | None, bias: PhraseBias) -> _Hypothesis:
        naming = self._names.start(asked=question is Question.NAME)
        return _Hypothesis((), 0.0, bias.start, 0.0, naming, 0.0, question)

    def _search(
        self, views: Sequence[FloatAudio], start: _Hypothesis, bias: PhraseBias, beam: int
    ) -> _Hypothesis:
        """Extend the best unfinished hypotheses until none of them can beat the best finished one.

        What fits all `views` of the same speech is best.
        """
        states = [self._model.encode(view) for view in views]
        live = [start]
        best: _Hypothesis | None = None
        seconds = max(len(view) for view in views) / SAMPLE_RATE
        for _ in range(int(seconds * _TOKENS_PER_SECOND) + _SPARE_TOKENS):
            last = np.array([h.tokens[-1] if h.tokens else BEGIN for h in live], np.int64)
            steps = [self._model.step(state, last) for state in states]
            states = [state for _, state in steps]
            logits = np.mean([scores for scores, _ in steps], axis=0)  # the product of what each says
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
            parents = [parent for _, parent, _ in kept]
            states = [self._model.select(state, parents) for state in states]
            live = [child for _, _, child in kept]
        return best or live[0]

    def _next(self, hypothesis: _Hypothesis, logits: Scores) -> Iterator[tuple[int, float, float]]:
        """The likeliest next tokens, with the log-probability of each by its sound and by the language."""
        tokens, scores = _likely(logits)
        fluency = self._language.scores((STARTS[hypothesis.asked], *hypothesis.tokens), tokens)
        fluency *= _fluency_weight(hypothesis.asked)
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
            parent.fluency + fluency + _LENGTH * _fluency_weight(parent.asked),
            parent.asked,
        )

    def _end(self, parent: _Hypothesis, score: float, fluency: float, bias: PhraseBias) -> _Hypothesis:
        earned = parent.earned + max(bias.finish(parent.place), self._names.finish(parent.naming))
        return replace(parent, score=parent.score + score, earned=earned, fluency=parent.fluency + fluency)


def _fluency_weight(asked: Question | None) -> float:
    return _FLUENCY if asked is None else _FLUENCY_OF_ANSWERS[asked]


def _in_context(audio: FloatAudio) -> list[FloatAudio]:
    """The audio as it is, or where it is short, amid each length of silence."""
    if len(audio) >= _CONTEXT_SECONDS[0] * SAMPLE_RATE:
        return [audio]
    missing = [int(seconds * SAMPLE_RATE) - len(audio) for seconds in _CONTEXT_SECONDS]
    return [np.pad(audio, (samples // 2, samples - samples // 2)) for samples in missing]


def _at_pace(audio: FloatAudio, pace: float) -> FloatAudio:
    if pace == 1.0:
        return audio
    resampler = Resampler(SAMPLE_RATE, round(SAMPLE_RATE * pace))
    return np.concatenate([resampler.feed(audio), resampler.flush()])


def _likely(logits: Scores) -> tuple[NDArray[np.intp], Scores]:
    """The likeliest next tokens and their log-probabilities, from the logits of one hypothesis."""
    top = logits.max()
    shifted = logits - top
    total = np.log(np.exp(shifted).sum())
    near = np.flatnonzero(shifted > -_TOKEN_RANGE)
    ranked = near[np.argsort(shifted[near])[-_TOKENS_TRIED:]]
    tried = ranked[(ranked != END) | (shifted[ranked] > -_END_RANGE)]
    return tried, shifted[tried] - total
