"""How calls, turns and tool runs stand in Table Storage. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from shared.calls import Call, CallState, Outcome, Talk, ToolRun, TransferState, Turn, partition_of

_TEXT_LIMIT: Final = 32_000
"""UTF-16 units in a string property, which Table Storage limits to 64 KiB."""

_TIMES: Final = (
    "rang_at",
    "claimed_at",
    "answered_at",
    "connected_at",
    "queued_at",
    "called_at",
    "media_connected_at",
    "ended_at",
    "transferred_at",
    "media_failed_at",
)
_TEXTS: Final = ("caller", "called", "correlation_id", "server_call_id", "call_connection_id", "end_reason")
_TALK: Final = ("user", "origin", "language", "voice", "prompt")
_RARE: Final = ("media_owner", "media_epoch", "media_restarts", "forgotten")
"""Properties that are there when they say something."""
_MEASURES: Final = (
    "first_audio_ms",
    "transcript_ms",
    "tool_ms",
    "filler",
    "interrupted_ms",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
)
"""Fields of a turn that are present when they were measured."""


def present(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Without the None values: Table Storage has no null, an absent property is one."""
    return {name: value for name, value in properties.items() if value is not None}


def _fit(text: str) -> str:
    """`text`, cut where a string property would overflow; a character beyond U+FFFF counts as two units."""
    if len(text) * 2 <= _TEXT_LIMIT:
        return text
    return text.encode("utf-16-le")[: _TEXT_LIMIT * 2].decode("utf-16-le", errors="ignore")


def _time(row: Mapping[str, Any], name: str) -> datetime | None:
    """A plain UTC datetime of what the client read, which is a subclass with the service's text beside it."""
    value = row.get(name)
    return None if value is None else datetime.combine(value.date(), value.time(), UTC)


def _known_time(row: Mapping[str, Any], name: str) -> datetime:
    time = _time(row, name)
    if time is None:
        raise ValueError(f"row {row['RowKey']}: {name} is missing; the row was not written by Tabletalk")
    return time


def from_call(call: Call) -> dict[str, Any]:
    properties = {name: getattr(call, name) for name in (*_TIMES, *_TEXTS)}
    properties |= {
        "state": str(call.state),
        "outcome": None if call.outcome is None else str(call.outcome),
        "secret_hashes": " ".join(call.secret_hashes),
        "greeting_ms": call.greeting_ms,
    }
    if call.transfer_state is not TransferState.NONE:
        properties |= {
            "transfer": call.transfer,
            "transfer_state": str(call.transfer_state),
            "transfer_detail": call.transfer_detail,
            "summary": _fit(call.summary),
        }
    for name in _RARE:
        if value := getattr(call, name):
            properties[name] = value
    if call.model:
        properties["model"] = call.model
    if call.talk is not None:
        properties |= {f"talk_{name}": getattr(call.talk, name) for name in _TALK}
    return {"PartitionKey": partition_of(call.id), "RowKey": call.id, **present(properties)}


def to_call(row: Mapping[str, Any]) -> Call:
    outcome = row.get("outcome")
    return Call(
        id=row["RowKey"],
        rang_at=_known_time(row, "rang_at"),
        claimed_at=_known_time(row, "claimed_at"),
        caller=row["caller"],
        called=row["called"],
        correlation_id=row["correlation_id"],
        server_call_id=row["server_call_id"],
        call_connection_id=row["call_connection_id"],
        secret_hashes=tuple(row["secret_hashes"].split()),
        state=CallState(row["state"]),
        outcome=None if outcome is None else Outcome(outcome),
        answered_at=_time(row, "answered_at"),
        connected_at=_time(row, "connected_at"),
        queued_at=_time(row, "queued_at"),
        called_at=_time(row, "called_at"),
        media_connected_at=_time(row, "media_connected_at"),
        ended_at=_time(row, "ended_at"),
        end_reason=row["end_reason"],
        greeting_ms=row.get("greeting_ms"),
        transfer=row.get("transfer", 0),
        transfer_state=TransferState(row.get("transfer_state", "")),
        transfer_detail=row.get("transfer_detail", ""),
        transferred_at=_time(row, "transferred_at"),
        summary=row.get("summary", ""),
        talk=Talk(**{name: row[f"talk_{name}"] for name in _TALK}) if "talk_origin" in row else None,
        model=row.get("model", ""),
        media_owner=row.get("media_owner", ""),
        media_epoch=row.get("media_epoch", 0),
        media_restarts=row.get("media_restarts", 0),
        media_failed_at=_time(row, "media_failed_at"),
        forgotten=row.get("forgotten", False),
    )


def from_turn(turn: Turn) -> dict[str, Any]:
    return {
        "seq": turn.seq,
        "role": turn.role,
        "text": _fit(turn.text),
        "started_at": turn.started_at,
        "ended_at": turn.ended_at,
        "latency_ms": turn.latency_ms,
        "interrupted": turn.interrupted,
        "heard_ms": turn.heard_ms,
        "item_id": turn.item_id,
        **{name: getattr(turn, name) for name in _MEASURES},
    }


def to_turn(row: Mapping[str, Any]) -> Turn:
    return Turn(
        seq=row["seq"],
        role=row["role"],
        text=row["text"],
        started_at=_known_time(row, "started_at"),
        ended_at=_known_time(row, "ended_at"),
        latency_ms=row.get("latency_ms"),
        interrupted=row["interrupted"],
        heard_ms=row.get("heard_ms"),
        item_id=row["item_id"],
        **{name: row.get(name) for name in _MEASURES},
    )


def from_tool(run: ToolRun) -> dict[str, Any]:
    return {
        "seq": run.seq,
        "name": run.name,
        "arguments": _fit(run.arguments),
        "result": _fit(run.result),
        "ms": run.ms,
        "started_at": run.started_at,
    }


def to_tool(row: Mapping[str, Any]) -> ToolRun:
    return ToolRun(
        seq=row["seq"],
        name=row["name"],
        arguments=row["arguments"],
        result=row["result"],
        ms=row["ms"],
        started_at=_known_time(row, "started_at"),
    )
