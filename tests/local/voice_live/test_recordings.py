"""The stand-in answers the recorded client messages as the service did: same events, order and fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from local.voice_live.mind.outputs import CallFunction, Output, Say
from tests.local.voice_live.doubles import (
    Bench,
    Event,
    ScriptedMind,
    ScriptedRecognizer,
    silence,
    squeeze,
    tone,
)

RECORDINGS = Path(__file__).parent / "recordings"
INTERLEAVED = ("response.audio_transcript.delta", "response.audio.delta")
"""Words and sound of a reply come in any mixture."""
ASYNCHRONOUS = "conversation.item.input_audio_transcription."
"""May come anywhere after the turn was committed."""
CHANGING = ("id", "expires_at", "model")
"""Session fields that are never twice the same."""

type Frames = list[tuple[str, Event]]

REPLIES: dict[str, list[list[Output]]] = {
    "text_in_audio_out": [[Say("Hola, \N{INVERTED QUESTION MARK}qué tal?")]],
    "tool_round": [
        [CallFunction("get_weather", {"city": "London"})],
        [Say("It's foggy and 12 degrees in London right now.")],
    ],
    "audio_in_server_vad": [[Say("Hi Marcelo, nice to meet you! How can I help you today?")]],
}


def frames_of(name: str) -> Frames:
    """The recording's frames as (direction, event)."""
    listed = yaml.safe_load((RECORDINGS / f"{name}.yaml").read_text())
    return [(direction, event) for frame in listed for direction, event in frame.items()]


def replay(name: str, frames: Frames) -> list[Event]:
    """What the stand-in sends when the recorded client talks to it."""
    bench = Bench(
        mind=ScriptedMind(*REPLIES[name]), recognizer=ScriptedRecognizer("Cześć, nazywam się Marcelo.")
    )
    for direction, event in frames:
        if direction != "sent":
            continue
        fields = {key: value for key, value in event.items() if key != "type"}
        if event["type"] == "input_audio_buffer.append":
            bench.hear(silence(1800), tone(2200), silence(600))
        elif event.get("item", {}).get("type") == "function_call_output":
            call = bench.last("response.function_call_arguments.done")
            bench.send(event["type"], item={**fields["item"], "call_id": call["call_id"]})
        else:
            bench.send(event["type"], **fields)
    return bench.log


def in_order(events: list[Event]) -> list[str]:
    """The order that matters: without what may come anywhere, and mixtures as one."""
    names = [event["type"] for event in events if not event["type"].startswith(ASYNCHRONOUS)]
    return squeeze(["reply deltas" if name in INTERLEAVED else name for name in names])


def missing_fields(recorded: Any, ours: Any, path: str) -> list[str]:
    """Paths that only one of the two has. Of lists the first elements are compared."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        if path.endswith(".parameters"):  # the client's own schema, echoed
            return [] if recorded == ours else [path]
        found = [f"{path}.{key}" for key in recorded.keys() ^ ours.keys()]
        for key in recorded.keys() & ours.keys():
            found += missing_fields(recorded[key], ours[key], f"{path}.{key}")
        return found
    if isinstance(recorded, list) and isinstance(ours, list):
        if bool(recorded) != bool(ours):
            return [f"{path}[]"]
        return missing_fields(recorded[0], ours[0], f"{path}[0]") if recorded else []
    return [] if (recorded is None) == (ours is None) else [path]


@pytest.mark.parametrize("name", REPLIES)
def test_events_come_in_the_recorded_order(name: str) -> None:
    frames = frames_of(name)
    recorded = [event for direction, event in frames if direction == "received"]
    assert in_order(replay(name, frames)) == in_order(recorded)


@pytest.mark.parametrize("name", REPLIES)
def test_every_event_has_the_recorded_fields(name: str) -> None:
    """By type: the first of ours against the first recorded, the second against the second, and so on."""
    frames = frames_of(name)
    ours: dict[str, list[Event]] = {}
    for event in replay(name, frames):
        ours.setdefault(event["type"], []).append(event)
    for direction, event in frames:
        kind = event["type"]
        if direction == "received" and not kind.endswith(".delta"):
            assert missing_fields(event, ours[kind].pop(0), kind) == []
        elif direction == "received":
            assert missing_fields(event, ours[kind][0], kind) == []


@pytest.mark.parametrize("name", REPLIES)
def test_session_defaults_and_echoes_are_the_services(name: str) -> None:
    frames = frames_of(name)
    mine = [event for event in replay(name, frames) if event["type"].startswith("session.")]
    recorded = [event for _, event in frames if event["type"] in ("session.created", "session.updated")]
    assert len(recorded) == 2
    for theirs, ours in zip(recorded, mine, strict=True):
        assert comparable(theirs) == comparable(ours)


def test_the_transcript_is_keyed_by_item_and_comes_during_the_reply() -> None:
    """As recorded: first words of the reply, then the transcription events, then the reply goes on."""
    log = replay("audio_in_server_vad", frames_of("audio_in_server_vad"))
    names = [event["type"] for event in log]
    completed = names.index(f"{ASYNCHRONOUS}completed")
    committed = next(event for event in log if event["type"] == "input_audio_buffer.committed")
    assert names.index("response.audio_transcript.delta") < completed < names.index("response.done")
    assert log[completed]["item_id"] == committed["item_id"]
    assert log[completed]["transcript"] == "Cześć, nazywam się Marcelo."


def comparable(event: Event) -> Event:
    """A session without what changes each time; the service itself varies the order of modalities."""
    session = {key: value for key, value in event["session"].items() if key not in CHANGING}
    return {**session, "modalities": sorted(session["modalities"])}
