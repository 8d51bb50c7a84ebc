"""Read one environment variable. Every fault is a `SettingError` that names it and the fix."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import timedelta


class SettingError(ValueError):
    """A setting is missing or wrong; the message names it and says what to set."""


def required(env: Mapping[str, str], name: str, meaning: str) -> str:
    """The text of a setting that has no default; `meaning` says what it is to be set to."""
    value = env.get(name, "").strip()
    if not value:
        raise SettingError(f"{name}: missing; set it to {meaning}")
    return value


def url(env: Mapping[str, str], name: str, schemes: tuple[str, ...], default: str | None = None) -> str:
    """A base URL without its trailing slash: the Call Automation client signs the wrong host with one."""
    value = (env.get(name, "").strip() or default or "").rstrip("/")
    if not value:
        raise SettingError(f"{name}: missing; set it to a URL such as {schemes[0]}://host")
    if not re.fullmatch(rf"({'|'.join(schemes)})://[^/\s?#]+(/[^\s?#]*)?", value):
        raise SettingError(f"{name}: {value!r} is not a URL starting with {schemes[0]}://")
    return value


def switch(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    """A setting that is on or off."""
    text = env.get(name, "").strip().lower()
    if text not in ("", "on", "off"):
        raise SettingError(f"{name}: {text!r} is neither on nor off")
    return default if not text else text == "on"


def integer(env: Mapping[str, str], name: str, default: int, lowest: int, highest: int) -> int:
    """A whole number from `lowest` to `highest`."""
    text = env.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"-?\d{1,9}", text) or not lowest <= int(text) <= highest:
        raise SettingError(f"{name}: {text!r} is not a whole number from {lowest} to {highest}")
    return int(text)


def days(env: Mapping[str, str], name: str, default: int) -> timedelta:
    """A whole number of days, from one to ten years."""
    return timedelta(days=integer(env, name, default, 1, 3650))


def base64_text(env: Mapping[str, str], name: str) -> str | None:
    """A key in base64, as it stands in the environment; None when it is not set."""
    value = env.get(name, "").strip()
    try:
        base64.b64decode(value, validate=True)
    except ValueError as error:
        # The value itself is a secret.
        raise SettingError(f"{name}: not base64; copy the whole key from the resource") from error
    return value or None
