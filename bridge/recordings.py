"""Fixed phrases in the agent's own voice, recorded while Voice Live is well, for when it is not.

They are spoken once by a session of their own, kept in the store, and known to every bridge from there. A
phrase or a voice that changes is recorded anew: the row is named after both. What callers in line hear is
recorded as well, for the control plane: see `shared.recorded_lines`.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from array import array
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping
from typing import Any, Final

import msgspec
from azure.core.exceptions import AzureError, ResourceNotFoundError

from bridge.notice import opening
from bridge.session import studio_session, target_for
from bridge.voicelive import wire
from bridge.voicelive.connection import VoiceLive, VoiceLiveError
from bridge.voicelive.endpoints import Endpoints
from shared.agent_config import Agent
from shared.recorded_lines import MOST_BYTES, TABLE, RecordedLines, digest, in_pieces, sound, texts_in_line
from shared.tables import Tables

_LINE_AUDIO: Final = "pcm16_16000hz"
"""The format of `shared.recorded_lines`, as Voice Live calls it."""
_PHRASE_WITHIN: Final = 20.0
_STEP: Final = 240
"""Samples, 10 ms."""
_EDGE: Final = 1_440
"""Samples of the silence before a phrase that are kept, 60 ms: words begin faintly."""
_FAINT: Final = 160
"""Sound below this, 46 dB below full scale, is none."""
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
        self._pcm[voice, text] = _from_the_first_word(pcm)


class Studio:
    """Makes the recordings that are missing, beside the calls.

    Args:
        tables: where they are kept.
    """

    def __init__(self, endpoints: Endpoints, tables: Tables) -> None:
        self.recordings = Recordings()
        self._endpoints = endpoints
        self._tables = tables
        self._line = RecordedLines(tables)
        self._work: dict[tuple[str, str], asyncio.Task[None]] = {}
        """By voice and what is recorded; it ends when all is there."""

    def want(self, agent: Agent, language: str) -> None:
        """See to it that the phrases of this language are recorded."""
        first = next(iter(_texts(agent, language)))
        self._begin(agent, first, lambda: self._record_phrases(agent, language))

    def want_queue(self, agent: Agent, places: int) -> None:
        """See to it that what callers in a queue of so many places hear is recorded, in all languages."""
        languages = dict.fromkeys([agent.languages.default, *agent.languages.spoken])
        texts = dict.fromkeys(text for one in languages for text in texts_in_line(agent, one, places))
        self._begin(agent, "\n".join(texts), lambda: self._record_queue(agent, texts))

    async def close(self) -> None:
        """Stop; what is recorded stays in the store."""
        for task in self._work.values():
            task.cancel()
        if self._work:
            await asyncio.wait(self._work.values())

    def _begin(self, agent: Agent, what: str, record: Callable[[], Coroutine[None, None, None]]) -> None:
        key = (voice_of(agent), what)
        if key not in self._work:
            self._work[key] = asyncio.create_task(self._see_to_it(record))

    async def _see_to_it(self, record: Callable[[], Coroutine[None, None, None]]) -> None:
        await asyncio.sleep(_AFTER_START)
        pauses = iter(_AGAIN_AFTER)
        while True:
            try:
                await record()
                return
            except (VoiceLiveError, AzureError, TimeoutError) as error:
                log.warning("phrases not recorded, trying again", extra={"reason": type(error).__name__})
            except Exception:
                log.exception("phrases not recorded")
                return
            await asyncio.sleep(next(pauses, _AGAIN_AFTER[-1]))

    async def _record_phrases(self, agent: Agent, language: str) -> None:
        voice = voice_of(agent)
        missing = []
        for text in _texts(agent, language):
            pcm = self.recordings.of(voice, text) or await self._load(voice, text)
            if pcm is None:
                missing.append(text)
            else:
                self.recordings.add(voice, text, pcm)

        async def keep(text: str, pcm: bytes) -> None:
            self.recordings.add(voice, text, pcm)
            await self._save(voice, text, pcm)

        await self._record(agent, missing, keep)

    async def _record_queue(self, agent: Agent, texts: Iterable[str]) -> None:
        voice = voice_of(agent)
        missing = [text for text in texts if await self._line.get(text, voice) is None]
        await self._record(agent, missing, lambda text, pcm: self._line.put(text, voice, pcm), _LINE_AUDIO)

    async def _record(
        self,
        agent: Agent,
        texts: Collection[str],
        keep: Callable[[str, bytes], Awaitable[None]],
        audio: str = "pcm16",
    ) -> None:
        """Have a session speak each text, and keep it as soon as it is spoken."""
        if not texts:
            return
        session = await self._endpoints.open(target_for(agent), spare=self._endpoints.half)
        try:
            settings = studio_session(agent, audio)
            await session.send(wire.SessionUpdate(event_id="session.update-1", session=settings))
            for number, text in enumerate(texts, 1):
                await keep(text, await _spoken(session, text, f"response.create-{number}"))
        finally:
            await session.close()
        log.info("phrases recorded", extra={"count": len(texts)})

    async def _load(self, voice: str, text: str) -> bytes | None:
        table = await self._tables.table(TABLE)
        try:
            row: Mapping[str, Any] = await table.get_entity(voice, digest(text))
        except ResourceNotFoundError:
            return None
        return sound(row)

    async def _save(self, voice: str, text: str, pcm: bytes) -> None:
        table = await self._tables.table(TABLE)
        key = {"PartitionKey": voice, "RowKey": digest(text)}
        await table.upsert_entity({**key, "text": text, **in_pieces(pcm)})


def _from_the_first_word(pcm: bytes) -> bytes:
    """Without the silence at its beginning, which would prolong the one that the recording is to break."""
    samples = array("h", pcm[: len(pcm) // 2 * 2])
    steps = range(0, len(samples), _STEP)
    first = next((at for at in steps if max(map(abs, samples[at : at + _STEP])) >= _FAINT), 0)
    return samples[max(0, first - _EDGE) :].tobytes()


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
                case wire.AudioDelta(delta=delta) if len(pcm) < MOST_BYTES:
                    pcm += delta
                case wire.ResponseDone(response) if response.status == "completed" and pcm:
                    return bytes(pcm[:MOST_BYTES])
                case wire.ResponseDone() | wire.Error():
                    raise VoiceLiveError("a phrase could not be recorded")
                case _:
                    pass
    raise VoiceLiveError("the session ended before a phrase was recorded")
