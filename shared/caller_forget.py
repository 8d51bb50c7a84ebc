"""`python -m shared.caller_forget NUMBER`: forget a caller who asked for it by other means than the phone."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from azure.core.exceptions import AzureError

from shared.booking_access import own_number
from shared.caller_erasure import Erasure
from shared.caller_key import CallerKeys
from shared.callers import CallerStore
from shared.settings import SettingError, StoreSettings, caller_keys
from shared.tables import Tables


def main(argv: Sequence[str]) -> int:
    """The command. Exit status 0, 1 when the store failed, 2 for a wrong setting or number."""
    parser = argparse.ArgumentParser(
        prog="python -m shared.caller_forget",
        description="Forget a caller: what was remembered, and their name, number and words in all calls and "
        "bookings. Have them prove that the number is theirs before.",
    )
    parser.add_argument("number", help="with its country code, such as +15550100, or a raw id 8:acs:...")
    number = own_number(parser.parse_args(argv).number)
    try:
        if number is None:
            raise SettingError("number: not one person's; give it with its country code, such as +15550100")
        keys = caller_keys(os.environ)
        if keys is None:
            raise SettingError("CALLER_KEY: missing; set it to the key of the bridge")
        return asyncio.run(_run(StoreSettings.from_env(os.environ), keys, number))
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except AzureError as error:
        print(f"the store failed: {type(error).__name__}; do it again to make it whole", file=sys.stderr)
        return 1


async def _run(settings: StoreSettings, keys: CallerKeys, number: str) -> int:
    async with Tables(settings) as tables:
        stays = await Erasure(tables, CallerStore(tables, keys)).forget(number, None, datetime.now(UTC))
    print("forgotten; names, numbers and words in calls and past bookings go with the next sweeps")
    for stay in stays:
        what = "an order" if stay.is_order else "a booking"
        print(f"stays until it is over: {what} at {stay.restaurant_id} on {stay.on}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
