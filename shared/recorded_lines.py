"""What callers hear from Call Automation itself, in the agent's voice: recorded by a bridge, played by the
control plane.

| table | partition | row | holds |
|---|---|---|---|
| recordings | "line" | SHA-256 of the text | the sound in pieces, and the voice |

PCM16LE mono at the one rate that Call Automation plays (16 kHz), so nobody has to convert it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from azure.core.exceptions import ResourceNotFoundError

from shared.agent_config import Agent
from shared.tables import Tables

TABLE: Final = "recordings"
RATE: Final = 16_000
"""Samples a second of a file that Call Automation plays ("Play audio": WAV, mono, 16 bit, 16 kHz)."""
MOST_BYTES: Final = 900_000
"""Of one recording: an entity takes 1 MiB."""

_PARTITION: Final = "line"
_PIECE: Final = 60_000
"""Bytes of one property: Table Storage takes 64 KiB."""


def texts_in_line(agent: Agent, language: str, places: int) -> list[str]:
    """All that a caller in a queue of so many places may hear."""
    phrases = agent.phrases_for(language)
    at = [phrases.waiting_at(place) for place in range(1, places + 1)]
    others = [phrases.waiting, phrases.press_zero, phrases.waiting_goodbye, phrases.transferring]
    return list(dict.fromkeys([*others, *at]))


class RecordedLines:
    """The recordings. Safe from many tasks and processes.

    Every method raises azure.core.exceptions.AzureError when the store fails.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def get(self, text: str, voice: str | None = None) -> bytes | None:
        """The sound of a text; None when there is none, or none in this voice."""
        table = await self._tables.table(TABLE)
        try:
            row: Mapping[str, Any] = await table.get_entity(_PARTITION, digest(text))
        except ResourceNotFoundError:
            return None
        return sound(row) if voice in (None, row["voice"]) else None

    async def put(self, text: str, voice: str, pcm: bytes) -> None:
        """In place of what was recorded before."""
        table = await self._tables.table(TABLE)
        key = {"PartitionKey": _PARTITION, "RowKey": digest(text)}
        await table.upsert_entity({**key, "voice": voice, "text": text, **in_pieces(pcm)})

    async def all(self, texts: Iterable[str]) -> list[bytes] | None:
        """The sounds of several texts; None when one is missing."""
        found = [await self.get(text) for text in texts]
        return None if None in found else [pcm for pcm in found if pcm is not None]


def digest(text: str) -> str:
    """What a row of the table is called after."""
    return hashlib.sha256(text.encode()).hexdigest()


def in_pieces(pcm: bytes) -> dict[str, Any]:
    """A recording as properties of a row."""
    pieces = [pcm[at : at + _PIECE] for at in range(0, len(pcm), _PIECE)]
    return {"pieces": len(pieces), **{f"pcm{number}": piece for number, piece in enumerate(pieces)}}


def sound(row: Mapping[str, Any]) -> bytes:
    """The recording that `in_pieces` put into a row."""
    return b"".join(row[f"pcm{number}"] for number in range(row["pieces"]))
