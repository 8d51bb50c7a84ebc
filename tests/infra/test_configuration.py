"""Files that azd, Functions and GitHub read, against their schemas and against what they speak of."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema

from infra.check.parameters import variables
from infra.check.wiring import azure_yaml
from infra.hooks.secrets_once import SECRETS

ROOT = Path(__file__).parents[2]
SCHEMAS = Path(__file__).parent / "schemas"
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"


def _faults(instance: Any, schema: Any) -> list[str]:
    validator = jsonschema.validators.validator_for(schema)(schema)
    return [error.message for error in validator.iter_errors(instance)]


def _workflow() -> dict[str, Any]:
    """YAML 1.1 reads the key `on` as true."""
    loaded: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text())
    return {"on" if key is True else key: value for key, value in loaded.items()}


def test_azure_yaml_fits_its_schema() -> None:
    assert _faults(azure_yaml(ROOT), json.loads((SCHEMAS / "azure.yaml.json").read_text())) == []


def test_host_json_fits_its_schema() -> None:
    assert (
        _faults(json.loads((ROOT / "host.json").read_text()), json.loads((SCHEMAS / "host.json").read_text()))
        == []
    )


def test_the_workflow_fits_the_schema_of_github() -> None:
    assert _faults(_workflow(), get_builtin_schema("vendor.github-workflows")) == []


def _edit(document: Any, change: Callable[[Any], Any]) -> Any:
    copy = json.loads(json.dumps(document))
    change(copy)
    return copy


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one["services"]["control"].update(host="functions"),
        lambda one: one["services"]["bridge"].update(dockr={}),
        lambda one: one["services"]["control"].update(docker={"path": "Dockerfile"}),
        lambda one: one["hooks"].update(postdeployment={"run": "a.py"}),
        lambda one: one["hooks"]["postdeploy"].update(run="postdeploy.sh"),
        lambda one: one.pop("name"),
        lambda one: one["requiredVersions"].update(azd="latest"),
    ],
)
def test_a_wrong_azure_yaml_is_noticed(change: Callable[[Any], Any]) -> None:
    schema = json.loads((SCHEMAS / "azure.yaml.json").read_text())
    assert _faults(_edit(azure_yaml(ROOT), change), schema)


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.update(version="3.0"),
        lambda one: one.update(functionTimeout=60),
        lambda one: one.update(functionsTimeout="00:01:00"),
        lambda one: one["extensionBundle"].update(version="[3.*, 4.0.0)"),
        lambda one: one["logging"].update(logLevel={"default": "Loud"}),
    ],
)
def test_a_wrong_host_json_is_noticed(change: Callable[[Any], Any]) -> None:
    schema = json.loads((SCHEMAS / "host.json").read_text())
    assert _faults(_edit(json.loads((ROOT / "host.json").read_text()), change), schema)


def test_azure_yaml_speaks_of_files_that_are_there() -> None:
    """Hooks, the Dockerfile, and infra/SERVICE.bicep of the container, which azd finds by that name alone."""
    described = azure_yaml(ROOT)
    for hook in described["hooks"].values():
        assert (ROOT / hook["run"]).is_file()
    bridge = described["services"]["bridge"]
    assert (ROOT / bridge["project"] / bridge["docker"]["path"]).is_file()
    assert (ROOT / "infra" / "bridge.bicep").is_file()
    assert (ROOT / "infra" / "bridge.parameters.json").is_file()


def test_actions_are_pinned_and_may_little() -> None:
    """By commit, not by a tag that can be moved; only the deployment may ask for an identity."""
    workflow = _workflow()
    uses = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one) for one in uses), uses
    assert workflow["permissions"] == {"contents": "read"}
    may = {name: job.get("permissions", {}) for name, job in workflow["jobs"].items()}
    assert [name for name, permissions in may.items() if "id-token" in permissions] == ["deploy"]
    assert "secrets." not in WORKFLOW.read_text()
    assert all(job["timeout-minutes"] for job in workflow["jobs"].values())


def test_only_main_is_deployed_and_only_when_all_is_well() -> None:
    deploy = _workflow()["jobs"]["deploy"]
    assert set(deploy["needs"]) == set(_workflow()["jobs"]) - {"deploy"}
    assert "refs/heads/main" in deploy["if"]
    assert "pull_request" in deploy["if"]


def test_the_workflow_runs_what_make_has() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    runs = [step.get("run", "") for job in _workflow()["jobs"].values() for step in job["steps"]]
    asked = {target for run in runs for target in re.findall(r"^make (\S+)$", run, re.M)}
    assert asked == {"lint", "infra-check", "test"}
    assert asked <= targets


def test_the_devcontainer_is_set_up_by_make() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    wanted = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert wanted is not None
    assert f"python:{wanted[1]}-" in container["image"]
    assert container["postCreateCommand"] == "make setup"
    assert any("azd" in feature for feature in container["features"])


def test_what_an_operator_may_set_is_documented() -> None:
    """Each variable with its default, in docs/infra.md; and no variable there that is none."""
    text = (ROOT / "docs" / "infra.md").read_text()
    documented = dict(re.findall(r"^\| `(TABLETALK_\w+)` \| (?:`([^`]*)`|empty) \|", text, re.M))
    assert documented == variables(ROOT) | {
        "TABLETALK_PHONE_NUMBERS": "",
        "TABLETALK_RELEASE_NUMBERS": "false",
    }


def test_alerts_are_documented() -> None:
    """Each with what it says and what to do."""
    text = (ROOT / "docs" / "infra.md").read_text()
    source = (ROOT / "infra" / "modules" / "alerts.bicep").read_text()
    source += (ROOT / "infra" / "bridge.bicep").read_text()
    named = set(re.findall(r"^    name: '([a-z0-9-]+)'$", source, re.M))
    named |= {name.rstrip("-") for name in re.findall(r"name: '([a-z-]+)-\$\{(?:index|name)\}", source)}
    rows = re.findall(r"^\| (`[a-z0-9-]+`(?:, `[a-z0-9-]+`)*) \| .+ \| .+ \|$", text, re.M)
    documented = {name for row in rows for name in re.findall(r"`([a-z0-9-]+)`", row)}
    assert documented - {secret.name for secret in SECRETS} >= named
    assert len(named) == 15


def test_secrets_are_documented() -> None:
    text = (ROOT / "docs" / "infra.md").read_text()
    assert [secret.name for secret in SECRETS if f"`{secret.name}`" not in text] == []
