"""The models of Voice Live: which there are, and what of their own they can be told."""

from __future__ import annotations

from typing import Literal

type Model = Literal[
    "gpt-realtime",
    "gpt-realtime-1.5",
    "gpt-realtime-2.1",
    "gpt-realtime-mini",
    "gpt-realtime-2.1-mini",
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "gpt-5",
    "gpt-5-mini",
    "gpt-5-nano",
    "gpt-5.1",
    "gpt-5.2",
    "gpt-5.4",
    "gpt-5.6-terra",
    "gpt-5.6-luna",
]
"""Models of Voice Live (supported models and regions, 2026-09-29) whose voices and transcription we know."""

type Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh"]

_FIRST: tuple[Effort, ...] = ("minimal", "low", "medium", "high")
_WITHOUT: tuple[Effort, ...] = ("none", "low", "medium", "high")
_LATEST: tuple[Effort, ...] = (*_WITHOUT, "xhigh")

EFFORTS: dict[Model, tuple[Effort, ...]] = {
    "gpt-5": _FIRST,
    "gpt-5-mini": _FIRST,
    "gpt-5-nano": _FIRST,
    "gpt-5.1": _WITHOUT,
    "gpt-5.2": _LATEST,
    "gpt-5.4": _LATEST,
    "gpt-5.6-terra": _LATEST,
    "gpt-5.6-luna": _LATEST,
}
"""How much the models that reason can do so, the least first (reasoning models, as in Foundry). They refuse
what is not their own, and any temperature but 1."""
