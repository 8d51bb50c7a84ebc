"""Settings: read once, and a fault names the variable and the fix."""

from __future__ import annotations

import pytest

from shared.settings import ACS_ISSUER, ACS_JWKS_URL, BridgeSettings, ControlSettings, SettingError

ENV = {
    "TABLES_CONNECTION_STRING": "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;",
    "ACS_ENDPOINT": "https://line.communication.azure.com/",
    "ACS_RESOURCE_ID": "b1c2",
    "CALLBACK_BASE_URL": "https://calls.example.com",
    "MEDIA_BASE_URL": "wss://bridge.example.com/",
    "VOICE_LIVE_ENDPOINT": "https://voice.services.ai.azure.com",
}


def test_defaults_are_the_services_documented_values() -> None:
    """Only what differs between deployments has to be set."""
    settings = BridgeSettings.from_env(ENV)
    assert (settings.acs.issuer, settings.acs.jwks_url) == (ACS_ISSUER, ACS_JWKS_URL)
    assert (settings.port, settings.max_calls) == (8080, 50)
    assert settings.voice_live.api_keys == ()
    assert settings.voice_live.connections_per_minute == 30


def test_endpoints_keep_their_order_and_have_their_keys() -> None:
    several = {
        **ENV,
        "VOICE_LIVE_ENDPOINT": "",
        "VOICE_LIVE_ENDPOINTS": "https://a.example.com/, https://b.example.com",
    }
    voice_live = BridgeSettings.from_env({**several, "VOICE_LIVE_API_KEY": "one, two"}).voice_live
    assert voice_live.endpoints == ("https://a.example.com", "https://b.example.com")
    assert voice_live.api_keys == ("one", "two")
    one_for_all = BridgeSettings.from_env({**several, "VOICE_LIVE_API_KEY": "one"}).voice_live
    assert one_for_all.api_keys == ("one", "one")


