"""What tuning has added to the weights of the model: a low-rank matrix for each of its weight matrices.

The files of the model stay as they were published. Their matrices are kept in bytes (8 bits with one scale
and zero point each); when a session is made, each is turned into numbers, added to, turned into bytes again
and handed to onnxruntime in place of the one in the file.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.InferenceSession import InferenceSession

type Weights = NDArray[np.float32]
_PARTS = ("_quantized", "_scale", "_zero_point")  # what the names of a matrix in bytes end with

type Quantized = tuple[NDArray[np.uint8], np.float32, np.uint8]
"""Bytes, scale and zero point: the value is (byte - zero point) * scale."""

_TYPES: dict[int, type[np.generic]] = {1: np.float32, 2: np.uint8}  # by their numbers in ONNX


class ModelError(Exception):
    """The model cannot be loaded. The message names the file and the fix."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """Factors of what is added, by file of the model and name of the weights in it."""

    source: Path
    factors: dict[str, dict[str, tuple[Weights, Weights]]]

    @classmethod
    def load(cls, path: Path) -> Adapter:
        """Read an .npz of pairs FILE/WEIGHTS/down (inputs, rank) and FILE/WEIGHTS/up (rank, outputs).

        Raises ModelError when it is missing or is none.
        """
        factors: dict[str, dict[str, tuple[Weights, Weights]]] = {}
        try:
            with np.load(path) as arrays:
                for key in arrays.files:
                    file, weights, side = key.split("/")
                    if side == "down":
                        up = arrays[f"{file}/{weights}/up"].astype(np.float32)
                        pair = arrays[key].astype(np.float32), up
                        factors.setdefault(file, {})[weights] = pair
        except (OSError, EOFError, ValueError, KeyError, AttributeError, zipfile.BadZipFile) as fault:
            raise ModelError(f"{path}: missing, or no adapter of the speech model") from fault
        return cls(path, factors)

    def apply(self, model_file: Path, options: ort.SessionOptions) -> list[ort.OrtValue]:
        """Have a session with these options use the adapted weights.

        The session works on the values returned and does not keep them alive: its owner must.
        Raises ModelError if they do not fit.
        """
        pairs = self.factors.get(model_file.stem, {})
        stored: dict[str, Any] = _stored(model_file, {f"{name}{part}" for name in pairs for part in _PARTS})
        values: list[ort.OrtValue] = []
        for name, (down, up) in pairs.items():
            try:
                data, scale, zero = (stored[f"{name}{part}"] for part in _PARTS)
                adapted: Weights = (data.astype(np.float32) - zero.astype(np.float32)) * scale + down @ up
            except (KeyError, ValueError) as fault:
                raise ModelError(f"{self.source}: {name} does not fit {model_file.name}") from fault
            for part, array in zip(_PARTS, quantized(adapted), strict=True):
                value = ort.OrtValue.ortvalue_from_numpy(np.array(array))
                options.add_initializer(f"{name}{part}", value)
                values.append(value)
        return values


def quantized(weights: Weights) -> Quantized:
    """Weights in 8 bits, over the range from the least to the greatest, zero included."""
    low, high = min(0.0, float(weights.min())), max(0.0, float(weights.max()))
    scale = np.float32((high - low) / 255) or np.float32(1.0)  # also when the range is too small for a step
    zero = np.uint8(round(-low / float(scale)))
    data = np.clip(np.rint(weights / scale) + np.float32(zero), 0, 255).astype(np.uint8)
    return data, scale, zero


def _stored(model_file: Path, names: set[str]) -> dict[str, NDArray[Any]]:
    """Weights in an .ort file, by name."""
    graph = InferenceSession.GetRootAs(bytearray(model_file.read_bytes()), 0).Model().Graph()
    found: dict[str, NDArray[Any]] = {}
    for index in range(graph.InitializersLength()):
        tensor = graph.Initializers(index)
        name = tensor.Name().decode()
        if name in names:
            shape = [tensor.Dims(axis) for axis in range(tensor.DimsLength())]
            raw = tensor.RawDataAsNumpy().tobytes()
            found[name] = np.frombuffer(raw, _TYPES[tensor.DataType()]).reshape(shape)
    return found
