"""`python -m shared.insights rebuild DAY`: build the figures of a day anew from the records of its calls."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date

from azure.core.exceptions import AzureError

from shared.agent_config import AgentError, load_agent
from shared.counter import Counter, RecordsGoneError, facts_maker
from shared.insights import CountConflictError, InsightStore
from shared.prices import PricesError, load_prices
from shared.restaurants import Catalogue, CatalogueError
from shared.settings import OperatorSettings, SettingError, StoreSettings
from shared.tables import Tables


def main(argv: Sequence[str], env: Mapping[str, str] = os.environ) -> int:
    """Exit status 0; 1 when it could not be done, 2 for a wrong setting, file or option."""
    parser = argparse.ArgumentParser(
        prog="python -m shared.insights",
        description="Figures over calls. The settings of the store stand in the environment.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    rebuild = commands.add_parser("rebuild", help="build the figures of days anew from the records")
    rebuild.add_argument("days", nargs="+", type=date.fromisoformat, metavar="DAY", help="such as 2026-11-20")
    rebuild.add_argument(
        "--force", action="store_true", help="also of a day of which calls have been deleted: they go too"
    )
    options = parser.parse_args(argv)
    try:
        asyncio.run(_rebuild(options.days, options.force, env))
    except (SettingError, AgentError, PricesError, CatalogueError) as error:
        print(f"insights: {error}", file=sys.stderr)
        return 2
    except (RecordsGoneError, CountConflictError) as error:
        print(f"insights: {error}", file=sys.stderr)
        return 1
    except AzureError as error:
        print(f"insights: the store does not answer: {type(error).__name__}", file=sys.stderr)
        return 1
    return 0


async def _rebuild(days: Sequence[date], force: bool, env: Mapping[str, str]) -> None:
    settings = OperatorSettings.from_env(env)
    catalogue = Catalogue.load(settings.restaurants_file)
    maker = facts_maker(load_agent(settings.agent_dir), load_prices(settings.agent_dir), catalogue)
    async with Tables(StoreSettings.from_env(env)) as tables:
        counter = Counter(tables, InsightStore(tables, catalogue.zone), maker)
        for day in days:
            print(f"{day}: {await counter.rebuild(day, force=force)} calls")
