"""Which phone numbers the Communication Services resource has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.hooks.azure import Azure
from infra.hooks.settings import AzdEnvironment

_SCOPE: Final = "https://communication.azure.com//.default"
_VERSION: Final = "2022-12-01"

HOW_TO_GET_ONE: Final = """\
No phone number yet. The line answers calls of Communication Services users and of the page all the same.
  A number: Azure portal > {acs} > Phone numbers > Get, with "Receive calls", in the country of your
  data location (about a minute; it costs a monthly fee). Then:
    azd env set TABLETALK_PHONE_NUMBERS +15550100200
    azd deploy
  Microsoft sells no numbers to tenants that had no Communication Services resource before 23 October 2026."""


def purchased(azure: Azure, environment: AzdEnvironment) -> list[str]:
    """All numbers of the resource, in E.164.

    Raises:
        AzureError
    """
    path = f"{environment['TABLETALK_ACS_ENDPOINT']}/phoneNumbers"
    return sorted(one["phoneNumber"] for one in azure.list(path, _VERSION, _SCOPE))


def advice(wanted: list[str], have: list[str], acs: str) -> Iterator[str]:
    """What to say about the numbers asked for and those there are."""
    if not have:
        yield HOW_TO_GET_ONE.format(acs=acs)
    for number in wanted:
        if have and number not in have:
            yield (
                f"TABLETALK_PHONE_NUMBERS: {number} does not belong to {acs}, so its calls will not come "
                f"here; there are {', '.join(have)}"
            )
    if not wanted and have:
        yield f"calls are taken on {', '.join(have)}; for fewer: azd env set TABLETALK_PHONE_NUMBERS ..."
