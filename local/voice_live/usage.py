"""Token counts of a response, plausible rather than exact: the service's own tokenizer is not public."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from local.voice_live.conversation import Item

_TOKEN = re.compile(r"\w{1,6}|[^\w\s]")
_WORD = re.compile(r"\S+")
_INPUT_AUDIO_PER_SECOND = 10
_OUTPUT_AUDIO_PER_SECOND = 20
_CACHE_BLOCK = 64
"""Cached input comes in whole blocks of this many tokens, as in the recorded frames."""


@dataclass(frozen=True, slots=True)
class Tokens:
    text: int = 0
    audio: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.text + other.text, self.audio + other.audio)

    @property
    def total(self) -> int:
        return self.text + self.audio


def count_text(text: str) -> int:
    return len(_TOKEN.findall(text))


def cut(text: str, limit: int) -> str:
    """The longest beginning of `text` in whole words that has no more than `limit` tokens."""
    end = tokens = 0
    for word in _WORD.finditer(text):
        tokens += count_text(word.group())
        if tokens > limit:
            return text[:end]
        end = word.end()
    return text


def input_tokens(instructions: str, tools: Sequence[dict[str, Any]], items: Iterable[Item]) -> Tokens:
    """Everything the model reads for one response: instructions, tools and the whole conversation."""
    tokens = Tokens(text=count_text(instructions))
    if tools:
        tokens += Tokens(text=count_text(json.dumps(tools)))
    for item in items:
        tokens += _of_item(item)
    return tokens


def output_tokens(items: Iterable[Item]) -> Tokens:
    """What the model wrote and spoke: 20 tokens a second of audio, and the words."""
    tokens = Tokens()
    for item in items:
        tokens += Tokens(count_text(item.words()), round(item.audio_ms * _OUTPUT_AUDIO_PER_SECOND / 1000))
    return tokens


def wire(read: Tokens, written: Tokens, cached: int) -> dict[str, Any]:
    """The `usage` object. `cached` is how many of the tokens read were read or written before."""
    reused = min(cached, read.text) // _CACHE_BLOCK * _CACHE_BLOCK
    return {
        "total_tokens": read.total + written.total,
        "input_tokens": read.total,
        "output_tokens": written.total,
        "input_token_details": {
            "cached_tokens": reused,
            "text_tokens": read.text,
            "audio_tokens": read.audio,
            "image_tokens": 0,
            "cached_tokens_details": {"text_tokens": reused, "audio_tokens": 0, "image_tokens": 0},
        },
        "output_token_details": {
            "text_tokens": written.text,
            "audio_tokens": written.audio,
            "reasoning_tokens": 0,
        },
    }


def _of_item(item: Item) -> Tokens:
    if item.spoken_by_caller:
        return Tokens(audio=round(item.audio_ms * _INPUT_AUDIO_PER_SECOND / 1000))
    return Tokens(text=count_text(item.words()))
