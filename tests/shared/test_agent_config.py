"""The agent an operator edits: what is refused and how it is said."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shared.agent_config import Agent, AgentError, load_agent
from shared.settings import DEFAULT_AGENT_DIR

MINIMAL = """
model = "gpt-4.1"
greeting = "Hello, I am an AI. What would you like?"
farewell = "Goodbye."
[voice]
name = "en-US-Ava:DragonHDLatestNeural"
"""
NOW = datetime(2026, 11, 22, 18, 4, tzinfo=UTC)
DUBLIN = ZoneInfo("Europe/Dublin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "agent.toml").write_text(MINIMAL)
    (tmp_path / "prompt.md").write_text("Today is {date}. It is {time}. {{as is}}")
    return tmp_path


def with_toml(folder: Path, text: str) -> Path:
    (folder / "agent.toml").write_text(text)
    return folder


class TestTheShippedAgent:
    """What a caller meets without any editing."""

    agent = load_agent(DEFAULT_AGENT_DIR)

    def test_says_in_its_greeting_that_it_is_an_ai_and_asks(self) -> None:
        assert "AI" in self.agent.greeting
        assert self.agent.greeting.endswith("?")
        assert len(self.agent.greeting.split()) <= 20

    def test_waits_half_a_second_before_it_answers(self) -> None:
        assert self.agent.turn_detection.silence_duration_ms == 500

    def test_does_not_cancel_echo_on_a_telephone_line(self) -> None:
        assert self.agent.echo_cancellation is False

    def test_uses_speech_recognition_that_takes_a_phrase_list(self) -> None:
        assert (self.agent.realtime, self.agent.transcription.model) == (False, "azure-speech")

    def test_tells_the_model_the_day_the_time_and_the_zone(self) -> None:
        text = self.agent.instructions(NOW, city="Larkhaven", time_zone=DUBLIN)
        assert "Today is Sunday 22 November 2026. It is 18:04." in text
        assert "Europe/Dublin" in text
        assert "Larkhaven" in text
        assert "{" not in text

    def test_the_time_is_that_of_the_city(self) -> None:
        summer = datetime(2027, 7, 1, 23, 30, tzinfo=UTC)
        text = self.agent.instructions(summer, city="Larkhaven", time_zone=DUBLIN)
        assert "Today is Friday 2 July 2027. It is 00:30." in text


def test_what_is_left_out_has_the_documented_default(folder: Path) -> None:
    agent = load_agent(folder)
    assert isinstance(agent, Agent)
    assert (agent.voice.type, agent.voice.rate, agent.voice.temperature) == ("azure-standard", 1.0, None)
    assert agent.turn_detection.type == "azure_semantic_vad"
    assert agent.turn_detection.end_of_utterance is None
    assert (agent.limits.max_call_minutes, agent.limits.tool_timeout_seconds) == (15, 8.0)
    assert agent.prompt.format(date="D", time="T") == "Today is D. It is T. {as is}"


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ("rate = 2.0", r"voice.rate: 2.0 is not allowed; use a number from 0.5 to 1.5"),
        ('rate = "fast"', r"voice.rate: 'fast' is not allowed; use a number from 0.5 to 1.5"),
        ("temperature = -0.1", r"voice.temperature: -0.1 is not allowed; use a number from 0 to 1"),
        (
            'type = "amazon"',
            r'voice.type: \'amazon\' is not allowed; use one of "azure-custom", "azure-standard"',
        ),
        ('type = "azure-custom"', r'voice: endpoint_id belongs to type "azure-custom"'),
        ('endpoint_id = "x"', r'voice: endpoint_id belongs to type "azure-custom"'),
        ("speed = 1", r"voice.speed: unknown key; the keys here are type, name, "),
        ('nmae = "Ava"', r"voice.nmae: unknown key; did you mean voice.name\?"),
        (
            "[turn_detection]\nthreshold = 5",
            r"turn_detection.threshold: 5 is not allowed; use a number from 0 to 1",
        ),
        (
            "[turn_detection]\nsilence_duration_ms = 500.5",
            r"silence_duration_ms: 500.5 is not allowed; use a whole",
        ),
        (
            "[turn_detection]\nsilence_duration_ms = 50",
            r"50 is not allowed; use a whole number from 100 to 5000",
        ),
        ("[turn_detection]\nsilence_duration_ms = true", r"silence_duration_ms: True is not allowed"),
        (
            '[turn_detection]\ntype = "vad"',
            r'turn_detection.type: \'vad\' is not allowed; use one of "azure_semantic',
        ),
        ('[turn_detection]\nlanguages = "en"', r"turn_detection.languages: 'en' is not allowed; use a list"),
        ("[turn_detection]\nlanguages = [1]", r"turn_detection.languages: \[1\] is not allowed; use a list"),
        ("[turn_detection.end_of_utterance]\ntimeout_ms = 9000", r"end_of_utterance.timeout_ms: 9000 is not"),
        (
            '[turn_detection]\ntype = "server_vad"\nremove_filler_words = true',
            r"turn_detection: remove_filler_words needs a type that begins with azure_semantic_vad, not",
        ),
        (
            '[transcription]\nmodel = "whisper-1"',
            r'"whisper-1" does not work with model "gpt-4.1"; use azure-speech',
        ),
        (
            "[limits]\nmax_call_minutes = 60",
            r"limits.max_call_minutes: 60 is not allowed; use a whole number from 1",
        ),
        (
            "[limits]\ntool_timeout_seconds = 0",
            r"limits.tool_timeout_seconds: 0 is not allowed; use a number from 1",
        ),
        ("[limit]\n", r"limit: unknown key; did you mean limits\?"),
        ("[voice", r"not TOML: "),
    ],
)
def test_a_wrong_key_or_value_is_named_with_what_is_allowed(
    folder: Path, addition: str, message: str
) -> None:
    with pytest.raises(AgentError, match=rf"^agent\.toml: .*{message}|^agent\.toml: {message}"):
        load_agent(with_toml(folder, MINIMAL + addition))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('model = "gpt-4.1"', "", r'model: missing; set it to one of "gpt-4.1", '),
        (
            'model = "gpt-4.1"',
            'model = "gpt4.1"',
            r'model: \'gpt4.1\' is not allowed; use one of "gpt-4.1", ',
        ),
        (
            'model = "gpt-4.1"',
            'model = "gpt-realtime"',
            r'"azure-speech" does not work with model "gpt-realtime"',
        ),
        (
            'model = "gpt-4.1"',
            'model = "gpt-4.1"\nnoise_reduction = "near_field"',
            r'noise_reduction: "near_field" does',
        ),
        (
            'model = "gpt-4.1"',
            'model = "gpt-4.1"\necho_cancellation = "no"',
            r"echo_cancellation: 'no' is not allowed; use",
        ),
        (
            'farewell = "Goodbye."',
            'farewell = ""',
            r"farewell: '' is not allowed; use text of 1 to 300 characters",
        ),
        (
            '[voice]\nname = "en-US-Ava:DragonHDLatestNeural"',
            "voice = 3",
            r"voice: 3 is not allowed; use a table",
        ),
        ('name = "en-US-Ava:DragonHDLatestNeural"', "", r"voice.name: missing; set it to text of 1 to 100"),
    ],
)
def test_what_must_be_there_is_asked_for(folder: Path, before: str, after: str, message: str) -> None:
    with pytest.raises(AgentError, match=rf"^agent\.toml: .*{message}|^agent\.toml: {message}"):
        load_agent(with_toml(folder, MINIMAL.replace(before, after)))


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        (
            "It is {tiem}.",
            r"\{tiem\} is not a placeholder; there are \{city\}, \{date\}, \{time\}, \{time_zone\}",
        ),
        ("It is {}.", r"\{\} is not a placeholder"),
        ("It is {time.__class__}.", r"\{time.__class__\} is not a placeholder"),
        ("It is {time!r}.", r"\{time!r\} is not a placeholder"),
        ("An open { brace.", r"write a brace that is no placeholder twice"),
    ],
)
def test_a_placeholder_that_is_not_known_is_refused(folder: Path, prompt: str, message: str) -> None:
    (folder / "prompt.md").write_text(prompt)
    with pytest.raises(AgentError, match=rf"^prompt\.md: .*{message}"):
        load_agent(folder)


@pytest.mark.parametrize("name", ["agent.toml", "prompt.md"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(AgentError, match=rf"{name}: cannot be read"):
        load_agent(folder)


def test_a_file_that_is_no_text_is_named(folder: Path) -> None:
    (folder / "prompt.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AgentError, match=r"prompt\.md: cannot be read"):
        load_agent(folder)


def test_a_copy_of_the_shipped_folder_works(tmp_path: Path) -> None:
    shutil.copytree(DEFAULT_AGENT_DIR, tmp_path / "agent")
    assert load_agent(tmp_path / "agent") == load_agent(DEFAULT_AGENT_DIR)
