"""The mind of the Voice Live stand-in: what a speech model does between hearing and speaking.

`PolicyMind` follows rules and needs nothing; `ModelMind` asks a language model. Both know only the
session's
instructions, its tools and the conversation.
"""

from __future__ import annotations

from collections.abc import Mapping

from local.voice_live.mind.model import ModelMind
from local.voice_live.mind.outputs import CallFunction, Mind, Output, Say, ToolChoice
from local.voice_live.mind.policy import PolicyMind

__all__ = ["CallFunction", "Mind", "ModelMind", "Output", "PolicyMind", "Say", "ToolChoice", "make_mind"]


def make_mind(env: Mapping[str, str]) -> Mind:
    """The mind that the environment asks for: a model when `LOCAL_LLM_URL` is set, else the policy.

    Raises:
        ValueError: `LOCAL_LLM_URL` is set without `LOCAL_LLM_MODEL`, or is no HTTP address.
    """
    url = env.get("LOCAL_LLM_URL", "").strip()
    if not url:
        return PolicyMind()
    if not url.startswith(("http://", "https://")):
        raise ValueError(
            f"LOCAL_LLM_URL: {url!r} is no HTTP address; set it to one such as http://127.0.0.1:11434/v1"
        )
    model = env.get("LOCAL_LLM_MODEL", "").strip()
    if not model:
        raise ValueError("LOCAL_LLM_MODEL: missing; set it to a model that LOCAL_LLM_URL serves")
    return ModelMind(url, model, env.get("LOCAL_LLM_KEY") or None)
