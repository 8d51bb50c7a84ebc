"""The Moonshine tiny-en model on onnxruntime: audio to encoder states, tokens to next-token scores.

The model files are `encoder_model.ort`, `decoder_model_merged.ort` and `tokenizer.bin` (MIT licence).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from local.speech.adapter import Adapter, ModelError
from local.speech.audio import FloatAudio

SAMPLE_RATE = 16_000
BEGIN, END = 1, 2
_FIRST_TEXT_TOKEN = 3  # 0 to 2 are unknown, begin and end
_WORD_START = "\u2581"  # SentencePiece writes a word's leading space as this mark
MODEL_FILES = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")

type Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DecoderState:
    """What the decoder carries between steps for a batch of hypotheses."""

    encoded: NDArray[np.float32]  # (batch, frames, 288)
    mask: NDArray[np.int64]  # (batch, samples), all ones
    past: dict[str, NDArray[np.float32]]  # keys and values, each (batch, 8, length, 36)
    started: bool


class Moonshine:
    """Encoder, decoder and vocabulary. Holds no state of an utterance, so threads may share it."""

    def __init__(self, model_dir: Path, adapter: Adapter | None = None) -> None:
        """Load the files in `model_dir`, with what `adapter` adds to their weights."""
        for name in MODEL_FILES:
            if not (model_dir / name).is_file():
                raise ModelError(f"{model_dir / name}: missing; run `make setup` to fetch the speech model")
        self.tokens = read_tokens((model_dir / "tokenizer.bin").read_bytes())
        self._encoder, encoder_weights = _session(model_dir / "encoder_model.ort", adapter)
        self._decoder, decoder_weights = _session(model_dir / "decoder_model_merged.ort", adapter)
        self._weights = encoder_weights + decoder_weights  # the sessions do not keep them alive
        self._outputs = [output.name for output in self._decoder.get_outputs()]
        self._past_shapes = {
            source.name: (source.shape[1], source.shape[3])
            for source in self._decoder.get_inputs()
            if source.name.startswith("past_key_values")
        }

    def encode(self, audio: FloatAudio) -> DecoderState:
        """Encode mono 16 kHz audio (at least 0.1 s: the convolutions need that much)."""
        batch = np.ascontiguousarray(audio, np.float32)[None]
        mask = np.ones(batch.shape, np.int64)
        encoded = self._encoder.run(None, {"input_values": batch, "attention_mask": mask})[0]
        past = {
            name: np.zeros((1, heads, 0, width), np.float32)
            for name, (heads, width) in self._past_shapes.items()
        }
        return DecoderState(encoded, mask, past, started=False)

    def step(self, state: DecoderState, last_tokens: NDArray[np.int64]) -> tuple[Scores, DecoderState]:
        """Score the next token of each hypothesis.

        `last_tokens` has shape (batch,). Returns logits of shape (batch, vocabulary) and the new state.
        """
        outputs = self._decoder.run(
            None,
            {
                "input_ids": last_tokens[:, None],
                "encoder_hidden_states": state.encoded,
                "encoder_attention_mask": state.mask,
                "use_cache_branch": np.array([state.started]),
                **state.past,
            },
        )
        named = dict(zip(self._outputs, outputs, strict=True))
        past = {}
        for name, before in state.past.items():
            # Keys and values over the audio are made by the first step and pass through every later one.
            stale = state.started and ".encoder." in name
            past[name] = before if stale else named[name.replace("past_key_values", "present")]
        return named["logits"][:, -1], DecoderState(state.encoded, state.mask, past, started=True)

    @staticmethod
    def select(state: DecoderState, parents: list[int]) -> DecoderState:
        """Make the state of a batch whose hypotheses continue the given ones of `state`."""
        count = len(parents)
        past = {
            # What stands for the audio is the same for all hypotheses: only their number can change.
            name: _spread(values, count) if ".encoder." in name else values[parents]
            for name, values in state.past.items()
        }
        return DecoderState(_spread(state.encoded, count), _spread(state.mask, count), past, state.started)

    def text(self, token_ids: list[int]) -> str:
        """Join token ids into text, without the leading space."""
        joined = b"".join(self.tokens[i] for i in token_ids if i >= _FIRST_TEXT_TOKEN)
        return joined.decode("utf-8", "ignore").replace(_WORD_START, " ").strip()

    def piece(self, token_id: int) -> str:
        """The text one token adds, with its leading space."""
        if token_id < _FIRST_TEXT_TOKEN:
            return ""
        return self.tokens[token_id].decode("utf-8", "ignore").replace(_WORD_START, " ")


def _spread[T: np.generic](rows: NDArray[T], count: int) -> NDArray[T]:
    """Give equal rows another count, without a copy when it is right already."""
    return rows[:count] if count <= len(rows) else np.repeat(rows[:1], count, axis=0)


def read_tokens(data: bytes) -> list[bytes]:
    """Read `tokenizer.bin`: tokens in order of id, each its length and then its bytes.

    A length of 128 or more takes two bytes: the low seven bits with the top bit set, then the high bits.
    """
    tokens, at = [], 0
    while at < len(data):
        length = data[at]
        at += 1
        if length >= 128:
            length += (data[at] - 1) * 128
            at += 1
        tokens.append(data[at : at + length])
        at += length
    return tokens


def _session(path: Path, adapter: Adapter | None) -> tuple[ort.InferenceSession, list[ort.OrtValue]]:
    options = ort.SessionOptions()
    # One thread a session: the model is small, and more threads cost more than they give on few cores.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        weights = adapter.apply(path, options) if adapter else []
        return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"]), weights
    except ModelError:
        raise
    except Exception as fault:  # onnxruntime raises classes of its own that share no public base
        raise ModelError(f"{path}: not a model onnxruntime can read; run `make setup` again") from fault
