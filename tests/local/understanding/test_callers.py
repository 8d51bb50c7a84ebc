"""Sentences of people who knew what the line can do and nothing of how it is made, as the mind takes them.

As text, since no voice of ours is as anybody speaks; `judge` plays the same file in any voice.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from local.voice_live.service import load_parts
from tests.local.understanding.judge import Row, rows
from tests.local.understanding.talks import Talk, serving, talk, toolbox
from tests.local.voice_live.doubles import ToneSpeaker

CALLERS = Path(__file__).parent / "callers.tsv"
_AT_ONCE = 8


async def test_every_caller_is_led_to_the_right_tool(azurite: str, table_prefix: str) -> None:
    places = asyncio.Semaphore(_AT_ONCE)

    async def told(url: str, row: Row) -> Talk:
        async with places, toolbox(azurite, table_prefix, f"call{row.number}") as tools:
            return await talk(url, tools, row.said)

    callers = rows(CALLERS)
    async with serving(replace(load_parts(), speaker=ToneSpeaker())) as url:
        talks = await asyncio.gather(*(told(url, row) for row in callers))
    wrong = [
        str(said)
        for row, said in zip(callers, talks, strict=True)
        if not said.led_to(row.tool, row.arguments)
    ]
    assert len(callers) == 120
    assert not wrong, "\n".join(wrong)
