"""Files and settings that people write, and what the model asks tools for."""

from __future__ import annotations

import contextlib
import json
import shutil
import struct
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import tool_order_parameters, tool_parameters
from bridge.tool_schema import ToolArgumentError, parse
from local.speech.wav import AudioError, read_wav
from shared.agent_config import AgentError, load_agent
from shared.agent_talk import TalkChoiceError, for_talk
from shared.exchange.merging import Merge
from shared.exchange.writing import catalogue_text
from shared.prices import PricesError, load_prices
from shared.restaurants import Catalogue, CatalogueError
from shared.settings import (
    DEFAULT_AGENT_DIR,
    DEFAULT_RESTAURANTS_FILE,
    BridgeSettings,
    ControlSettings,
    SettingError,
)
from tests.fuzz.mutations import changed, damaged, json_bytes

EXCHANGE = Path(__file__).parents[1] / "shared/exchange"
CATALOGUE: dict[str, Any] = json.loads(DEFAULT_RESTAURANTS_FILE.read_bytes())
SMALL = {**CATALOGUE, "restaurants": CATALOGUE["restaurants"][:2]}
CITY = Catalogue.load(DEFAULT_RESTAURANTS_FILE).city
DOCUMENTS = [
    json.loads((EXCHANGE / n).read_bytes()) for n in ("wild.jsonld", "overpass.json", "places.geojson")
]
TOML = (DEFAULT_AGENT_DIR / "agent.toml").read_bytes()
PROMPT = (DEFAULT_AGENT_DIR / "prompt.md").read_bytes()

texts = st.text(max_size=40)


