"""Old revisions of the bridge.

New calls go to the newest revision. The one before it stays up without new calls, so that those it holds end
by themselves, and so that going back is one click. Revisions before that had time enough: they are stopped,
and what calls they still have get the platform's grace.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from infra.hooks.azure import Azure
from infra.hooks.settings import AzdEnvironment

_VERSION: Final = "2025-01-01"
KEPT: Final = 2
"""The newest and the one before it."""


def to_retire(revisions: Sequence[Any], kept: int = KEPT) -> list[str]:
    """Names of active revisions that are not among the `kept` newest and get no traffic."""
    active = [one for one in revisions if one["properties"].get("active")]
    active.sort(key=lambda one: str(one["properties"].get("createdTime", "")), reverse=True)
    return [one["name"] for one in active[kept:] if not one["properties"].get("trafficWeight")]


def retire(azure: Azure, environment: AzdEnvironment, kept: int = KEPT) -> Iterator[str]:
    """Stop them. Yields a line about each."""
    if azure.find(environment.bridge, _VERSION) is None:
        return  # only the other service was deployed so far
    for name in to_retire(list(azure.list(f"{environment.bridge}/revisions", _VERSION)), kept):
        azure.request("POST", f"{environment.bridge}/revisions/{name}/deactivate", _VERSION)
        yield f"revision {name} is being stopped; its calls have ten minutes"
