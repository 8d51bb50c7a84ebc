"""The app's host.json and local.settings.json, as far as this host heeds them."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec

_DEFAULT_TIMEOUT = timedelta(minutes=30)
"""functionTimeout on the Flex Consumption plan."""

_TIMEOUT = re.compile(r"(\d{2}):([0-5]\d):([0-5]\d)")


class ConfigError(ValueError):
    """A file of the app is missing or wrong; the message names file and field."""


@dataclass(frozen=True, slots=True)
class HostConfig:
    """What host.json says."""

    route_prefix: str
    """Put before the routes of HTTP triggers; "" for none."""
    timeout: timedelta
    """Longest run of a function."""


class _Http(msgspec.Struct, rename="camel"):
    route_prefix: str = "api"


class _Extensions(msgspec.Struct):
    http: _Http = msgspec.field(default_factory=_Http)


class _HostJson(msgspec.Struct, rename="camel"):
    version: str
    function_timeout: str = ""
    extensions: _Extensions = msgspec.field(default_factory=_Extensions)


class _LocalSettings(msgspec.Struct, rename="pascal"):
    is_encrypted: bool = False
    values: dict[str, str] = msgspec.field(default_factory=dict)


def read_host_json(app_dir: Path) -> HostConfig:
    """Raises ConfigError."""
    path = app_dir / "host.json"
    parsed = _read(path, _HostJson)
    if parsed is None:
        raise ConfigError(f"{path}: missing; a Functions app has one beside function_app.py")
    if parsed.version != "2.0":
        raise ConfigError(f'{path}: version {parsed.version!r}; expected "2.0"')
    return HostConfig(parsed.extensions.http.route_prefix.strip("/"), _timeout(path, parsed.function_timeout))


def apply_local_settings(app_dir: Path, environment: MutableMapping[str, str]) -> None:
    """Put the Values of local.settings.json, if there is one, into `environment`; what is set there wins.

    Raises ConfigError.
    """
    path = app_dir / "local.settings.json"
    parsed = _read(path, _LocalSettings)
    if parsed is None:
        return
    if parsed.is_encrypted:
        raise ConfigError(f"{path}: IsEncrypted is true; run `func settings decrypt` first")
    for name, value in parsed.values.items():
        environment.setdefault(name, value)


def _read[T](path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{path}: {error}") from error


def _timeout(path: Path, text: str) -> timedelta:
    if not text:
        return _DEFAULT_TIMEOUT
    found = _TIMEOUT.fullmatch(text)
    if found is None:
        raise ConfigError(f"{path}: functionTimeout {text!r}; expected hh:mm:ss")
    hours, minutes, seconds = map(int, found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
