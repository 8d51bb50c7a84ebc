"""One bridge with one place: the second caller waits in line and is let in, the third hears busy."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from control.waiting_audio import wav
from local.acs.prompts import line_audio
from local.call import CALLED, somebody
from local.driver import System, running_system
from local.line import Progress, place_call
from shared.admission_store import AdmissionStore
from shared.agent_config import load_agent
from shared.call_store import CallStore
from shared.calls import Outcome
from shared.recorded_lines import RecordedLines, texts_in_line
from shared.settings import DEFAULT_AGENT_DIR, QueueSettings, StoreSettings
from shared.tables import Tables
from tests.e2e.store_stops import WatchedPhone, call_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PATIENCE_S = 120.0
"""Phrases are spoken once before anybody can hear them, on a machine that may be busy."""


@pytest.fixture
async def one_place(tmp_path: Path) -> AsyncIterator[System]:
    shutil.copytree(DEFAULT_AGENT_DIR, tmp_path / "agent")
    file = tmp_path / "agent" / "agent.toml"
    text = re.sub(r"(?m)^spoken = .*$", 'spoken = ["en-US"]', file.read_text("utf-8"))
    file.write_text(re.sub(r"(?m)^callers = .*$", "", text), "utf-8")  # less to be recorded
    settings = {
        "AGENT_DIR": str(file.parent),
        "ADMISSION_WHEN_FULL": "queue",
        "ADMISSION_QUEUE_LENGTH": "1",
    }
    async with running_system(settings, "--max-calls", "1") as system:
        yield system


async def test_the_second_caller_hears_where_they_stand_and_is_let_in(one_place: System) -> None:
    acs = one_place.addresses.acs
    first, second, third = (WatchedPhone([]) for _ in range(3))
    calls = [Progress() for _ in range(3)]
    async with Tables(StoreSettings(one_place.addresses.tables, endpoint=None, prefix="")) as tables:
        announced = await _announced(tables)
        async with asyncio.TaskGroup() as group:

            def dial(phone: WatchedPhone, progress: Progress) -> asyncio.Task[None]:
                return group.create_task(place_call(acs, phone, progress, caller=somebody(), called=CALLED))

            dial(first, calls[0])
            await first.until(lambda: bool(first.agent.spans))
            waits = dial(second, calls[1])
            await second.until(lambda: bool(second.agent.spans))
            await dial(third, calls[2])
            assert calls[2].ended == "rejected"
            await waits
        store = CallStore(tables)
        held, let_in = [await call_of(store, progress) for progress in calls[:2]]
        turns = await store.turns(let_in.id)
        channels = (await AdmissionStore(tables).seen()).channels
    assert (held.outcome, let_in.outcome) == (Outcome.COMPLETED, Outcome.COMPLETED)
    assert let_in.queued_at is not None
    assert let_in.called_at is not None
    assert held.ended_at is not None
    assert let_in.media_connected_at is not None
    assert let_in.queued_at < held.ended_at < let_in.media_connected_at
    assert let_in.media_connected_at - held.ended_at < timedelta(seconds=15), "on a busy machine"
    assert turns[0].text == load_agent(DEFAULT_AGENT_DIR).phrases_for("en").greeting
    heard = np.frombuffer(second.recording, "<i2").reshape(-1, 2)[:, 1].tobytes()
    assert announced in heard
    assert held.id not in {channel.call_id for channel in channels.values()}


async def _announced(tables: Tables) -> bytes:
    """The sound of the first announcement on the line, once it and a bridge are there."""
    agent, recorded, channels = load_agent(DEFAULT_AGENT_DIR), RecordedLines(tables), AdmissionStore(tables)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            there = await recorded.all(texts_in_line(agent, "en-US", 1)), (await channels.seen()).reports
            if all(there):
                break
            await asyncio.sleep(0.2)  # the bridge tells nobody
    phrases = agent.phrases_for("en-US")
    words = await recorded.all([phrases.waiting, phrases.waiting_at(1)])
    assert words is not None
    # The tone belongs to it: a fifth of a second of it is past what a change of rate smears.
    sound = line_audio(wav(words, QueueSettings().every))
    return sound[: len(line_audio(wav(words, timedelta(0)))) - 4800]
