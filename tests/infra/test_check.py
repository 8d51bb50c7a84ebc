"""infra/ stands up to its check, and the check notices what is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from infra.check.access import stale_needs, unknown_clients
from infra.check.azure_types import azure_types
from infra.check.everything import check_everything, read_all
from infra.check.refresh_types import USED_BY_HOOKS
from infra.check.settings import settings_read
from infra.check.source import BicepFile
from tests.infra.faults import KINDS, Fault, all_of, seeded, wrong_scale_rule

ROOT = Path(__file__).parents[2]

FAULTS = seeded(read_all(ROOT), 50)


def test_infra_is_sound() -> None:
    """Nothing to object to: syntax, names, types, modules, rules, roles, settings, parameters, wiring."""
    assert [str(finding) for finding in check_everything(ROOT)] == []


def test_seeded_faults_are_noticed() -> None:
    """Of 50 edits, one at a time, at least 48 are noticed."""
    missed = [fault for fault in FAULTS if not _findings(fault)]
    assert len(FAULTS) == 50
    assert len(missed) <= 2, "\n".join(map(str, missed))
    assert len({fault.kind for fault in FAULTS}) == len(KINDS)


def test_every_fault_of_a_scale_rule_is_noticed() -> None:
    """Nobody else would: it deploys, and callers find the line busy months later."""
    faults = all_of(wrong_scale_rule, read_all(ROOT))
    assert len(faults) > 10
    assert [str(fault) for fault in faults if not _findings(fault)] == []


def test_a_replica_more_is_asked_for_before_the_others_are_full() -> None:
    """Whatever an operator sets; Kubernetes asks at a tenth above the target."""
    text = (ROOT / "infra" / "bridge.bicep").read_text()
    assert "var callsPerReplica = max(1, int(maxCalls) * 3 / 5)" in text
    for most in range(2, 1001):
        assert max(1, most * 3 // 5) * 1.1 < most


@pytest.mark.parametrize(
    ("edited", "was", "becomes", "said"),
    [
        (
            "storage.bicep",
            "allowBlobPublicAccess",
            "allowBlobPublicAcess",
            "'allowBlobPublicAccess'?",
        ),
        ("voice.bicep", "@2025-06-01", "@2025-06-02", "known: 2025-06-01"),
        (
            "main.bicep",
            "monitoring.outputs.workspaceId",
            "monitoring.outputs.workspace",
            "has no output 'workspace'",
        ),
        ("access.bicep", "scope: vault", "", "for the whole resource group"),
        (
            "access.bicep",
            "roles.acrPull)\n    desc",
            "roles.foundryUser)\n    desc",
            "no code of 'bridge' needs",
        ),
        ("bridge.bicep", "value: tablesEndpoint", "value: acsEndpoint", "'tablesEndpoint' is never used"),
        (
            "bridge.bicep",
            "{ name: 'TABLES_ENDPOINT', value: tablesEndpoint }",
            "",
            "bridge reads TABLES_ENDPOINT",
        ),
        (
            "bridge.parameters.json",
            "{TABLETALK_VAULT_URI}",
            "{TABLETALK_VAULT}",
            "nobody sets TABLETALK_VAULT",
        ),
        ("main.bicepparam", "param alertEmail", "param alertMail", "has no parameter 'alertMail'"),
    ],
)
def test_findings_say_what_and_where(edited: str, was: str, becomes: str, said: str) -> None:
    """A finding names the file, the line and the thing, in words that lead to the fix."""
    path = next((ROOT / "infra").rglob(edited))
    text = path.read_text()
    assert was in text
    findings = check_everything(ROOT, {edited: text.replace(was, becomes, 1).encode()})
    assert any(said in finding.text for finding in findings), findings
    assert any(finding.path.name in (edited, "bridge.bicep", "monitoring.bicep") for finding in findings)


def test_types_hold_no_more_than_is_used() -> None:
    """azure_types.json has each type that infra uses (else the check complains), and no other."""
    used = {one.reference.lower() for file in read_all(ROOT).values() for one in file.resources}
    by_hooks = {name for name in azure_types() if name.partition("@")[0] in map(str.lower, USED_BY_HOOKS)}
    assert set(azure_types()) == used | by_hooks
    assert len(by_hooks) == len(USED_BY_HOOKS)


def test_every_need_is_somewhere_in_the_code() -> None:
    """A role goes when the code that needs it has gone."""
    assert stale_needs(ROOT) == []


def test_every_azure_client_has_a_need() -> None:
    """A new client of Azure names the role it needs before it ships."""
    assert unknown_clients(ROOT, ["control", "bridge", "shared"]) == []


def test_a_new_client_without_a_need_is_noticed(tmp_path: Path) -> None:
    """An import is enough."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "new.py").write_text("from azure.storage.blob.aio import BlobServiceClient\n")
    assert unknown_clients(tmp_path, ["shared"]) == ["shared/new.py:1: BlobServiceClient is in no need"]


def test_a_new_setting_is_noticed(tmp_path: Path) -> None:
    """However code reads it: by method, by index, through a helper, in another file."""
    for folder in ("shared", "control", "bridge"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "function_app.py", tmp_path)
    settings = tmp_path / "shared" / "settings" / "bridge.py"
    reads = 'port=integer(env, "BRIDGE_PORT", 8080, 0, 65535),'
    assert reads in settings.read_text()
    settings.write_text(
        settings.read_text().replace(reads, f'{reads} extra=integer(env, "BY_HELPER", 1, 0, 2),')
    )
    (tmp_path / "control" / "new.py").write_text(
        'import os\nA = os.environ["BY_INDEX"]\nB = os.environ.get("BY_METHOD")\nC = os.getenv("BY_GETENV")\n'
    )
    read = settings_read(tmp_path)
    assert {"BY_INDEX", "BY_METHOD", "BY_GETENV"} <= read["control"]
    assert "BY_HELPER" in read["bridge"] - read["control"]


def test_private_and_zone_redundant_deployments_have_all_they_need() -> None:
    """What both switches turn on is reachable from main.bicep under a condition that names them."""
    main = next(file for file in read_all(ROOT).values() if file.path.name == "main.bicep")
    for module, switch in (("network", "usesNetwork"), ("endpoints", "privateNetworking")):
        assert f"= if ({switch})" in _text(main, module)


def _text(file: BicepFile, name: str) -> str:
    return (file.declarations[name].node.text or b"").decode()


def _findings(fault: Fault) -> list[str]:
    return [str(finding) for finding in check_everything(ROOT, {fault.file.path.name: fault.edited})]
