"""What tuning adds to the model's weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from local.speech import ModelError, Recognizer
from local.speech.adapter import Adapter, quantized
from local.speech.recognizer import DEFAULT_ADAPTER, DEFAULT_MODEL_DIR
from tests.local.speech.measures import tone

ENCODER = DEFAULT_MODEL_DIR / "encoder_model.ort"


def test_it_adds_to_every_matrix_of_every_layer() -> None:
    factors = Adapter.load(DEFAULT_ADAPTER).factors
    # Six layers each: attention has four, cross-attention four more, and what follows them two.
    assert {file: len(pairs) for file, pairs in factors.items()} == {
        "encoder_model": 6 * (4 + 2),
        "decoder_model_merged": 6 * (4 + 4 + 2),
    }


def test_adding_nothing_changes_next_to_nothing(tmp_path: Path) -> None:
    """The way to numbers and back to bytes costs less than the bytes did."""
    nothing = tmp_path / "nothing.npz"
    with np.load(DEFAULT_ADAPTER) as arrays:
        np.savez(nothing, **{key: np.zeros_like(arrays[key]) for key in arrays.files})
    plain, same = _encoded(None), _encoded(Adapter.load(nothing))
    assert np.abs(plain - same).mean() < 0.05 * np.abs(plain).mean()
    assert np.abs(plain - _encoded(Adapter.load(DEFAULT_ADAPTER))).mean() > 0.05 * np.abs(plain).mean()


@given(st.lists(st.floats(-4.0, 4.0, width=32), min_size=1, max_size=50))
def test_bytes_stand_for_the_weights_to_half_a_step(values: list[float]) -> None:
    weights = np.array(values, np.float32)
    data, scale, zero = quantized(weights)
    back = (data.astype(np.float64) - zero) * scale
    assert np.abs(back - weights).max() <= 1.01 * scale


@pytest.mark.parametrize("content", [None, b"", b"not an archive"])
def test_a_missing_or_broken_adapter_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "telephone.npz"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ModelError, match=r"telephone\.npz: missing, or no adapter"):
        Recognizer(adapter_file=file)


@pytest.mark.parametrize(("name", "inputs"), [("onnx::MatMul_2168", 287), ("of another model", 288)])
def test_an_adapter_of_another_model_is_refused(tmp_path: Path, name: str, inputs: int) -> None:
    file = tmp_path / "other.npz"
    factors = {"down": np.ones((inputs, 2), np.float16), "up": np.ones((2, 1152), np.float16)}
    arrays: dict[str, Any] = {f"encoder_model/{name}/{side}": factor for side, factor in factors.items()}
    np.savez(file, **arrays)
    with pytest.raises(ModelError, match=rf"{name} does not fit encoder_model\.ort"):
        Recognizer(adapter_file=file)


def _encoded(adapter: Adapter | None) -> NDArray[np.float32]:
    options = ort.SessionOptions()
    kept = adapter.apply(ENCODER, options) if adapter else []
    session = ort.InferenceSession(ENCODER, options)
    audio = tone(300.0, 1.0, 16_000)[None]
    encoded: NDArray[np.float32] = session.run(
        None, {"input_values": audio, "attention_mask": np.ones(audio.shape, np.int64)}
    )[0]
    assert len(kept) == (3 * 36 if adapter else 0)
    return encoded
