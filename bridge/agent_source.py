"""The agent as its files say now: an edit counts from the next call on."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path

from shared.agent_config import FILES, Agent, AgentError, load_agent
from shared.handover import check_restaurants

log = logging.getLogger(__name__)


class AgentSource:
    """Reads `agent.toml` and `prompt.md` again when one of them has changed.

    An edit that is wrong is logged, and the last agent that was right stays in use.
    """

    def __init__(self, folder: Path, *, with_key: bool, restaurants: Collection[str]) -> None:
        """`with_key` tells whether Voice Live is reached with an API key, `restaurants` which ids there are.

        Raises:
            AgentError: the agent cannot be used; the message names the file, the key and what is allowed.
        """
        self._folder = folder
        self._with_key = with_key
        self._restaurants = restaurants
        self._seen = self._state()
        self._agent = self._load()

    def current(self) -> Agent:
        """The agent for a call that begins now."""
        state = self._state()
        if state != self._seen:
            self._seen = state  # taken before reading: what is written meanwhile is seen the next time
            try:
                self._agent = self._load()
            except AgentError as error:
                log.warning(
                    "the changed agent cannot be used; the last one stays", extra={"reason": str(error)}
                )
            else:
                log.info("the changed agent is in use")
        return self._agent

    def _load(self) -> Agent:
        agent = load_agent(self._folder)
        if agent.foundry_agent is not None and self._with_key:
            raise AgentError(
                "agent.toml: foundry_agent: an agent is reached with the managed identity only; "
                "leave VOICE_LIVE_API_KEY unset, or set model instead of foundry_agent"
            )
        try:
            check_restaurants(agent.transfer, self._restaurants)
        except ValueError as error:
            raise AgentError(f"agent.toml: {error}") from error
        return agent

    def _state(self) -> list[tuple[int, int] | None]:
        """Time of change (ns) and size of each file; None for one that is not there."""
        return [_state(self._folder / name) for name in FILES]


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