def in_folder[T](read: Callable[[Path], T], **files: bytes) -> T:
    """What is read of a folder like the agent's with these files in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in DEFAULT_AGENT_DIR.iterdir():
            shutil.copy(file, folder)
        for file_name, content in files.items():
            (folder / file_name.replace("_", ".")).write_bytes(content)
        return read(folder)


@given(document=changed([*DOCUMENTS, SMALL]))
def test_an_import_refuses_in_words_and_what_it_takes_can_be_loaded(document: Any) -> None:
    merge = Merge(CITY, ())
    merge.document("file", document)
    if merge.restaurants:
        Catalogue.read(json.loads(catalogue_text(CITY, merge.restaurants)), "file")


@given(raw=changed([SMALL]))
def test_a_catalogue_is_loaded_or_a_catalogue_error(raw: Any) -> None:
    if isinstance(raw, dict) and {"city", "restaurants"} <= raw.keys():
        with contextlib.suppress(CatalogueError):
            Catalogue.read(raw, "restaurants.json")


@given(content=json_bytes([SMALL]))
def test_a_file_of_a_catalogue_is_loaded_or_a_catalogue_error(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name, contextlib.suppress(CatalogueError):
        path = Path(name) / "restaurants.json"
        path.write_bytes(content)
        Catalogue.load(path)


@given(content=damaged([TOML]))
def test_agent_toml_is_read_or_an_agent_error(content: bytes) -> None:
    with contextlib.suppress(AgentError):
        in_folder(load_agent, agent_toml=content)


def _toml(value: object) -> str:
    """A value as TOML spells it, as far as it can."""
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ", ".join(f"{json.dumps(str(k))} = {_toml(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case None:
            return '""'
        case _:
            return json.dumps(value)


@given(config=changed([tomllib.loads(TOML.decode())]))
def test_the_keys_of_agent_toml_are_taken_or_an_agent_error(config: Any) -> None:
    """What is taken can be used: a prompt be written, a talk begun."""
    if not isinstance(config, dict):
        return
    content = "\n".join(f"{json.dumps(str(key))} = {_toml(value)}" for key, value in config.items())
    with contextlib.suppress(AgentError):
        in_folder(load_agent, agent_toml=content.encode("utf-8", "replace"))


@given(content=damaged([PROMPT, b"Be {city} {date}."]))
def test_prompt_md_is_read_or_an_agent_error(content: bytes) -> None:
    with contextlib.suppress(AgentError):
        in_folder(load_agent, prompt_md=content)


@given(language=texts, voice=texts, prompt=texts | st.just("{city!r}") | st.just("{0.__class__}"))
def test_what_is_chosen_for_a_talk_is_taken_or_refused(language: str, voice: str, prompt: str) -> None:
    with contextlib.suppress(TalkChoiceError):
        for_talk(_AGENT, language=language, voice=voice, prompt=prompt)


_AGENT = load_agent(DEFAULT_AGENT_DIR)


@given(content=damaged([(DEFAULT_AGENT_DIR / "prices.toml").read_bytes()]))
def test_prices_are_read_or_a_prices_error(content: bytes) -> None:
    with contextlib.suppress(PricesError):
        in_folder(load_prices, prices_toml=content)


ENVIRONMENT: list[Mapping[str, str]] = [
    {
        "TABLES_CONNECTION_STRING": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=YQ==;",
        "TABLES_PREFIX": "t",
        "ACS_ENDPOINT": "https://acs.example",
        "ACS_ACCESS_KEY": "YQ==",
        "ACS_RESOURCE_ID": "id",
        "CALLBACK_BASE_URL": "https://functions.example",
        "MEDIA_BASE_URL": "wss://bridge.example",
        "VOICE_LIVE_ENDPOINTS": "https://one.example,https://two.example",
        "VOICE_LIVE_API_KEY": "k",
        "OPERATOR_TOKEN": "t" * 32,
        "OPERATOR_EASY_AUTH": "false",
        "EVENTS_TOPIC_ENDPOINT": "https://topic.example",
        "INTENT_MODEL_ENDPOINT": "https://model.example",
        "INTENT_MODEL_DEPLOYMENT": "d",
        "ADMISSION_WHEN_FULL": "redirect",
        "ADMISSION_REDIRECT_TO": "+15550142",
        "RETENTION_CALL_DAYS": "30",
        "TRACE_PERCENT": "50",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://otlp.example",
        "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=x",
        "BRIDGE_PORT": "0",
        "BRIDGE_PROXIES": "1",
        "RECORD_PHRASES": "on",
        "CALLER_KEY": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
    }
]


@pytest.mark.parametrize("kind", [ControlSettings, BridgeSettings])
@given(data=st.data())
def test_settings_are_read_or_a_setting_error(
    kind: type[ControlSettings] | type[BridgeSettings], data: st.DataObject
) -> None:
    env = dict(data.draw(st.sampled_from(ENVIRONMENT)))
    for name in data.draw(st.lists(st.sampled_from(sorted(env)), max_size=3)):
        env[name] = data.draw(
            texts | st.sampled_from(["", " ", "http://", "https://[", "-1", "1" * 30, "on", ","])
        )
    with contextlib.suppress(SettingError):
        kind.from_env(env)


TOOLS = [
    kind
    for module in (tool_parameters, tool_order_parameters)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__
]
ARGUMENTS: list[Any] = [
    {"restaurant": "Napoli Pizza", "date": "2026-11-28", "time": "19:00", "party_size": 4, "name": "Anna"},
    {"dish": "pizza", "near": "harbour", "open_at": "19:00", "diets": ["vegan"]},
    {"code": "TYOKL", "name": "Anna", "date": "2026-11-28", "time": "19:00", "party_size": 2},
    {"items": [{"dish": "Margherita", "quantity": 2, "options": ["large"]}], "street": "1 Quay", "name": "A"},
]


@pytest.mark.parametrize("kind", TOOLS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_arguments_of_a_tool_are_read_or_told_to_the_model(
    kind: type[msgspec.Struct], data: st.DataObject
) -> None:
    fields = [field.encode_name for field in msgspec.structs.fields(kind)] or ["x"]
    samples = [*ARGUMENTS, *[dict.fromkeys(fields, value) for value in ("Anna", 3, ["x"], {"y": 1})]]
    arguments = data.draw(json_bytes(samples)).decode("utf-8", "replace")
    with contextlib.suppress(ToolArgumentError):
        assert isinstance(parse(kind, arguments), kind)


def _wav(encoding: int, channels: int, rate: int, bits: int, samples: bytes) -> bytes:
    head = struct.pack("<HHIIHH", encoding, channels, rate, 0, 0, bits)
    chunks = (
        b"fmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(samples)) + samples
    )
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@given(
    content=damaged(
        [_wav(1, 1, 8_000, 16, bytes(64)), _wav(3, 2, 48_000, 32, bytes(64)), _wav(7, 1, 8_000, 8, b"a")]
    )
    | st.builds(
        _wav,
        st.integers(0, 0xFFFF) | st.sampled_from([1, 3, 6, 7]),
        st.integers(0, 40),
        st.integers(0, 400_000),
        st.sampled_from([0, 4, 8, 12, 16, 24, 32, 64, 65_535]),
        st.binary(max_size=100),
    )
)
def test_a_wav_is_read_or_an_audio_error(content: bytes) -> None:
    with contextlib.suppress(AudioError):
        samples, _ = read_wav(content)
        assert abs(samples).max() <= 1.0
