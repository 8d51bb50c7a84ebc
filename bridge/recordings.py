"""Fixed phrases in the agent's own voice, recorded while Voice Live is well, for when it is not.

They are spoken once by a session of their own, kept in the store, and known to every bridge from there. A
phrase or a voice that changes is recorded anew: the row is named after both.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from azure.core.exceptions import AzureError, ResourceNotFoundError

from bridge.notice import opening
from bridge.session import studio_session, target_for
from bridge.voicelive import wire
from bridge.voicelive.connection import VoiceLive, VoiceLiveError
from bridge.voicelive.endpoints import Endpoints
from shared.agent_config import Agent
from shared.tables import Tables

TABLE: Final = "recordings"
_PIECE: Final = 60_000
"""Bytes of one property: Table Storage takes 64 KiB."""
_MOST: Final = 900_000
"""Bytes of one recording, 18 s: an entity takes 1 MiB."""
_PHRASE_WITHIN: Final = 20.0
_AFTER_START: Final = 1.0
"""Seconds after a bridge has begun, which it needs for itself."""
_AGAIN_AFTER: Final = (2.0, 10.0, 60.0)
"""Seconds after which recording is tried again when it did not work; the last for all further times."""

log = logging.getLogger(__name__)


class Recordings:
    """What is recorded: PCM16LE 24 kHz mono, by voice and text."""

    def __init__(self) -> None:
        self._pcm: dict[tuple[str, str], bytes] = {}

    def of(self, voice: str, text: str) -> bytes | None:
        """The recording of a text; None when there is none."""
        return self._pcm.get((voice, text))

    def add(self, voice: str, text: str, pcm: bytes) -> None:
        self._pcm[voice, text] = pcm


class Studio:
    """Makes the recordings that are missing, beside the calls.

    Args:
        tables: where they are kept.
    """

    def __init__(self, endpoints: Endpoints, tables: Tables) -> None:
        self.recordings = Recordings()
        self._endpoints = endpoints
        self._tables = tables
        self._work: dict[tuple[str, str], asyncio.Task[None]] = {}
        """By voice and language; it ends when all is there."""

    def want(self, agent: Agent, language: str) -> None:
        """See to it that the phrases of this language are recorded."""
        key = (voice_of(agent), next(iter(_texts(agent, language))))
        if key not in self._work:
            self._work[key] = asyncio.create_task(self._see_to_it(agent, language))

    async def close(self) -> None:
        """Stop; what is recorded stays in the store."""
        for task in self._work.values():
            task.cancel()
        if self._work:
            await asyncio.wait(self._work.values())

    async def _see_to_it(self, agent: Agent, language: str) -> None:
        await asyncio.sleep(_AFTER_START)
        pauses = iter(_AGAIN_AFTER)
        while True:
            try:
                await self._record_missing(agent, language)
                return
            except (VoiceLiveError, AzureError, TimeoutError) as error:
                log.warning("phrases not recorded, trying again", extra={"reason": type(error).__name__})
            except Exception:
                log.exception("phrases not recorded")
                return
            await asyncio.sleep(next(pauses, _AGAIN_AFTER[-1]))

    async def _record_missing(self, agent: Agent, language: str) -> None:
        voice = voice_of(agent)
        missing = []
        for text in _texts(agent, language):
            pcm = self.recordings.of(voice, text) or await self._load(voice, text)
            if pcm is None:
                missing.append(text)
            else:
                self.recordings.add(voice, text, pcm)
        if not missing:
            return
        session = await self._endpoints.open(target_for(agent), spare=self._endpoints.half)
        try:
            await session.send(wire.SessionUpdate(event_id="session.update-1", session=studio_session(agent)))
            for number, text in enumerate(missing, 1):
                pcm = await _spoken(session, text, f"response.create-{number}")
                self.recordings.add(voice, text, pcm)
                await self._save(voice, text, pcm)
        finally:
            await session.close()
        log.info("phrases recorded", extra={"language": language, "count": len(missing)})

    async def _load(self, voice: str, text: str) -> bytes | None:
        table = await self._tables.table(TABLE)
        try:
            row: Mapping[str, Any] = await table.get_entity(voice, _digest(text))
        except ResourceNotFoundError:
            return None
        return b"".join(row[f"pcm{number}"] for number in range(row["pieces"]))

    async def _save(self, voice: str, text: str, pcm: bytes) -> None:
        pieces = [pcm[at : at + _PIECE] for at in range(0, len(pcm), _PIECE)]
        properties = {f"pcm{number}": piece for number, piece in enumerate(pieces)}
        table = await self._tables.table(TABLE)
        key = {"PartitionKey": voice, "RowKey": _digest(text)}
        await table.upsert_entity({**key, "text": text, "pieces": len(pieces), **properties})


def voice_of(agent: Agent) -> str:
    """What makes the agent sound as it does, as a key."""
    sound = msgspec.json.encode([studio_session(agent).voice, target_for(agent)])
    return hashlib.sha256(sound).hexdigest()[:32]


def _texts(agent: Agent, language: str) -> Iterable[str]:
    phrases = agent.phrases_for(language)
    greeting = opening(phrases.greeting, agent.recording.mode, phrases)
    return dict.fromkeys([greeting, *phrases.fillers, phrases.transferring, phrases.trouble])


async def _spoken(session: VoiceLive, text: str, event_id: str) -> bytes:
    """The sound of a text."""
    message = wire.MessageItem("assistant", [wire.TextPart("text", text)])
    options = wire.ResponseOptions(pre_generated_assistant_message=message)
    await session.send(wire.ResponseCreate(event_id=event_id, response=options))
    pcm = bytearray()
    async with asyncio.timeout(_PHRASE_WITHIN):
        async for event in session.events():
            match event:
                case wire.AudioDelta(delta=delta) if len(pcm) < _MOST:
                    pcm += delta
                case wire.ResponseDone(response) if response.status == "completed" and pcm:
                    return bytes(pcm[:_MOST])
                case wire.ResponseDone() | wire.Error():
                    raise VoiceLiveError("a phrase could not be recorded")
                case _:
                    pass
    raise VoiceLiveError("the session ended before a phrase was recorded")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
