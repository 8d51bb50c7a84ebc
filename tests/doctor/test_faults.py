"""Each fault, made on this machine, is recognised, and by the check that is about it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken, AzureNamedKeyCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.data.tables import ResourceTypes, generate_account_sas

import doctor.control_plane
import doctor.scale
import doctor.store
import doctor.voice
from doctor.bridge_plane import check_bridge_plane
from doctor.control_plane import check_control
from doctor.machine import check_clock, check_packages, check_python
from doctor.telemetry import check_telemetry
from shared import tables as shared_tables
from shared import telephony
from shared.finding_store import Findings, FindingStore
from shared.findings import Finding, failed, ok
from shared.settings import DEFAULT_AGENT_DIR, BridgeSettings, StoreSettings
from shared.tables import Tables
from tests.conftest import AZURITE_KEY
from tests.doctor.house import House, open_house
from tests.shared.acs_server import failure
from tests.shared.otlp_server import otlp_server

NOBODY = "http://127.0.0.1:9"
"""The discard port: nothing listens there."""


@pytest.fixture
async def house(azurite: str, table_prefix: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    for policy in (telephony._POLICY, shared_tables._TIMEOUTS):  # no wait between tries
        monkeypatch.setitem(policy, "retry_backoff_factor", 0)
    monkeypatch.setattr(doctor.scale, "_PAUSE", 0.0)
    async with open_house(azurite, table_prefix) as house:
        yield house


async def findings(house: House) -> list[Finding]:
    """Of both planes."""
    return [*await check_control(house.env, from_outside=True), *await check_bridge_plane(house.env)]


async def findings_about(house: House, check: str) -> list[Finding]:
    """Of the plane that looks for it; both, where both do."""
    if check.startswith(("voice.", "metrics.", "scale.", "spill.")):
        return await check_bridge_plane(house.env)
    return await findings(house) if check == "settings" else await check_control(house.env, from_outside=True)


def bad(found: list[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in found if finding.verdict in ("failed", "warning")}


async def test_a_system_that_is_well_has_no_complaint(house: House) -> None:
    async with Tables(StoreSettings(house.tables, None, house.prefix)) as tables:
        await FindingStore(tables).save(
            Findings(replica="r1", at=datetime.now(UTC), findings=(ok("voice.session", "well"),))
        )
    assert bad(await findings(house)) == {}


def setting(name: str, value: str) -> Callable[[House], None]:
    def change(house: House) -> None:
        house.changed[name] = value

    return change


def acs_answers(status: int) -> Callable[[House], None]:
    def change(house: House) -> None:
        house.acs.replies = [failure(status) for _ in range(20)]

    return change


def keys_answer(status: int) -> Callable[[House], None]:
    def change(house: House) -> None:
        house.acs.keys_status = status

    return change


def topic_answers(status: int) -> Callable[[House], None]:
    def change(house: House) -> None:
        house.topic.always = status

    return change


def plane(**values: object) -> Callable[[House], None]:
    def change(house: House) -> None:
        for name, value in values.items():
            setattr(house.plane, name, value)

    return change


def voice(**faults: object) -> Callable[[House], None]:
    def change(house: House) -> None:
        house.break_voice(**faults)

    return change


def insights(status: int = 200, host: str = "") -> Callable[[House], None]:
    """An Application Insights resource that says so to every line."""

    def change(house: House) -> None:
        house.plane.track = status
        key = "InstrumentationKey=00000000-0000-0000-0000-000000000001"
        text = f"{key};IngestionEndpoint={host or house.plane.url}/"
        house.changed["APPLICATIONINSIGHTS_CONNECTION_STRING"] = text

    return change


def read_only_store(house: House) -> None:
    """A signature that may read and nothing else, as an identity without the role that writes."""
    signature = generate_account_sas(
        AzureNamedKeyCredential("devstoreaccount1", AZURITE_KEY),
        resource_types=ResourceTypes(service=True, object=True),
        permission="rl",
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    endpoint = house.tables.partition("TableEndpoint=")[2]
    house.changed["TABLES_CONNECTION_STRING"] = (
        f"AccountName=devstoreaccount1;TableEndpoint={endpoint}SharedAccessSignature={signature}"
    )


def store_at(host: str) -> Callable[[House], None]:
    def change(house: House) -> None:
        account = house.tables.partition("TableEndpoint=")[0]
        house.changed["TABLES_CONNECTION_STRING"] = f"{account}TableEndpoint=http://{host}/devstoreaccount1;"

    return change


def wrong_store_key(house: House) -> None:
    house.changed["TABLES_CONNECTION_STRING"] = house.tables.replace("AccountKey=E", "AccountKey=F")


def no_keys_at_all(house: House) -> None:
    house.changed["ACS_JWKS_URL"] = f"{house.plane.url}/api/health"


FAULTS: list[tuple[str, str, Callable[[House], None]]] = [
    ("a setting that is missing", "settings", setting("ACS_ENDPOINT", "")),
    ("two addresses of one store", "settings", setting("TABLES_ENDPOINT", "https://x.table.core.windows.net")),
    ("a key cut off when it was copied", "settings", setting("ACS_ACCESS_KEY", "abc")),
    ("a setting only the bridge has", "settings", setting("BRIDGE_MAX_CALLS", "many")),
    ("operators by two ways", "settings", setting("OPERATOR_EASY_AUTH", "true")),
    ("no operator", "operators.nobody", setting("OPERATOR_TOKEN", "")),
    ("no key for callers", "callers.no_key", setting("CALLER_KEY", "")),
    ("no topic", "events.off", lambda h: h.changed.update(EVENTS_TOPIC_ENDPOINT="", EVENTS_TOPIC_KEY="")),
    ("nowhere for numbers", "metrics.off", setting("METRICS_TOKEN", "")),
    ("nowhere for records to wait", "spill.off", setting("BRIDGE_SPILL_DIR", "")),
    ("nothing to hear in line", "queue.recordings", setting("ADMISSION_WHEN_FULL", "queue")),
    ("nobody behind the queue", "queue.person", lambda h: h.changed.update(
        ADMISSION_WHEN_FULL="queue", ADMISSION_QUEUE_THEN="person")),
    ("no token for who adds bridges", "scale.token", setting("METRICS_TOKEN", "")),
    ("another token for who adds bridges", "scale.token", setting("METRICS_TOKEN", "changed" * 5)),
    ("nobody to ask for calls", "scale.reach", setting("BRIDGE_SCALE_URL", f"{NOBODY}/calls")),
    ("calls that nobody knows", "scale.answer", plane(calls=(503, "no bridge of this release reports"))),
    ("something else for calls", "scale.answer", plane(calls=(200, "<html>hello</html>"))),
    ("calls that are no number", "scale.answer", plane(calls=(200, '{"calls": "many"}'))),
    ("no role at Application Insights", "telemetry.role", insights(403)),
    ("another resource of Application Insights", "telemetry.address", insights(400)),
    ("a full day of Application Insights", "telemetry.answer", insights(439)),
    ("an Application Insights that is gone", "telemetry.reach", insights(host=NOBODY)),
    ("an OTLP receiver that is gone", "telemetry.reach", setting("OTEL_EXPORTER_OTLP_ENDPOINT", NOBODY)),
    ("something else for an OTLP receiver", "telemetry.address",
        lambda h: h.changed.update(OTEL_EXPORTER_OTLP_ENDPOINT=h.plane.url)),
    ("a store that is gone", "store.reach", store_at("127.0.0.1:9")),
    ("a store that may only be read", "store.role", read_only_store),
    ("a wrong key of the store", "store.role", wrong_store_key),
    ("phone service that is gone", "acs.reach", setting("ACS_ENDPOINT", NOBODY)),
    ("a wrong key of the phone service", "acs.role", setting("ACS_ACCESS_KEY", "d3Jvbmc=")),
    ("no role at the phone service", "acs.role", acs_answers(403)),
    ("a phone service in trouble", "acs.answer", acs_answers(500)),
    ("a name for an id", "acs.audience", setting("ACS_RESOURCE_ID", "acs-tabletalk")),
    ("signing keys that are gone", "acs.keys", setting("ACS_JWKS_URL", f"{NOBODY}/keys")),
    ("signing keys refused", "acs.keys", keys_answer(403)),
    ("signing keys of something else", "acs.keys", no_keys_at_all),
    ("a stand-in's issuer", "acs.issuer", setting("ACS_ISSUER", "http://stand-in")),
    ("a wrong key of the topic", "events.key", setting("EVENTS_TOPIC_KEY", "wrong")),
    ("no role at the topic", "events.role", topic_answers(403)),
    ("no such topic", "events.address", topic_answers(404)),
    ("a topic of another schema", "events.schema", topic_answers(400)),
    ("a topic that is gone", "events.reach", setting("EVENTS_TOPIC_ENDPOINT", f"{NOBODY}/api/events")),
    ("a bridge that is gone", "bridge.reach", setting("MEDIA_BASE_URL", "ws://127.0.0.1:9")),
    ("a bridge that drains", "bridge.ready", plane(ready=(503, "draining"))),
    ("something else for a bridge", "bridge.address", plane(ready=(200, "<html>hello</html>"))),
    ("a proxy without websockets", "bridge.socket", plane(socket=426)),
    ("a bridge that asks for no token", "bridge.open", plane(socket=101)),
    ("audio in the clear", "bridge.encrypted", setting("MEDIA_BASE_URL", "ws://bridge.invalid")),
    ("callbacks in the clear", "functions.encrypted", setting("CALLBACK_BASE_URL", "http://functions.invalid")),
    ("an app that is gone", "functions.reach", setting("CALLBACK_BASE_URL", NOBODY)),
    ("something else for an app", "functions.address", plane(health=(404, "no"))),
    ("an app without its store", "functions.health", plane(health=(503, {"status": "failing"}))),
    ("a wrong key of Voice Live", "voice.key", setting("VOICE_LIVE_API_KEY", "wrong")),
    ("no role at Voice Live", "voice.role", voice(refuse_status=403)),
    ("a resource without Voice Live", "voice.address", voice(refuse_status=404)),
    ("no quota at Voice Live", "voice.quota", voice(refuse_status=429)),
    ("a Voice Live that is gone", "voice.reach", setting("VOICE_LIVE_ENDPOINT", NOBODY)),
    ("settings that are refused", "voice.settings", voice(error_code="bad", error_on="session.update")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("check", "break_it"), [(c, b) for _, c, b in FAULTS], ids=[name for name, _, _ in FAULTS]
)
async def test_a_fault_is_recognised(house: House, check: str, break_it: Callable[[House], None]) -> None:
    """By its name, with why it matters and what mends it; and no secret is told."""
    break_it(house)
    complaints = bad(await findings_about(house, check))
    assert check in complaints
    assert complaints[check].why
    assert complaints[check].fix
    told = " ".join(f"{one.what} {one.why} {one.fix}" for one in complaints.values())
    for name in (
        "TABLES_CONNECTION_STRING",
        "ACS_ACCESS_KEY",
        "EVENTS_TOPIC_KEY",
        "VOICE_LIVE_API_KEY",
        "METRICS_TOKEN",
    ):
        assert name not in house.env or house.env[name] not in told or len(house.env[name]) < 6


class Identity:
    """A managed identity, or none."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    async def get_token(self, *scopes: str, **_: object) -> AccessToken:
        if self._token is None:
            raise ClientAuthenticationError("no identity here")
        return AccessToken(f"{self._token} for {scopes[0]}", 0)

    async def close(self) -> None: ...

    async def __aenter__(self) -> Identity:
        return self

    async def __aexit__(self, *_: object) -> None: ...


