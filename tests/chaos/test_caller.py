"""A caller with ears, on a line whose clock is the test's: when they speak, ask again and hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import numpy as np

from chaos.booker import NO, Booker
from chaos.caller import FAREWELL_S, GIVE_UP_S, LONGEST_S, Caller
from local.ear import FRAME_SAMPLES, Samples
from local.phone import FRAME_BYTES, Move
from local.scripts import WISHES
from shared.agent_config import load_agent
from shared.settings import DEFAULT_AGENT_DIR

GREETING = load_agent(DEFAULT_AGENT_DIR).phrases_for("en").greeting
TICKS = 50
"""A second."""


class Line:
    """A caller, and an agent whose words are understood as they stand here.

    Args:
        speaks_s: how long the caller takes to say something.
    """

    def __init__(self, speaks_s: int = 1) -> None:
        booker = Booker(WISHES[0], "tomorrow at seven")
        sound = np.full(FRAME_SAMPLES * TICKS * speaks_s, 3_000, np.int16)
        self.words = ""
        self.caller = Caller(booker, dict.fromkeys(booker.vocabulary, sound), self._understand)
        self._waiting = bytearray(FRAME_BYTES)

    async def _understand(self, _: Samples) -> str:
        return self.words

    async def runs(self, seconds: float, agent: Iterable[int] = ()) -> list[Move]:
        """So much time passes, and the agent is heard in these seconds. Ends when the caller hangs up."""
        moves = []
        heard = set(agent)
        for tick in range(round(seconds * TICKS)):
            level = 3_000 if tick // TICKS in heard else 0
            said = bytes(self._waiting[:FRAME_BYTES])
            del self._waiting[:FRAME_BYTES]
            moves.append(self.caller.tick(said + np.full(FRAME_SAMPLES, level, "<i2").tobytes()))
            self._waiting += moves[-1].audio
            await asyncio.sleep(0)  # what was heard is understood beside the line
            if moves[-1].hang_up:
                break
        return moves


async def test_the_agent_is_heard_out_and_answered() -> None:
    line = Line()
    line.words = GREETING
    await line.runs(5, agent=[1, 2])
    assert line.caller.booker.said == [line.caller.booker.request]
    [span] = line.caller.caller.spans
    assert span.start > line.caller.agent.spans[-1].end
    assert line.caller.booker.greeted == 1
    assert not line.caller.asked_again


async def test_what_the_agent_said_meanwhile_is_answered_only_when_it_has_had_time_to_answer() -> None:
    """Else both go on speaking at the same moments for ever."""
    line = Line(speaks_s=3)
    line.words = GREETING
    await line.runs(5, agent=[0, 2])
    line.words = "One moment, please. Sorry?"
    await line.runs(1.5)
    assert len(line.caller.booker.said) == 1
    line.words = "Which day would you like?"
    await line.runs(4, agent=[0])
    assert line.caller.booker.said[1:] == ["Tomorrow at seven."]


async def test_a_caller_who_hears_nothing_asks_again() -> None:
    line = Line()
    await line.runs(GIVE_UP_S + 2)
    assert len(line.caller.asked_again) == 1
    assert line.caller.booker.said == [line.caller.booker.request]


async def test_who_was_told_and_has_said_goodbye_hangs_up() -> None:
    line = Line()
    line.words = "Your table is booked."
    moves = await line.runs(30, agent=[0])
    assert moves[-1].hang_up
    assert len(moves) < (1 + 2 + 1 + FAREWELL_S + 1) * TICKS
    assert line.caller.booker.said == [NO]


async def test_who_gets_nowhere_hangs_up_in_the_end() -> None:
    line = Line()
    line.words = "Let me see."
    moves = await line.runs(LONGEST_S + 2, agent=range(0, 200, 6))
    assert moves[-1].hang_up
    assert not line.caller.booker.told
