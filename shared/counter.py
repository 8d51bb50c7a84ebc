"""Puts ended calls into the figures: as they end, or a whole day anew from the records."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from shared.agent_config import Agent
from shared.call_archive import CallArchive, Transcript
from shared.call_facts import CallFacts, FactsMaker, phrases_that_ask_again
from shared.call_store import CallStore
from shared.calls import Call, CallState, rang_at
from shared.clock import utc_now
from shared.insights import CountConflictError, InsightStore
from shared.intent_model import IntentModel
from shared.prices import Prices
from shared.restaurants import Catalogue
from shared.tables import Tables
from shared.tally import midnight
from shared.uncounted import Uncounted, UncountedCalls

_log = logging.getLogger(__name__)

SETTLE: Final = timedelta(seconds=2)
"""What is written last to a call that ends is mostly there by then; what comes later has it counted anew."""
_MOST: Final = 500
"""Calls of one run, for which the next one waits."""
_MOST_JUDGED: Final = 32
"""The same when a model is asked about each, which may take its time for every sixteen of them."""
_READ_AT_ONCE: Final = 16


class RecordsGoneError(Exception):
    """Calls of the day have been deleted, as old ones are: figures built anew would miss them."""


class Counter:
    """Counts calls. Safe from many processes; what two count at once is in the figures once.

    `judge` looks at the intent of each call that ends, after the rules did; None leaves it at the rules. What
    it says is kept with the call, as a correction by an operator is, which goes before it.

    Every method raises azure.core.exceptions.AzureError when the store fails: what was not counted stays in
    the queue, and what was is not counted twice.
    """

    def __init__(
        self,
        tables: Tables,
        insights: InsightStore,
        maker: FactsMaker,
        *,
        judge: IntentModel | None = None,
        settle: timedelta = SETTLE,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._queue = UncountedCalls(tables)
        self._calls = CallStore(tables)
        self._archive = CallArchive(tables)
        self._insights = insights
        self._maker = maker
        self._judge = judge
        self._settle = settle
        self._clock = clock

    async def run(self) -> int:
        """Count the calls that wait, a bounded number; returns how many came into the figures."""
        before = self._clock() - self._settle
        most = _MOST if self._judge is None else _MOST_JUDGED
        due = [item for item in await self._queue.waiting(most) if item.put_at <= before]
        if not due:
            return 0
        read = await self._read(due)
        try:
            await self._insights.count(facts for _, facts in read if facts is not None)
        except CountConflictError as error:
            _log.warning("calls not counted, the next run tries again: %s", error)
            return 0
        await self._queue.done([item for item, _ in read])
        return sum(facts is not None for _, facts in read)

    async def count_now(self, call_id: str) -> CallFacts | None:
        """Count one call at once; None when there is no such call or it has not ended.

        Raises:
            CountConflictError
        """
        facts = await self._facts(call_id)
        if facts is not None:
            await self._insights.count([facts])
        return facts

    async def rebuild(self, day: date, *, force: bool = False) -> int:
        """Build the figures of a day (of the restaurants) anew from the records; returns how many calls.

        Calls may be counted meanwhile, and the figures are right for all but those at any moment.

        Raises:
            CountConflictError
            RecordsGoneError: fewer calls are on record than the figures know of, and not `force`.
        """
        zone = self._insights.zone
        begin, end = (midnight(day + timedelta(days=n), zone).astimezone(UTC) for n in (0, 1))
        found: dict[str, CallFacts] = {}
        for utc_day in sorted({begin.date(), (end - timedelta(microseconds=1)).date()}):
            said = await self._archive.transcripts_of(utc_day)
            facts = [
                self._of(call, said.get(call.id, Transcript()))
                async for call in self._archive.calls_of(utc_day)
                if call.state is CallState.ENDED and self._insights.day_of(rang_at(call.id)) == day
            ]
            found.update({one.id: one for one in facts})
        known = (await self._insights.tally(day)).calls
        if len(found) < known and not force:
            raise RecordsGoneError(f"day {day}: {known} calls were counted, and {len(found)} are on record")
        await self._insights.count(found.values())
        others = [facts.id for facts in await self._insights.all(day) if facts.id not in found]
        gone = {call_id for call_id in others if await self._calls.get(call_id) is None}
        await self._insights.reckon(day, gone)
        return len(found)

    async def _read(self, due: list[Uncounted]) -> list[tuple[Uncounted, CallFacts | None]]:
        at_once = asyncio.Semaphore(_READ_AT_ONCE)

        async def read(item: Uncounted) -> tuple[Uncounted, CallFacts | None]:
            async with at_once:
                return item, await self._facts(item.call_id)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(read(item)) for item in due]
        return [task.result() for task in tasks]

    async def _facts(self, call_id: str) -> CallFacts | None:
        call = await self._calls.get(call_id)
        if call is None or call.state is not CallState.ENDED:
            return None
        said = await self._archive.transcript(call_id)
        facts = self._of(call, said)
        if self._judge is None or said.corrected is not None:
            return facts
        decision = await self._judge.decide(said.turns, said.tools, facts.decision)
        if decision == facts.decision:
            return facts
        await self._archive.correct(call_id, decision)
        said.corrected = decision
        return self._of(call, said)

    def _of(self, call: Call, said: Transcript) -> CallFacts:
        return self._maker.of(call, said.turns, said.tools, said.corrected)


def facts_maker(agent: Agent, prices: Prices, catalogue: Catalogue) -> FactsMaker:
    """What works out the facts of calls."""
    asked_again = {
        language: (phrases.not_heard, phrases.not_heard_again, phrases.press_a_key)
        for language, phrases in agent.phrases.items()
    }
    return FactsMaker(catalogue, prices, phrases_that_ask_again(asked_again))
