"""Whether a callback fits the SDK's own event models: no field they do not know, none missing."""

from __future__ import annotations

import re
from typing import Any

from azure.communication.callautomation._generated import models

ENVELOPE = {"version", "publicEventType"}
"""Fields of `data` in every recorded event that no model has."""

OPTIONAL = {
    "operationContext",  # absent when it was not set
    "sipDetails", "q850Details",  # only for trouble in the phone network
    "phoneNumber", "communicationUser", "microsoftTeamsUser", "microsoftTeamsApp", "teamsExtensionUser",
    "isAnonymous", "assertedId",
}  # fmt: skip

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00")


def check_event(event: dict[str, Any]) -> None:
    """Raise AssertionError unless the CloudEvent is one the service could have sent."""
    kind = event["type"].removeprefix("Microsoft.Communication.")
    data = event["data"]
    assert data["publicEventType"] == event["type"]
    assert event["specversion"] == "1.0"
    assert event["datacontenttype"] == "application/json"
    assert event["subject"] == event["source"]
    assert TIME.fullmatch(event["time"])
    _check(getattr(models, kind), {key: value for key, value in data.items() if key not in ENVELOPE}, kind)
    getattr(models, kind).deserialize(data)


def _check(model: Any, data: dict[str, Any], where: str) -> None:
    fields = {entry["key"]: entry["type"] for entry in model._attribute_map.values()}
    assert not set(data) - set(fields), f"{where} has fields the SDK does not know"
    assert not set(fields) - set(data) - OPTIONAL, f"{where} lacks fields"
    for key, value in data.items():
        nested = getattr(models, fields[key].strip("[]"), None)
        if nested is not None and hasattr(nested, "_attribute_map"):
            for item in value if isinstance(value, list) else [value]:
                _check(nested, item, f"{where}.{key}")
