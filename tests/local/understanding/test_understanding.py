"""Recognition and mind together are right enough to work.

Spoken requests go through the whole Voice Live stand-in with the session that the bridge would send, in two
voices, clean and as a telephone line (G.711) carries them. What counts is the tool that is called and its
arguments. These sentences and voices were at hand while recognition and mind were made, so this guards what
was reached; `python -m tests.local.understanding.judge` shows how well new sentences in new voices do.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bridge.tools import ToolBox
from local.speech import VOICES, FloatAudio, pcm16_to_float, read_wav
from local.speech.voices import VoiceShape
from local.voice_live.seams import Parts
from local.voice_live.service import load_parts
from tests.local.understanding.talks import Talk, over_the_telephone, resampled, serving, talk, toolbox

HELD_OUT = Path(__file__).parent.parent / "speech" / "held_out"
LINES = dict(line.split("\t") for line in (HELD_OUT / "transcripts.tsv").read_text("utf-8").splitlines())
"""What is said in the recordings, by number."""


@dataclass(frozen=True)
class Case:
    """What a caller says, line by line, and the tool that it must lead to."""

    said: tuple[str, ...]
    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)


def _booking(lines: str, restaurant: str, date: str, time: str, party_size: int) -> Case:
    """`lines`, then a name and a yes (21)."""
    arguments = {"restaurant": restaurant, "date": date, "time": time, "party_size": party_size}
    return Case((*lines.split(), "name", "21"), "book_table", arguments)


def _details(line: str, restaurant: str, topic: str, **more: str) -> Case:
    return Case((line,), "restaurant_details", {"restaurant": restaurant, "topic": topic, **more})


SENTENCES = (
    Case(("01",), "find_restaurants", {"dish": "sushi"}),
    Case(("02",), "find_restaurants", {"cuisine": "Italian", "area": "Old Town"}),
    _details("03", "Sakura House", "menu"),
    _details("04", "Blue Anchor", "hours", date="2026-11-29"),
    Case(("07",), "find_restaurants", {"diet": "vegan", "price": "cheap"}),
    Case(("08",), "end_call"),
    Case(("09",), "find_restaurants", {"cuisine": "Mexican", "area": "Harbour"}),
    Case(("10",), "find_restaurants", {"cuisine": "Indian"}),
    _details("11", "Cedar Grill", "address"),
    _details("12", "Thai Orchid", "dish", dish="green curry"),
    _details("14", "Maple Diner", "phone"),
    Case(("16",), "restaurant_details", {"restaurant": "Napoli Pizza"}),
    Case(("17",), "find_restaurants"),
    _details("18", "Trattoria Lucia", "about"),
    Case(("20",), "find_restaurants", {"dish": "ramen"}),
    _booking("13", "Golden Lotus", "2026-11-22", "20:00", 2),
    _booking("13 19", "Golden Lotus", "2026-11-22", "21:00", 2),
    _booking("18 05", "Trattoria Lucia", "2026-11-27", "19:30", 4),
    _booking("04 05", "Blue Anchor", "2026-11-27", "19:30", 4),
    _booking("11 15", "Cedar Grill", "2026-11-28", "18:30", 3),
)

SHORT_ANSWERS = Case(
    ("18", "21", "25", "24", "23", "name", "21"),
    "book_table",
    {
        "restaurant": "Trattoria Lucia",
        "date": "2026-11-23",
        "time": "19:30",
        "party_size": 4,
    },
)
"""After "Would you like me to book a table there?": yes, tomorrow, seven thirty, four, a name, yes."""


@pytest.fixture(scope="module")
def parts() -> Parts:
    return load_parts()


NAMES = {"joe": ("26", "Sarah"), "visitor": ("06", "Sarah Johnson")}
"""How each gives a name: joe says "My name is Sarah" like "Eric", the visitor a bare "Sarah" like "Hera"."""


@dataclass(frozen=True)
class Caller:
    """A voice with every line it says, 24 kHz; its line "name" gives `name`."""

    lines: dict[str, FloatAudio]
    name: str


@pytest.fixture(scope="module", params=["joe", "visitor"])
def voice(request: pytest.FixtureRequest, parts: Parts) -> Caller:
    """The recordings of joe, or a speaker no caller here sounds like."""
    line, name = NAMES[request.param]
    lines = _recorded("joe") if request.param == "joe" else _synthesised(parts)
    return Caller({**lines, "name": lines[line]}, name)


def _recorded(name: str) -> dict[str, FloatAudio]:
    return {line: resampled(*read_wav(HELD_OUT / name / f"{line}.wav"), 24_000) for line in LINES}


def _synthesised(parts: Parts) -> dict[str, FloatAudio]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(VOICES, "visitor", VoiceShape(pitch=0.7, tract=0.9, pace=0.95))
        return {
            line: pcm16_to_float(b"".join(parts.speaker.stream(text, "visitor")))
            for line, text in LINES.items()
        }


@pytest.fixture(params=["clean", "telephone"])
def carried(request: pytest.FixtureRequest, voice: Caller) -> Caller:
    """The caller as they arrive."""
    if request.param == "clean":
        return voice
    return Caller({line: over_the_telephone(audio) for line, audio in voice.lines.items()}, voice.name)


@pytest.fixture
async def stand_in(parts: Parts) -> AsyncIterator[str]:
    async with serving(parts) as url:
        yield url


@pytest.fixture
async def tools(azurite: str, table_prefix: str) -> AsyncIterator[ToolBox]:
    async with toolbox(azurite, table_prefix) as box:
        yield box


async def test_nineteen_of_twenty_sentences_lead_to_the_right_tool(
    stand_in: str, carried: Caller, tools: ToolBox
) -> None:
    """Each in a session of its own, as the first thing said after the greeting."""
    wrong = []
    for case in SENTENCES:
        told = await _told(stand_in, tools, case, carried)
        if not _fits(told, case, carried.name):
            wrong.append(f"{[LINES.get(line, carried.name) for line in case.said]}: {told}")
    assert len(wrong) <= 1, "\n".join(wrong)


async def test_short_answers_are_understood(stand_in: str, carried: Caller, tools: ToolBox) -> None:
    """A booking made of one-word answers."""
    told = await _told(stand_in, tools, SHORT_ANSWERS, carried)
    assert _fits(told, SHORT_ANSWERS, carried.name), str(told)


async def _told(url: str, tools: ToolBox, case: Case, caller: Caller) -> Talk:
    return await talk(url, tools, [caller.lines[line] for line in case.said])


def _fits(told: Talk, case: Case, name: str) -> bool:
    return told.led_to(case.tool, case.arguments | ({"name": name} if case.tool == "book_table" else {}))
