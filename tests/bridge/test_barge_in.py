"""The bridge silences the agent at once: on real sockets, with a model and a caller played by hand."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable

from bridge.carriers import BYTES_PER_MS
from tests.bridge import test_server
from tests.bridge.stage import Stage
from tests.bridge.stand_ins import Caller, ModelSession

stage = test_server.stage

LONG = b"\x01\x00" * (5_000 * BYTES_PER_MS)
"""Ten seconds: the carrier has the next few tenths of them, the bridge the rest."""
ANSWER = b"\x02\x00" * 480
ITEM = {"response_id": "r1", "item_id": "item-r1"}


async def soon[T](awaitable: Awaitable[T]) -> T:
    """What must happen, with a deadline that only a hang reaches."""
    return await asyncio.wait_for(awaitable, 20)


async def talking(stage: Stage) -> tuple[Caller, ModelSession]:
    """A call in which the agent is heard with a long reply that is still being generated."""
    _, caller, session = await stage.talk()
    await caller.say()
    await soon(session.audio.get())
    message = {"id": "item-r1", "type": "message"}
    await session.emit("response.created", response={"id": "r1"})
    await session.emit("response.output_item.added", response_id="r1", item=message)
    await session.emit("response.audio_transcript.done", **ITEM, transcript="One two three four.")
    await more_audio(session)
    assert (await soon(caller.hears()))["Kind"] == "AudioData"
    return caller, session


async def more_audio(session: ModelSession) -> None:
    await session.emit("response.audio.delta", **ITEM, delta=base64.b64encode(LONG).decode())


async def stopped(caller: Caller) -> int:
    """Wait for StopAudio; the bytes of audio that came before it, which were on their way."""
    before = 0
    while (frame := await soon(caller.hears()))["Kind"] != "StopAudio":
        before += len(base64.b64decode(frame["AudioData"]["Data"]))
    return before


async def test_nothing_of_the_reply_follows_the_stop(stage: Stage) -> None:
    """What the bridge still holds, and what the model goes on to send, is heard of no more."""
    caller, session = await talking(stage)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await session.emit("input_audio_buffer.speech_started", item_id="c1", audio_start_ms=0)
    await more_audio(session)
    before = await stopped(caller)
    print(f"StopAudio {(loop.time() - began) * 1000:.1f} ms after speech_started was sent")
    assert before < len(LONG) / 5, "audio is with the carrier only as far as it is needed soon"

    words = "conversation.item.input_audio_transcription"
    await session.emit(f"{words}.delta", item_id="c1", content_index=0, delta="Wait, stop")
    assert (await soon(session.next("response.cancel")))["response_id"] == "r1"
    await more_audio(session)
    await session.emit("response.done", response={"id": "r1", "status": "cancelled"})
    await session.emit("input_audio_buffer.speech_stopped", item_id="c1", audio_end_ms=1_500)
    await soon(session.next("response.create"))
    await session.speak("r2", "Yes?", ANSWER)
    frame = await soon(caller.hears())
    assert base64.b64decode(frame["AudioData"]["Data"]) == ANSWER