def test_trailing_slashes_are_cut() -> None:
    """The Call Automation client would sign them into the host."""
    settings = ControlSettings.from_env(ENV)
    assert settings.acs.endpoint == "https://line.communication.azure.com"
    assert settings.media_base_url == "wss://bridge.example.com"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ACS_ENDPOINT": ""}, "ACS_ENDPOINT: missing"),
        ({"ACS_ENDPOINT": "line.communication.azure.com"}, "ACS_ENDPOINT: .* https://"),
        ({"ACS_RESOURCE_ID": " "}, "ACS_RESOURCE_ID: missing; set it to the immutable resource id"),
        ({"ACS_ACCESS_KEY": "not a key"}, "ACS_ACCESS_KEY: not base64"),
        ({"MEDIA_BASE_URL": "https://bridge.example.com"}, "MEDIA_BASE_URL: .* wss://"),
        ({"CALLBACK_BASE_URL": "https://calls.example.com/?x=1"}, "CALLBACK_BASE_URL"),
        ({"TABLES_ENDPOINT": "https://t.table.core.windows.net"}, "set exactly one"),
        ({"TABLES_CONNECTION_STRING": ""}, "set exactly one"),
        ({"TABLES_PREFIX": "1-x"}, "TABLES_PREFIX"),
        (
            {"ADMISSION_WHEN_FULL": "music"},
            "ADMISSION_WHEN_FULL: 'music' is none of reject, redirect, queue, answer",
        ),
        ({"ADMISSION_QUEUE_LENGTH": "21"}, "ADMISSION_QUEUE_LENGTH: '21' is not a whole number from 1 to 20"),
        ({"ADMISSION_QUEUE_SECONDS": "0"}, "ADMISSION_QUEUE_SECONDS: '0' is not a whole number from 10"),
        ({"ADMISSION_QUEUE_EVERY_SECONDS": "x"}, "ADMISSION_QUEUE_EVERY_SECONDS: 'x' is not a whole"),
        ({"ADMISSION_QUEUE_THEN": "music"}, "ADMISSION_QUEUE_THEN: 'music' is neither goodbye nor person"),
        ({"ADMISSION_WHEN_FULL": "redirect"}, "ADMISSION_REDIRECT_TO: missing"),
        ({"ADMISSION_WHEN_STORE_DOWN": "answer"}, "ADMISSION_WHEN_STORE_DOWN: 'answer' is none of reject"),
        ({"ADMISSION_WHEN_STORE_DOWN": "redirect"}, "ADMISSION_REDIRECT_TO: .* ADMISSION_WHEN_STORE_DOWN"),
        ({"BRIDGE_SPILL_DIR": "spill"}, "BRIDGE_SPILL_DIR: 'spill' is not an absolute path"),
        ({"BRIDGE_SPILL_MEGABYTES": "0"}, "BRIDGE_SPILL_MEGABYTES"),
        ({"ADMISSION_REDIRECT_TO": "reception"}, "ADMISSION_REDIRECT_TO: 'reception' is neither a phone"),
        ({"VOICE_LIVE_ENDPOINT": ""}, "VOICE_LIVE_ENDPOINT: missing"),
        ({"VOICE_LIVE_ENDPOINTS": "https://a.example.com"}, "VOICE_LIVE_ENDPOINT: set it or"),
        (
            {"VOICE_LIVE_ENDPOINT": "", "VOICE_LIVE_ENDPOINTS": "https://a.example.com, b"},
            "VOICE_LIVE_ENDPOINTS: 'b'",
        ),
        (
            {
                "VOICE_LIVE_ENDPOINT": "",
                "VOICE_LIVE_ENDPOINTS": "https://a.example.com,https://a.example.com",
            },
            "names an endpoint twice",
        ),
        ({"VOICE_LIVE_API_KEY": "one,two"}, "2 keys for 1 endpoints"),
        ({"VOICE_LIVE_CONNECTIONS_PER_MINUTE": "0"}, "VOICE_LIVE_CONNECTIONS_PER_MINUTE"),
        ({"BRIDGE_PORT": "eighty"}, "BRIDGE_PORT: 'eighty' is not a whole number from 0 to 65535"),
        ({"BRIDGE_MAX_CALLS": "0"}, "BRIDGE_MAX_CALLS"),
        ({"BRIDGE_DRAIN_SECONDS": "-1"}, "BRIDGE_DRAIN_SECONDS"),
        ({"BRIDGE_SCALE_URL": "bridge/calls"}, "BRIDGE_SCALE_URL: 'bridge/calls' is not a URL"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_fault_names_the_variable_and_the_fix(change: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        _read_both(ENV | change)


def _read_both(env: dict[str, str]) -> None:
    BridgeSettings.from_env(env)
    ControlSettings.from_env(env)


TOPIC = "https://events.westeurope-1.eventgrid.azure.net/api/events"


def test_without_a_topic_there_are_no_event_settings() -> None:
    assert ControlSettings.from_env(ENV).events is None
    assert (
        ControlSettings.from_env({**ENV, "EVENTS_TOPIC_ENDPOINT": " ", "EVENTS_TOPIC_KEY": ""}).events is None
    )


def test_a_topic_without_a_key_is_reached_with_the_managed_identity() -> None:
    events = ControlSettings.from_env({**ENV, "EVENTS_TOPIC_ENDPOINT": TOPIC}).events
    assert events is not None
    assert (events.topic_endpoint, events.topic_key) == (TOPIC, None)
    assert (events.alarm_seconds, events.max_attempts) == (300, 100)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"EVENTS_TOPIC_KEY": "k"}, "EVENTS_TOPIC_ENDPOINT: missing"),
        ({"EVENTS_TOPIC_ENDPOINT": "events"}, "EVENTS_TOPIC_ENDPOINT: .* https://"),
        ({"EVENTS_TOPIC_ENDPOINT": "http://127.0.0.1:1/api/events"}, "EVENTS_TOPIC_KEY: missing"),
        ({"EVENTS_TOPIC_ENDPOINT": TOPIC, "EVENTS_ALARM_SECONDS": "9"}, "EVENTS_ALARM_SECONDS: .* 10"),
        ({"EVENTS_TOPIC_ENDPOINT": TOPIC, "EVENTS_MAX_ATTEMPTS": "0"}, "EVENTS_MAX_ATTEMPTS: .* 1"),
    ],
)
def test_a_fault_of_the_events_is_named(change: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        ControlSettings.from_env({**ENV, **change})
