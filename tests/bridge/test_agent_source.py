"""An edit of the agent counts from the next call on; a wrong one does not count."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import pytest

from bridge.agent_source import AgentSource
from shared.agent_config import AgentError
from shared.settings import DEFAULT_AGENT_DIR

AGENT_MODE = 'foundry_agent = { name = "host", project = "tables" }'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT_AGENT_DIR, tmp_path / "agent"))


def source(folder: Path, *, with_key: bool = False) -> AgentSource:
    return AgentSource(folder, with_key=with_key, restaurants=["bella-napoli"])


def edit(folder: Path, before: str, after: str, *, file: str = "agent.toml") -> None:
    """Change a file so that it shows, however coarse the clock of the file system."""
    path = folder / file
    text = path.read_text("utf-8")
    assert before in text
    then = path.stat().st_mtime_ns
    path.write_text(text.replace(before, after), "utf-8")
    os.utime(path, ns=(then + 1_000_000, then + 1_000_000))


def test_an_unchanged_agent_is_not_read_again(folder: Path) -> None:
    agents = source(folder)
    assert agents.current() is agents.current()


def test_an_edit_counts_from_the_next_call_on(folder: Path) -> None:
    agents = source(folder)
    running = agents.current()
    edit(folder, "temperature = 0.6", "temperature = 0.9")
    assert agents.current().temperature == 0.9
    assert running.temperature == 0.6, "a running call keeps what it began with"


def test_the_prompt_counts_too(folder: Path) -> None:
    agents = source(folder)
    edit(folder, "# Who you are", "# Your part", file="prompt.md")
    assert agents.current().prompt.startswith("# Your part")


def test_a_wrong_edit_is_told_once_and_the_last_agent_stays(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    agents = source(folder)
    good = agents.current()
    edit(folder, "temperature = 0.6", "temperature = 6")
    with caplog.at_level(logging.WARNING):
        assert agents.current() is good
        assert agents.current() is good
    assert [record.__dict__["reason"] for record in caplog.records] == [
        "agent.toml: temperature: 6 is not allowed; use a number from 0.6 to 1"
    ]
    edit(folder, "temperature = 6", "temperature = 0.8")
    assert agents.current().temperature == 0.8


def test_a_missing_file_is_a_wrong_edit(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    agents = source(folder)
    good = agents.current()
    (folder / "prompt.md").rename(folder / "prompt.bak")
    assert agents.current() is good
    assert "prompt.md: cannot be read" in caplog.records[0].__dict__["reason"]
    (folder / "prompt.bak").rename(folder / "prompt.md")
    assert agents.current() == good


def test_at_the_start_a_wrong_agent_is_refused(folder: Path) -> None:
    edit(folder, "temperature = 0.6", "temperature = 6")
    with pytest.raises(AgentError, match=r"^agent\.toml: temperature: 6 is not allowed"):
        source(folder)


class TestWhatTheFilesAloneDoNotTell:
    """Rules that need the settings or the catalogue hold at the start and for every edit."""

    def test_an_agent_of_a_foundry_project_is_not_reached_with_a_key(self, folder: Path) -> None:
        edit(folder, 'model = "gpt-4.1"', AGENT_MODE)
        with pytest.raises(
            AgentError, match=r"^agent\.toml: foundry_agent: .* leave VOICE_LIVE_API_KEY unset"
        ):
            source(folder, with_key=True)
        assert source(folder).current().model is None

    def test_that_holds_for_an_edit(self, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
        agents = source(folder, with_key=True)
        edit(folder, 'model = "gpt-4.1"', AGENT_MODE)
        assert agents.current().model == "gpt-4.1"
        assert "foundry_agent" in caplog.records[0].__dict__["reason"]

    def test_callers_are_handed_over_only_for_restaurants_there_are(self, folder: Path) -> None:
        table = '[transfer.restaurants]\n{} = "+15550100"\n\n[silence]'
        edit(folder, "[silence]", table.format("bella-roma"))
        with pytest.raises(AgentError, match=r"^agent\.toml: transfer\.restaurants\.bella-roma: .* no such"):
            source(folder)
        edit(folder, "bella-roma", "bella-napoli")
        assert source(folder).current().transfer.any
