"""The agent an operator edits: what is refused and how it is said."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from shared.agent_config import Agent, AgentError, load_agent
from shared.settings import DEFAULT_AGENT_DIR

MINIMAL = """
model = "gpt-4.1"
[phrases.en]
greeting = "Hello, I am an AI. What would you like?"
welcome_back = "Hello again, I am an AI. Shall we go on?"
apology = "Again, please?"
farewell = "Goodbye."
still_there = "Are you there?"
still_there_again = "Hello?"
silence_goodbye = "Bye."
not_heard = "Pardon?"
not_heard_again = "In a few words?"
press_a_key = "Press 1 or 2."
press_zero = "Or 0 for a person."
fillers = ["One moment.", "Let me see."]
transferring = "I put you through."
transfer_failed = "Nobody answers. What now?"
no_person = "Nobody is there. What now?"
trouble = "Something is wrong. Goodbye."
waiting = "Please wait."
waiting_place = "You are number {place}."
waiting_goodbye = "We are full. Goodbye."
[voice]
name = "en-US-Ava:DragonHDLatestNeural"
"""
GERMAN = '[languages]\nspoken = ["en-US", "de-DE"]\n' + MINIMAL[
    MINIMAL.index("[phrases") : MINIMAL.index("[voice")
].replace("[phrases.en]", "[phrases.de]")
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

    @pytest.mark.parametrize(
        ("language", "disclosure"),
        [
            ("en", "an AI assistant"),
            ("de", "ein KI-Assistent"),
            ("fr", "un assistant IA"),
            ("es", "un asistente de inteligencia artificial"),
            ("it", "un assistente di intelligenza artificiale"),
        ],
    )
    def test_says_in_every_greeting_that_it_is_an_ai_and_asks(self, language: str, disclosure: str) -> None:
        greeting = self.agent.phrases_for(language).greeting
        assert disclosure in greeting
        assert greeting.endswith("?")
        assert len(greeting.split()) <= 20

    def test_has_phrases_in_every_language_it_speaks(self) -> None:
        assert self.agent.languages.spoken == ("en-US", "de-DE", "fr-FR", "es-ES", "it-IT")
        assert list(self.agent.phrases) == ["en", "de", "fr", "es", "it"]

    @pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it"])
    def test_its_phrases_are_short_enough_to_listen_to_and_ask_where_an_answer_is_wanted(
        self, language: str
    ) -> None:
        phrases = self.agent.phrases[language]
        spoken = [text for text in msgspec.structs.astuple(phrases) if isinstance(text, str)]
        assert all(len(text.split()) <= 30 for text in [*spoken, *phrases.fillers])
        assert all(len(filler.split()) <= 7 for filler in phrases.fillers)
        questions: tuple[str, ...] = (
            phrases.apology,
            phrases.still_there,
            phrases.still_there_again,
            phrases.not_heard,
        )
        questions += (phrases.not_heard_again, phrases.transfer_failed, phrases.no_person)
        assert all(text.endswith("?") for text in questions)

    @pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it"])
    def test_names_exactly_the_keys_there_are(self, language: str) -> None:
        offer = self.agent.phrases[language].key_offer
        assert re.findall(r"\d", offer(person=False)) == [*self.agent.keypad.menu]
        assert re.findall(r"\d", offer(person=True)) == [*self.agent.keypad.menu, "0"]

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
    assert agent.turn_detection.interruption == "adaptive"
    assert (agent.languages.default, agent.languages.spoken) == ("en-US", ("en-US",))
    assert (agent.languages.callers, agent.languages.called) == ({}, {})
    assert (agent.temperature, agent.reasoning_effort) == (None, None)
    assert (agent.transcription.language, agent.interim_response, agent.foundry_agent) == (None, None, None)
    assert (agent.silence.waits, agent.fillers.after_ms) == ((8.0, 8.0, 6.0), 800)
    assert (agent.keypad.pause_ms, agent.keypad.menu, agent.transfer.any) == (1500, {}, False)
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
            r'voice.type: \'amazon\' is not allowed; use one of "azure-custom", "azure-personal", "azure-st',
        ),
        ('type = "azure-custom"', r'voice.endpoint_id: belongs to type "azure-custom"; set both'),
        ('endpoint_id = "x"', r'voice.endpoint_id: belongs to type "azure-custom"; set both'),
        ('type = "azure-personal"', r'voice.model: belongs to type "azure-personal"; set both'),
        (
            'type = "azure-personal"\nmodel = "Nora"',
            r"voice.model: 'Nora' is not allowed; use one of \"Dragon",
        ),
        ('type = "openai"', r'voice.name: "en-US-Ava.*" is no "openai" voice; use one of "alloy", "ash", '),
        ('pitch = "up"', r"voice.pitch: 'up' is not allowed; use a pitch such as \"low\""),
        ('locale = "german"', r"voice.locale: 'german' is not allowed; use a language such as \"en-US\""),
        ('locale = "de-DE"', r"voice.locale: with de-DE the voice cannot speak en-US of languages.spoken"),
        (
            '[languages]\ndefault = "fr-FR"',
            r'languages.default: "fr-FR" is not in languages.spoken; use one of "en-US"',
        ),
        (
            "[languages]\nspoken = []",
            r"languages.spoken: \[\] is not allowed; use a list of 1 to 10, each a lang",
        ),
        (
            '[languages]\nspoken = ["en-US", "de-DE"]',
            r"phrases.de: missing; languages.spoken has de-DE, so add a table \[phrases.de\]",
        ),
        (
            GERMAN,
            r'turn_detection.type: "azure_semantic_vad" knows English only and languages.spoken has de-DE',
        ),
        (
            '[turn_detection]\ntype = "azure_semantic_vad_multilingual"\n'
            '[turn_detection.end_of_utterance]\nmodel = "semantic_detection_v1_en"\n' + GERMAN,
            r"turn_detection.end_of_utterance.model: .* knows English only .* has de-DE; use \"semantic_det",
        ),
        (
            '[turn_detection]\ninterruption = "sometimes"',
            r"turn_detection.interruption: 'sometimes' is not allowed; use one of \"adaptive\", \"imm",
        ),
        (
            "[silence]\nwaits = [8, 8]",
            r"silence.waits: \[8, 8\] is not allowed; use a list of 3, each a number from 1",
        ),
        (
            "[fillers]\nafter_ms = 10",
            r"fillers.after_ms: 10 is not allowed; use a whole number from 300 to 5000",
        ),
        (
            '[keypad]\nmenu = { 0 = "a person" }',
            r"keypad.menu: .* is not allowed; use a table whose keys are one of \"1\", ",
        ),
        (
            '[keypad]\nmenu = { 3 = "hours" }',
            r"phrases.en.press_a_key: does not name key 3, which keypad.menu has",
        ),
        ('[transfer]\nto = "0800 1"', r"transfer.to: '0800 1' is not allowed; use a phone number such as"),
        (
            '[transfer.hours]\nfriday = ["9 to 5"]',
            r"transfer.hours.friday: .'9 to 5'. is not allowed; use a list, each a span such as",
        ),
        (
            '[interim_response]\ntype = "static"',
            r'interim_response.texts: belongs to type "static"; set both or',
        ),
        (
            '[interim_response]\ntype = "static"\ntexts = ["Wait."]\nmodel = "gpt-4.1-mini"',
            r'interim_response.model: needs type "llm", not "static"',
        ),
        (
            '[foundry_agent]\nname = "host"\nproject = "tables"',
            r"model: set it, or foundry_agent, and not both",
        ),
        ('[foundry_agent]\nname = "host"', r"foundry_agent.project: missing; set it to text of 1 to 100"),
        ("[phrases.english]", r"phrases.english: 'english' is not allowed; use a language such as"),
        ('[phrases.de]\ngreeting = "Hallo"', r"phrases.de.welcome_back: missing; set it to text of 1 to 300"),
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
            r"turn_detection.remove_filler_words: needs a type that begins with azure_semantic_vad, not",
        ),
        (
            '[transcription]\nmodel = "whisper-1"',
            r'"whisper-1" does not work with model "gpt-4.1"; use azure-speech or a mai',
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
        ('model = "gpt-4.1"', "", r"model: set it, or foundry_agent, and not both"),
        (
            'model = "gpt-4.1"',
            'model = "gpt4.1"',
            r'model: \'gpt4.1\' is not allowed; use one of "gpt-4.1", ',
        ),
        (
            'model = "gpt-4.1"',
            'model = "gpt-realtime"',
            r'"azure-speech" does not work with model "gpt-realtime"; use whisper-1, a gpt-4o or a mai',
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
            r"phrases.en.farewell: '' is not allowed; use text of 1 to 300 characters",
        ),
        (
            'fillers = ["One moment.", "Let me see."]',
            'fillers = ["One moment."]',
            r"phrases.en.fillers: \['One moment.'\] is not allowed; use a list of 2 to 10, each text of",
        ),
        (
            'model = "gpt-4.1"',
            'model = "gpt-realtime"\ninterim_response = {}\ntranscription = { model = "whisper-1" }',
            r'interim_response: does not work with model "gpt-realtime"; leave it out, or use a text model',
        ),
        (
            'name = "en-US-Ava:DragonHDLatestNeural"',
            'name = "marin"\ntype = "openai"\n[interim_response]',
            r'interim_response: needs an Azure voice, not voice.type "openai"',
        ),
        (
            'name = "en-US-Ava:DragonHDLatestNeural"',
            'name = "marin"\ntype = "openai"\nrate = 1.2',
            r'voice.rate: needs an Azure voice, not type "openai"',
        ),
        (
            "[phrases.en]",
            "[[phrases.en]]",
            r"phrases.en: \[{.*}\] is not allowed; use a table \[phrases.en\]",
        ),
        ("[voice]", "[[voice]]", r"voice: \[{.*}\] is not allowed; use a table \[voice\]"),
        ('name = "en-US-Ava:DragonHDLatestNeural"', "", r"voice.name: missing; set it to text of 1 to 100"),
    ],
)
def test_what_must_be_there_is_asked_for(folder: Path, before: str, after: str, message: str) -> None:
    with pytest.raises(AgentError, match=rf"^agent\.toml: .*{message}|^agent\.toml: {message}"):
        load_agent(with_toml(folder, MINIMAL.replace(before, after)))


@pytest.mark.parametrize(
    ("asked", "greeting"),
    [("de", "Hallo"), ("de-AT", "Hallo"), ("de-CH", "Grüezi"), ("en-GB", "Hello"), ("pt-PT", "Hello")],
)
def test_phrases_are_those_of_the_place_of_the_language_or_of_the_default(asked: str, greeting: str) -> None:
    shipped = load_agent(DEFAULT_AGENT_DIR)
    german = {
        "de": msgspec.structs.replace(shipped.phrases["de"], greeting="Hallo, hier die KI."),
        "de-CH": msgspec.structs.replace(shipped.phrases["de"], greeting="Grüezi, hier die KI."),
    }
    agent = msgspec.structs.replace(shipped, phrases=shipped.phrases | german)
    assert agent.phrases_for(asked).greeting.startswith(greeting)


def test_an_agent_of_a_foundry_project_needs_no_model(folder: Path) -> None:
    toml = MINIMAL.replace('model = "gpt-4.1"', 'foundry_agent = { name = "host", project = "tables" }')
    agent = load_agent(with_toml(folder, toml))
    assert (agent.model, agent.realtime) == (None, False)
    assert agent.foundry_agent is not None
    assert (agent.foundry_agent.name, agent.foundry_agent.version) == ("host", None)


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-realtime"])
def test_mai_recognition_goes_with_every_model(folder: Path, model: str) -> None:
    toml = MINIMAL.replace("gpt-4.1", model) + '[transcription]\nmodel = "mai-transcribe"'
    assert load_agent(with_toml(folder, toml)).transcription.model == "mai-transcribe"


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
