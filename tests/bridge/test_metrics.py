"""The metrics page, read as a scraper reads it, and the page of docs/ that explains it."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from bridge.metrics import Metrics
from bridge.reply_waits import Tokens
from bridge.turns import AgentTurn, CallerTurn
from shared.calls import Turn

METRICS, _, _REST = (
    (Path(__file__).parents[2] / "docs/operate.md").read_text("utf-8").partition("## The same, of one call")
)
COLUMNS = _REST.partition("\n## ")[0]
METRIC_ROW = re.compile(r"^\| `(tabletalk_\w+)` \|(.*?)\| [^|]+ \| [^|]+ \|$", re.MULTILINE)

REPLY = AgentTurn(
    3,
    "item",
    "resp",
    "Anna Smith, +15550100.",
    first_audio_ms=800,
    latency_ms=900,
    over=True,
    tokens=Tokens(100, 40, 30),
)
QUESTION = CallerTurn(2, "item", 1.0, 2.0, "My number is +15550100.", transcript_ms=600)


def filled() -> Metrics:
    """Every metric has a sample."""
    metrics = Metrics({"find_restaurants"})
    metrics.call_began()
    metrics.call_ended("hung_up")
    metrics.refused(503)
    metrics.limited("address")
    metrics.greeted(900)
    metrics.turn(QUESTION)
    metrics.turn(REPLY)
    metrics.tool("find_restaurants", 20, fault=True)
    metrics.session("1", "opened")
    metrics.call_resumed()
    metrics.callers_wait(2)
    metrics.waited(40.0)
    metrics.session_needed("begins")
    metrics.record_lost("full")
    return metrics


def samples(metrics: Metrics) -> dict[str, float]:
    """Value by `name` or `name{label}`, as a scraper reads the page."""
    return {
        sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.page().decode())
        for sample in family.samples
    }


def test_each_metric_is_documented_with_its_labels_and_no_other() -> None:
    registered = {
        f"{family.name}_total" if family.type == "counter" else family.name: {
            label for sample in family.samples for label in sample.labels if label != "le"
        }
        for family in filled().registry.collect()
    }
    documented = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in METRIC_ROW.findall(METRICS)}
    assert documented == registered


def test_each_time_in_the_record_of_a_turn_is_documented() -> None:
    known = {"seq", "role", "text", "started_at", "ended_at", "item_id", "interrupted"}
    documented = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", COLUMNS, re.MULTILINE))))
    assert documented == {field.name for field in fields(Turn)} - known


def test_a_turn_in_numbers() -> None:
    page = samples(filled())
    assert page["tabletalk_reply_seconds_sum"] == 0.9
    assert page["tabletalk_first_audio_seconds_sum"] == 0.8
    assert page["tabletalk_transcript_seconds_sum"] == 0.6
    assert page["tabletalk_greeting_seconds_sum"] == 0.9
    assert page["tabletalk_turns_total{agent}"] == page["tabletalk_turns_total{caller}"] == 1
    tokens = [page[f"tabletalk_tokens_total{{{kind}}}"] for kind in ("input", "cached", "output")]
    assert tokens == [100, 40, 30]
    assert page["tabletalk_calls_live"] == 0
    assert page["tabletalk_tool_faults_total{find_restaurants}"] == 1


def test_nothing_of_a_call_is_on_the_page() -> None:
    page = filled().page().decode()
    assert not re.search(r"Anna|Smith|1555|item|resp\b", page)


def test_a_turn_that_may_still_change_is_not_counted() -> None:
    metrics = Metrics(())
    metrics.turn(replace(REPLY, over=False))
    assert samples(metrics)["tabletalk_reply_seconds_count"] == 0


def test_what_answers_nobody_has_no_time() -> None:
    metrics = Metrics(())
    metrics.turn(replace(REPLY, first_audio_ms=None, latency_ms=None))
    page = samples(metrics)
    assert (page["tabletalk_reply_seconds_count"], page["tabletalk_turns_total{agent}"]) == (0, 1)


def test_audio_that_nobody_will_hear_shows() -> None:
    metrics = Metrics(())
    metrics.turn(REPLY)
    metrics.turn(replace(REPLY, lost_ms=1_500))
    assert samples(metrics)["tabletalk_audio_lost_seconds_total"] == 1.5


def test_fillers_and_interruptions_are_counted() -> None:
    metrics = Metrics(())
    metrics.turn(replace(REPLY, filler=True))
    metrics.turn(replace(REPLY, interrupted=True, interrupted_ms=0, heard_ms=80))
    metrics.turn(replace(REPLY, interrupted=True, interrupted_ms=None, heard_ms=80))  # the call ended
    page = samples(metrics)
    assert page["tabletalk_filled_replies_total"] == page["tabletalk_interrupted_total"] == 1


@given(names=st.lists(st.text(), max_size=30))
def test_a_model_that_makes_up_tools_makes_no_series(names: list[str]) -> None:
    metrics = Metrics({"known"})
    for name in names:
        metrics.tool(name, 10, fault=False)
    counts = {
        name: value
        for name, value in samples(metrics).items()
        if name.startswith("tabletalk_tool_seconds_count")
    }
    assert set(counts) <= {"tabletalk_tool_seconds_count{known}", "tabletalk_tool_seconds_count{other}"}
    assert sum(counts.values()) == len(names)


def test_two_bridges_in_one_process_count_apart() -> None:
    one, other = Metrics(()), Metrics(())
    one.call_began()
    assert (samples(one)["tabletalk_calls_live"], samples(other)["tabletalk_calls_live"]) == (1, 0)
