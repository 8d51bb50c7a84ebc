"""The shell around one session: its socket, its timers, and the work it wants done in threads."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from local.voice_live.faults import Faults
from local.voice_live.outbox import Abandon, Close, Effect, Recognize, Speak, Think
from local.voice_live.seams import Parts
from local.voice_live.sentences import sentences
from local.voice_live.session import Session
from local.voice_live.workers import Urgency, Workers

log = logging.getLogger(__name__)

CHUNK_BYTES = 4800
"""One audio delta: 100 ms of PCM16 at 24 kHz."""

_CHUNK_SECONDS = 0.1
_HEAD_START_SECONDS = 0.3
"""Audio sent at once when a reply begins, before pacing sets in."""
_BEAM = 8
_HIGH_WATER = 200
"""Events waiting for the socket above which no new ones are made. It is soft: one step of a session may
queue several, and they must stay in order, so they are all taken."""
_SEND_TIMEOUT_S = 10.0


class Connection:
    """Runs one session on one websocket until either side ends it."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        session: Session,
        parts: Parts,
        workers: Workers,
        *,
        faults: Faults,
        lifetime_s: float,
        audio_speed: float,
        drop: Callable[[], None],
    ) -> None:
        """`audio_speed`: how many times faster than real time audio goes out, 0 as fast as it is made.

        `drop` cuts the transport without a close frame.
        """
        self._socket = socket
        self._session = session
        self._parts = parts
        self._workers = workers
        self._faults = faults
        self._lifetime_s = lifetime_s
        self._audio_speed = audio_speed
        self._drop = drop
        self._unsent: deque[dict[str, Any] | Close] = deque()
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._responding: dict[str, set[asyncio.Task[None]]] = {}
        """Thinking and speaking for each response; with an interim response both at once."""
        self._audio_deltas = 0

    async def run(self) -> None:
        """Serve the session until its socket is closed."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            self._spawn(self._write())
            self._spawn(self._end_of_life())
            if self._faults.drop_after_ms is not None:
                self._spawn(self._drop_later(self._faults.drop_after_ms))
            self._hand_over()
            try:
                await self._read()
            finally:
                for task in self._tasks:
                    task.cancel()

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                self._session.receive(message.data)
                self._hand_over()
                await self._room.wait()

    async def _write(self) -> None:
        try:
            await self._write_until_closed()
        finally:
            self._closed = True
            self._room.set()  # whoever waited for room would wait for ever

    async def _write_until_closed(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while self._unsent:
                event = self._unsent.popleft()
                if len(self._unsent) < _HIGH_WATER:
                    self._room.set()
                if isinstance(event, Close):
                    await self._socket.close(code=event.code, message=event.reason.encode())
                    return
                if not await self._send(event):
                    return

    async def _send(self, event: dict[str, Any]) -> bool:
        """Send one event. False when the socket is gone, or has not taken it in time."""
        if self._faults.event_latency_ms:
            await asyncio.sleep(self._faults.event_latency_ms / 1000)
        try:
            async with asyncio.timeout(_SEND_TIMEOUT_S):
                await self._socket.send_str(msgspec.json.encode(event).decode())
        except (ConnectionError, TimeoutError):
            self._drop()
            return False
        if event["type"] == "response.audio.delta":
            self._audio_deltas += 1
            if self._audio_deltas == self._faults.drop_after_audio_deltas:
                self._drop()
                return False
        return True

    def _hand_over(self) -> None:
        """Take what the session queued: events to the writer, effects to their tasks."""
        outbox = self._session.outbox
        self._unsent.extend(outbox.take_events())
        while effects := outbox.take_effects():
            for effect in effects:
                self._do(effect)
            self._unsent.extend(outbox.take_events())
        if self._closed:
            self._unsent.clear()
        elif len(self._unsent) >= _HIGH_WATER:
            self._room.clear()
        self._work.set()

    def _do(self, effect: Effect) -> None:
        match effect:
            case Recognize():
                if effect.hasty and not self._workers.idle:
                    self._session.recognized(effect.job, None)
                else:
                    self._spawn(self._recognize(effect))
            case Think():
                self._respond(effect.response_id, self._think(effect))
            case Speak():
                self._respond(effect.response_id, self._speak(effect))
            case Abandon():
                for task in self._responding.pop(effect.response_id, ()):
                    task.cancel()
            case Close():
                self._unsent.append(effect)

    async def _recognize(self, effect: Recognize) -> None:
        beam, urgency = (1, Urgency.PARTIAL) if effect.hasty else (_BEAM, Urgency.TURN)
        work = partial(self._parts.recognizer.transcribe, effect.audio, effect.phrases, beam, effect.asked)
        try:
            result = await self._workers.run(urgency, work)
        except Exception:
            log.exception("recognition failed")
            self._session.recognized(effect.job, "recognition failed")
        else:
            self._session.recognized(effect.job, result)
        self._hand_over()

    def _respond(self, response_id: str, work: Coroutine[Any, Any, None]) -> None:
        task = self._spawn(self._guarded(response_id, work))
        self._responding.setdefault(response_id, set()).add(task)
        task.add_done_callback(lambda done: self._responded(response_id, done))

    def _responded(self, response_id: str, task: asyncio.Task[None]) -> None:
        tasks = self._responding.get(response_id, set())
        tasks.discard(task)
        if not tasks:
            self._responding.pop(response_id, None)

    async def _guarded(self, response_id: str, work: Coroutine[Any, Any, None]) -> None:
        """Think or speak for a response; whatever goes wrong ends that response, not the session."""
        try:
            await work
        except Exception:
            log.exception("a response failed")
            self._session.failed(response_id, "The server had an error while making this response.")
            self._hand_over()

    async def _think(self, effect: Think) -> None:
        patience = None if effect.patience_ms is None else self._spawn(self._lose_patience(effect))
        try:
            await asyncio.sleep(self._faults.response_latency_ms / 1000)
            outputs = await self._parts.mind.think(
                effect.instructions, effect.tools, effect.items, effect.tool_choice
            )
        finally:
            if patience is not None:
                patience.cancel()
        self._session.thought(effect.response_id, outputs)
        self._hand_over()

    async def _lose_patience(self, effect: Think) -> None:
        await asyncio.sleep((effect.patience_ms or 0) / 1000)
        self._session.overdue(effect.response_id)
        self._hand_over()

    async def _speak(self, effect: Speak) -> None:
        """Synthesise, and send faster than real time. A sentence's words go with its first sound."""
        begun = asyncio.get_running_loop().time()
        sent = 0
        async for words, audio in self._synthesise(effect.text, effect.rate):
            for start in range(0, max(len(audio), 1), CHUNK_BYTES):
                await self._pace(begun, sent)
                self._session.spoken(
                    effect.response_id, words if start == 0 else "", audio[start : start + CHUNK_BYTES]
                )
                self._hand_over()
                await self._room.wait()
                sent += 1
        self._session.speech_ended(effect.response_id)
        self._hand_over()

    async def _synthesise(self, text: str, rate: float) -> AsyncIterator[tuple[str, bytes]]:
        """Each chunk as soon as the speaker has made it, the first of a sentence with its words."""
        urgency = Urgency.SPEECH
        for sentence in sentences(text):
            chunks = self._parts.speaker.stream(sentence, rate=rate)
            words = sentence
            while (audio := await self._workers.run(urgency, partial(next, chunks, None))) is not None:
                yield words, audio
                urgency = Urgency.AHEAD
                words = ""
            if words:
                yield words, b""  # nothing in it can be spoken

    async def _pace(self, begun: float, chunks_sent: int) -> None:
        """Wait until the next chunk is due."""
        ahead = max(0.0, chunks_sent * _CHUNK_SECONDS - _HEAD_START_SECONDS)
        due = begun + ahead / self._audio_speed if self._audio_speed else 0.0
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))

    async def _end_of_life(self) -> None:
        await asyncio.sleep(self._lifetime_s)
        self._session.expire()
        self._hand_over()

    async def _drop_later(self, milliseconds: int) -> None:
        await asyncio.sleep(milliseconds / 1000)
        self._drop()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
