"""The azd environment, as azd hands it to hooks: its values are environment variables."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field


class SettingError(ValueError):
    """A value of the azd environment is missing or wrong; the message names it and the fix."""


@dataclass(frozen=True)
class AzdEnvironment:
    """Values by name."""

    values: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @classmethod
    def current(cls) -> AzdEnvironment:
        """As azd hands it over; run by hand, that which azd has selected."""
        if "AZURE_ENV_NAME" in os.environ:
            return cls()
        command = ["azd", "env", "get-values", "--output", "json"]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - as written above
        except (FileNotFoundError, subprocess.TimeoutExpired):
            return cls()
        return cls({**os.environ, **json.loads(answer.stdout)}) if answer.returncode == 0 else cls()

    def __getitem__(self, name: str) -> str:
        """The value.

        Raises:
            SettingError: it is not there.
        """
        value = self.values.get(name, "").strip()
        if not value:
            fix = "run: azd provision" if name.startswith("TABLETALK_") else "run this through azd"
            raise SettingError(f"{name}: missing in the azd environment; {fix}")
        return value

    def get(self, name: str, default: str = "") -> str:
        """The value, or the default."""
        return self.values.get(name, "").strip() or default

    def flag(self, name: str) -> bool:
        """Whether the value is true."""
        return self.get(name).lower() in ("true", "1", "yes")

    @property
    def numbers(self) -> list[str]:
        """The phone numbers that calls are taken on.

        Raises:
            SettingError: one is not E.164.
        """
        numbers = [one for one in re.split(r"[,\s]+", self.get("TABLETALK_PHONE_NUMBERS")) if one]
        for number in numbers:
            if not re.fullmatch(r"\+[1-9]\d{6,14}", number):
                raise SettingError(
                    f"TABLETALK_PHONE_NUMBERS: {number!r} is not a number such as +15550100200; "
                    "several are separated by commas"
                )
        return numbers

    @property
    def subscription(self) -> str:
        """Path of the Azure subscription."""
        return f"/subscriptions/{self['AZURE_SUBSCRIPTION_ID']}"

    @property
    def group(self) -> str:
        """Name of the resource group, also before it exists: main.bicep names it so."""
        return self.get("AZURE_RESOURCE_GROUP") or f"rg-{self['AZURE_ENV_NAME']}"

    @property
    def bridge(self) -> str:
        """Path of the container app."""
        name = self["TABLETALK_BRIDGE_NAME"]
        return f"{self.subscription}/resourceGroups/{self.group}/providers/Microsoft.App/containerApps/{name}"
