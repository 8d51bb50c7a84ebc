"""Moonshine in JAX: the same computation as the .ort files, so that gradients can be had of it.

Weights are read from the files and named by module ("encoder/layers.0/mlp/fc1"). What is trained are pairs
of factors beside them, "<module>/down" and "<module>/up".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.InferenceSession import InferenceSession

type Weights = dict[str, Array]

FILES = {"encoder": "encoder_model", "decoder": "decoder_model_merged"}
_LAYERS, _HEADS, _WIDTH, _ROTATED = 6, 8, 36, 32
_TYPES: dict[int, type[np.generic]] = {
    1: np.float32,
    2: np.uint8,
    3: np.int8,
    6: np.int32,
    7: np.int64,
    9: np.bool_,
}
_NEVER = -1e9


def read(model_dir: Path) -> tuple[Weights, dict[str, tuple[str, str]]]:
    """All weights, and for each matrix the file and the name it has there."""
    weights: dict[str, np.ndarray[Any, Any]] = {}
    names: dict[str, tuple[str, str]] = {}
    for part, file in FILES.items():
        tensors, nodes = _contents(model_dir / f"{file}.ort")
        for kind, node, inputs in nodes:
            module = re.sub(r"^/(model/decoder/)?", f"{part}/", node)
            if kind in ("MatMulIntegerToFloat", "DynamicQuantizeMatMul"):
                [stored] = [name for name in inputs if name.endswith("_quantized") and name in tensors]
                matrix = module.split("/MatMul")[0]
                names[matrix] = file, stored.removesuffix("_quantized")
                weights[matrix] = _numbers(tensors, names[matrix][1])
            elif kind == "LayerNormalization":
                weights[module.split("/LayerNorm")[0]] = tensors[inputs[1]]
        for name, value in tensors.items():
            if bias := re.match(r"(?:model\.decoder\.)?layers\.(\d)\.mlp\.(fc[12])\.bias", name):
                weights[f"{part}/layers.{bias[1]}/mlp/{bias[2]}/bias"] = value
        if part == "encoder":
            weights |= {key: tensors[name] for key, name in _FRONT.items()}
        else:
            weights["embedding"] = _numbers(tensors, "model.decoder.embed_tokens.weight_merged_0")
    return {key: jnp.asarray(value, jnp.float32) for key, value in weights.items()}, names


_FRONT = {
    "conv1": "conv1.weight_add_tensor",
    "conv2": "conv2.weight_add_tensor",
    "conv2/bias": "conv2.bias",
    "conv3": "conv3.weight_add_tensor",
    "conv3/bias": "conv3.bias",
    "norm/scale": "onnx::Mul_2080",
    "norm/bias": "onnx::Add_2081",
    "encoder/norm": "layer_norm.weight",
    "frequencies": "onnx::Expand_202",
}


def front(weights: Weights, audio: Array, samples: Array) -> tuple[Array, Array]:
    """Sound to frames. `audio` (batch, longest) holds `samples` (batch,) each; frames and which are real."""
    x = jnp.tanh(_conv(audio[:, None], weights["conv1"], 64))
    count = (samples - 127) // 64 + 1
    real = (jnp.arange(x.shape[2])[None] < count[:, None])[:, None]
    size = (count * x.shape[1])[:, None, None]
    mean = (x * real).sum((1, 2), keepdims=True) / size
    variance = jnp.square((x - mean) * real).sum((1, 2), keepdims=True) / size
    scale, bias = (weights[f"norm/{side}"].reshape(1, -1, 1) for side in ("scale", "bias"))
    x = ((x - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + bias) * real
    for name, stride in (("conv2", 3), ("conv3", 2)):
        x = _conv(x, weights[name], stride) + weights[f"{name}/bias"][None, :, None]
        x = jax.nn.gelu(x, approximate=False)
    count = ((count - 7) // 3 + 1 - 3) // 2 + 1
    return x.transpose(0, 2, 1), jnp.arange(x.shape[2])[None] < count[:, None]


def halved(weights: Weights) -> Weights:
    """In 16 bits: twice as fast, and no coarser than the 8 bits that are used in the end."""
    return {
        name: value if name == "frequencies" else value.astype(jnp.bfloat16)
        for name, value in weights.items()
    }


def encode(weights: Weights, factors: Weights, x: Array, real: Array) -> Array:
    hidden = jnp.where(real, 0.0, _NEVER)[:, None, None]
    for layer in range(_LAYERS):
        at = f"encoder/layers.{layer}"
        x = x + _self_attention(weights, factors, at, _norm(x, weights[f"{at}/input_layernorm"]), hidden)
        y = _norm(x, weights[f"{at}/post_attention_layernorm"])
        y = jax.nn.gelu(_linear(weights, factors, f"{at}/mlp/fc1", y), approximate=False)
        x = x + _linear(weights, factors, f"{at}/mlp/fc2", y)
    return _norm(x, weights["encoder/norm"])


def decode(weights: Weights, factors: Weights, encoded: Array, real: Array, tokens: Array) -> Array:
    """Scores of the token after each of `tokens` (batch, length)."""
    x = weights["embedding"][tokens]
    ahead = jnp.where(jnp.tril(jnp.ones((tokens.shape[1],) * 2, bool)), 0.0, _NEVER)[None, None]
    hidden = jnp.where(real, 0.0, _NEVER)[:, None, None]
    for layer in range(_LAYERS):
        at = f"decoder/layers.{layer}"
        x = x + _self_attention(weights, factors, at, _norm(x, weights[f"{at}/input_layernorm"]), ahead)
        y = _norm(x, weights[f"{at}/post_attention_layernorm"])
        to = f"{at}/encoder_attn"
        query = _heads(_linear(weights, factors, f"{to}/q_proj", y))
        key, value = (_heads(_linear(weights, factors, f"{to}/{side}_proj", encoded)) for side in "kv")
        x = x + _linear(weights, factors, f"{to}/o_proj", _attend(query, key, value, hidden))
        y = _norm(x, weights[f"{at}/final_layernorm"])
        y, gate = jnp.split(_linear(weights, factors, f"{at}/mlp/fc1", y), 2, axis=-1)
        x = x + _linear(weights, factors, f"{at}/mlp/fc2", jax.nn.silu(gate) * y)
    return _norm(x, weights["decoder/norm"]) @ weights["decoder/proj_out"]


def _self_attention(weights: Weights, factors: Weights, at: str, x: Array, mask: Array) -> Array:
    at = f"{at}/self_attn"
    query, key, value = (_heads(_linear(weights, factors, f"{at}/{side}_proj", x)) for side in "qkv")
    query, key = (_rotated(side, weights["frequencies"]) for side in (query, key))
    return _linear(weights, factors, f"{at}/o_proj", _attend(query, key, value, mask))


def _linear(weights: Weights, factors: Weights, module: str, x: Array) -> Array:
    y = x @ weights[module] + (x @ factors[f"{module}/down"]) @ factors[f"{module}/up"]
    bias = weights.get(f"{module}/bias")
    return y if bias is None else y + bias


def _norm(x: Array, scale: Array) -> Array:
    wide = x.astype(jnp.float32)
    centred = wide - wide.mean(-1, keepdims=True)
    level = jax.lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) + 1e-5)
    return (centred * level).astype(x.dtype) * scale


def _heads(x: Array) -> Array:
    return x.reshape(*x.shape[:2], _HEADS, _WIDTH).transpose(0, 2, 1, 3)


def _attend(query: Array, key: Array, value: Array, mask: Array) -> Array:
    likeness = (query @ key.transpose(0, 1, 3, 2)).astype(jnp.float32) * _WIDTH**-0.5
    seen = jax.nn.softmax(likeness + mask, -1).astype(value.dtype) @ value
    return seen.transpose(0, 2, 1, 3).reshape(seen.shape[0], seen.shape[2], -1)


def _rotated(x: Array, frequencies: Array) -> Array:
    """Rotary position embedding of the first 32 numbers of a head, in pairs of neighbours."""
    angle = jnp.arange(x.shape[2])[:, None] * frequencies.reshape(1, -1)
    cosine, sine = (jnp.repeat(side, 2, -1) for side in (jnp.cos(angle), jnp.sin(angle)))
    turned, rest = x[..., :_ROTATED], x[..., _ROTATED:]
    crossed = jnp.stack([-turned[..., 1::2], turned[..., 0::2]], -1).reshape(turned.shape)
    return jnp.concatenate([(turned * cosine + crossed * sine).astype(x.dtype), rest], -1)


def _conv(x: Array, kernel: Array, stride: int) -> Array:
    shapes = ("NCH", "OIH", "NCH")
    return jax.lax.conv_general_dilated(x, kernel, (stride,), "VALID", dimension_numbers=shapes)


def _numbers(tensors: dict[str, np.ndarray[Any, Any]], name: str) -> np.ndarray[Any, Any]:
    zero = tensors[f"{name}_zero_point"].astype(np.float32)
    numbers: np.ndarray[Any, Any] = tensors[f"{name}_quantized"].astype(np.float32) - zero
    return np.asarray(numbers * tensors[f"{name}_scale"], np.float32)


def _contents(file: Path) -> tuple[dict[str, np.ndarray[Any, Any]], list[tuple[str, str, list[str]]]]:
    """Every tensor of an .ort file by name; kind, name and inputs of every node; branches included."""
    root = InferenceSession.GetRootAs(bytearray(file.read_bytes()), 0).Model().Graph()
    tensors: dict[str, np.ndarray[Any, Any]] = {}
    nodes: list[tuple[str, str, list[str]]] = []
    for graph in _graphs(root):
        for index in range(graph.InitializersLength()):
            tensor = graph.Initializers(index)
            if tensor.DataType() in _TYPES and tensor.RawDataLength():
                shape = [tensor.Dims(axis) for axis in range(tensor.DimsLength())]
                raw = tensor.RawDataAsNumpy().tobytes()
                tensors[tensor.Name().decode()] = np.frombuffer(raw, _TYPES[tensor.DataType()]).reshape(shape)
        for index in range(graph.NodesLength()):
            node = graph.Nodes(index)
            inputs = [node.Inputs(slot).decode() for slot in range(node.InputsLength())]
            nodes.append((node.OpType().decode(), node.Name().decode(), inputs))
    return tensors, nodes


def _graphs(graph: Any) -> Iterator[Any]:  # noqa: ANN401 - flatbuffers' classes have no types
    yield graph
    for index in range(graph.NodesLength()):
        node = graph.Nodes(index)
        for slot in range(node.AttributesLength()):
            branch = node.Attributes(slot).G()
            if branch is not None:
                yield branch