async def test_application_insights_is_tried_as_the_identity_that_sends(house: House) -> None:
    """With one line that is about nothing; and the receiver of OTLP with an export of nothing."""
    insights()(house)
    house.changed["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"] = "Authorization=AAD"
    async with otlp_server() as receiver:
        house.changed["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.url
        settings = BridgeSettings.from_env(house.env).telemetry
        found = await check_telemetry(settings, Identity("token"))
        assert [(one.check, one.verdict) for one in found] == [("telemetry.sent", "ok")] * 2
        assert receiver.raw == [b""]
        receiver.answer = 401
        assert [one.check for one in await check_telemetry(settings, Identity(None))] == [
            "telemetry.identity",
            "telemetry.role",
        ]
    [(proof, [line])] = house.plane.lines
    assert proof == "Bearer token for https://monitor.azure.com//.default"
    assert line["iKey"].endswith("0001")
    assert line["data"]["baseData"] == {"ver": 2, "message": "doctor checked"}


async def test_an_agent_that_cannot_be_read_is_named(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "agent"
    shutil.copytree(DEFAULT_AGENT_DIR, folder)
    (folder / "agent.toml").write_text("model = 5\n", "utf-8")
    house.changed["AGENT_DIR"] = str(folder)
    found = [one for one in await findings(house) if one.check == "files"]
    assert [one.verdict for one in found] == ["failed", "failed"]
    assert all("agent.toml: model" in one.what for one in found)


async def test_a_model_that_the_region_lacks(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "agent"
    shutil.copytree(DEFAULT_AGENT_DIR, folder)
    text = (folder / "agent.toml").read_text("utf-8").replace('model = "gpt-4.1"', 'model = "gpt-nowhere"')
    (folder / "agent.toml").write_text(text, "utf-8")
    house.changed["AGENT_DIR"] = str(folder)
    complaints = bad(await findings(house))
    assert {"files", "voice.model"} & set(complaints), "refused by our own check or by the service"


async def test_what_a_bridge_found_is_passed_on(house: House) -> None:
    """The latest replica's word, and none that is hours old."""
    trouble = failed("voice.role", "refused", "why", "fix")
    async with Tables(StoreSettings(house.tables, None, house.prefix)) as tables:
        store = FindingStore(tables)
        now = datetime.now(UTC)
        await store.save(
            Findings(replica="old", at=now - timedelta(hours=3), findings=(ok("voice.session", "x"),))
        )
        assert "bridge.self" in bad(await check_control(house.env))
        await store.save(Findings(replica="new", at=now, findings=(trouble,)))
        assert bad(await check_control(house.env))["voice.role"] == trouble
        await store.forget("new")
        await store.forget("old")
        assert await store.all() == []


async def test_a_check_that_hangs_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.control_plane, "_CHECK_SECONDS", 0.0)
    assert "doctor.slow" in bad(await check_control(house.env))


async def test_slow_services_are_warned_of(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.store, "_SLOW", 0.0)
    monkeypatch.setattr(doctor.voice, "_SLOW", 0.0)
    found = bad(await findings(house))
    assert found["store.slow"].verdict == found["voice.slow"].verdict == "warning"


async def test_a_session_that_never_takes_its_settings(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.voice, "_SECONDS", 0.5)
    house.break_voice(event_latency_ms=60_000)
    assert "voice.settings" in bad(await findings(house))


@pytest.mark.parametrize(("off", "verdict"), [(5, "ok"), (-60, "warning"), (3600, "failed")])
async def test_a_clock_that_is_off(house: House, off: int, verdict: str) -> None:
    found = await check_clock(house.acs.url, lambda: datetime.now(UTC) + timedelta(seconds=off))
    assert found.verdict == verdict


async def test_nobody_tells_the_time() -> None:
    assert (await check_clock(NOBODY)).verdict == "skipped"


def test_an_old_python() -> None:
    assert check_python((3, 11)).verdict == "failed"
    assert check_python((3, 13)).verdict == "ok"


def test_packages_that_are_not_those_that_were_tested(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("# pinned\nmsgspec==0.0.1\nPyJWT[crypto]==2.0\nnot-here==1\n", "utf-8")
    [found] = check_packages(file)
    assert found.verdict == "warning"
    assert "msgspec 0.0.1, here " in found.what
    assert "not-here 1, here none" in found.what
    assert check_packages(tmp_path / "missing.txt")[0].verdict == "skipped"
