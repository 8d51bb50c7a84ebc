"""What the operator API works with, made once per process and event loop beside the other clients.

Apart from `control.services`, because a wrong price or a broken prompt must not keep a phone from being
answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from control.answering import Line
from control.live_calls import LiveReader
from control.services import Services, services
from shared.admission_store import AdmissionStore
from shared.agent_config import Agent, AgentError, load_agent
from shared.bookings import BookingStore
from shared.call_archive import CallArchive
from shared.call_search import CallSearch
from shared.clock import utc_now
from shared.commands import Commands
from shared.counter import Counter, facts_maker
from shared.insights import InsightStore
from shared.orders import OrderStore
from shared.prices import Prices, PricesError, load_prices
from shared.restaurants import Catalogue, CatalogueError
from shared.settings import OperatorSettings
from shared.tapes import TapeStore


@dataclass(frozen=True, slots=True)
class OperatorServices:
    """Belongs to one event loop; its connections are those of `Services`."""

    settings: OperatorSettings
    line: Line
    agent: Agent
    """As its files were when this process began."""
    prices: Prices
    catalogue: Catalogue
    archive: CallArchive
    tapes: TapeStore
    bookings: BookingStore
    orders: OrderStore
    insights: InsightStore
    counter: Counter
    search: CallSearch
    commands: Commands
    live: LiveReader
    admission: AdmissionStore
    clock: Callable[[], datetime]

    @classmethod
    def over(cls, shared: Services, settings: OperatorSettings) -> Self:
        """What stands on the clients that there are already.

        Raises:
            AgentError, PricesError, CatalogueError: a file cannot be used; the message names it and the key.
        """
        agent, prices = load_agent(settings.agent_dir), load_prices(settings.agent_dir)
        catalogue = Catalogue.load(settings.restaurants_file)
        insights = InsightStore(shared.tables, catalogue.zone)
        return cls(
            settings=settings,
            line=shared.line,
            agent=agent,
            prices=prices,
            catalogue=catalogue,
            archive=CallArchive(shared.tables),
            tapes=TapeStore(shared.tables),
            bookings=shared.bookings,
            orders=OrderStore(shared.tables),
            insights=insights,
            counter=Counter(
                shared.tables, insights, facts_maker(agent, prices, catalogue), judge=shared.intent_model
            ),
            search=CallSearch(shared.tables, insights),
            commands=Commands(shared.tables),
            live=LiveReader(shared.line.calls),
            admission=AdmissionStore(shared.tables),
            clock=utc_now,
        )


class NotReadyError(Exception):
    """A file that the operator API needs cannot be used; the message names it and the fix."""


_made: tuple[asyncio.AbstractEventLoop, Services, OperatorServices] | None = None


def operator_services() -> OperatorServices:
    """Those of the running event loop. No await in here, so requests that come at once share them.

    Raises:
        NotReadyError
        SettingError
    """
    global _made
    shared, loop = services(), asyncio.get_running_loop()
    if _made is None or _made[0] is not loop or _made[1] is not shared:
        try:
            _made = loop, shared, OperatorServices.over(shared, shared.settings.operator)
        except (AgentError, PricesError, CatalogueError) as error:
            raise NotReadyError(str(error)) from error
    return _made[2]
