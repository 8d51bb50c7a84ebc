"""`python -m infra.check.refresh_types`: bring azure_types.json up to date.

Azure's resource types come out of two of Microsoft's packages, which are installed into a temporary folder:
the Azure MCP server knows most types at their newest stable version (`azmcp bicepschema get`, without a
network), the management SDKs know those of Azure Monitor and private DNS that it lacks. Only the types that
infra/*.bicep uses are kept, and of each only what can be reached from it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from infra.check.azure_types import TYPES_FILE
from infra.check.source import BicepFile

MCP: Final = "msmcp-azure==3.0.0"
SDKS: Final[Mapping[str, tuple[str, str, str]]] = {
    # type@version: (package, module, class). Diagnostic settings never left their preview version.
    "Microsoft.Insights/actionGroups@2023-01-01": (
        "azure-mgmt-monitor==7.0.0",
        "azure.mgmt.monitor.models",
        "ActionGroupResource",
    ),
    "Microsoft.Insights/metricAlerts@2018-03-01": (
        "azure-mgmt-monitor==7.0.0",
        "azure.mgmt.monitor.models",
        "MetricAlertResource",
    ),
    "Microsoft.Insights/scheduledQueryRules@2023-12-01": (
        "azure-mgmt-monitor==7.0.0",
        "azure.mgmt.monitor.models",
        "ScheduledQueryRuleResource",
    ),
    "Microsoft.Insights/diagnosticSettings@2021-05-01-preview": (
        "azure-mgmt-monitor==6.0.2",
        "azure.mgmt.monitor.v2021_05_01_preview.models",
        "DiagnosticSettingsResource",
    ),
    "Microsoft.Network/privateDnsZones@2024-06-01": (
        "azure-mgmt-privatedns==1.2.0",
        "azure.mgmt.privatedns.models",
        "PrivateZone",
    ),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01": (
        "azure-mgmt-privatedns==1.2.0",
        "azure.mgmt.privatedns.models",
        "VirtualNetworkLink",
    ),
}

USED_BY_HOOKS: Final = ("Microsoft.EventGrid/systemTopics/eventSubscriptions",)
"""Types of what hooks make; a test holds the hooks against them."""

INFRA: Final = Path(__file__).parents[1]
SDK_READER: Final = Path(__file__).with_name("sdk_types.py")


def main() -> None:
    """Read which types the Bicep files use, ask the packages about each, write the file."""
    in_bicep = {one.type_name for path in _bicep_files() for one in BicepFile.read(path).resources}
    used = sorted(in_bicep | set(USED_BY_HOOKS))
    by_name = {key.partition("@")[0].lower(): key for key in SDKS}
    resources: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for type_name in used:
            if type_name.lower() in by_name:
                key = by_name[type_name.lower()]
                resources[key] = _from_sdk(Path(folder), key)
            else:
                key, types = _from_mcp(Path(folder), type_name)
                resources[key] = types
            print(key, flush=True)
    TYPES_FILE.write_text(_dump(resources))


def _bicep_files() -> list[Path]:
    return sorted(INFRA.rglob("*.bicep"))


# --- the Azure MCP server --------------------------------------------------------------------------------


def _from_mcp(folder: Path, type_name: str) -> tuple[str, dict[str, Any]]:
    executable = _installed(folder, MCP) / "bin" / "azmcp"
    answer = subprocess.run(  # noqa: S603 - pinned above
        [executable, "bicepschema", "get", "--resource-type", type_name],
        env={**os.environ, "AZURE_MCP_COLLECT_TELEMETRY": "false", "PYTHONPATH": str(executable.parents[1])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    try:
        body = json.loads(answer.stdout)
    except ValueError:
        sys.exit(f"{type_name}: azmcp said {answer.stdout!r} {answer.stderr!r}")
    if body["status"] != 200:
        sys.exit(f"{type_name}: {body['message']}\nIs it spelt right? Else find an SDK with it: see SDKS.")
    known = body["results"]["BicepSchemaResult"]
    (resource,) = (one for one in known if one["$type"] == "Resource")
    by_name = {one["name"]: one for one in known if one["$type"].endswith("Object")}
    types = {"@": _mcp_object(resource["bodyType"])}
    wanted = list(_references(types["@"], by_name))
    while wanted:
        name = wanted.pop()
        if name not in types:
            types[name] = _mcp_object(by_name[name])
            wanted.extend(_references(types[name], by_name))
    return resource["name"], types


def _mcp_object(described: Mapping[str, Any]) -> dict[str, Any]:
    if described["$type"] == "DiscriminatedObject":
        by = described["discriminator"]
        kinds = {}
        for element in described["elements"]:
            properties = _mcp_properties(element["properties"])
            kinds[properties[by].lstrip("!=")] = properties
        return {"properties": _mcp_properties(described["baseProperties"]), "by": by, "kinds": kinds}
    made: dict[str, Any] = {"properties": _mcp_properties(described["properties"])}
    if described.get("additionalPropertiesType"):
        made["additional"] = described["additionalPropertiesType"]
    return made


def _mcp_properties(properties: list[Mapping[str, Any]]) -> dict[str, str]:
    made = {}
    for one in properties:
        flags = str(one.get("flags") or "")
        mark = ("!" if "Required" in flags else "") + ("=" if "ReadOnly" in flags else "")
        limits = str(one.get("modifiers") or "").replace("sensitive", "").strip(", ")
        made[one["name"]] = f"{mark}{one['type']}" + (f" {{{limits}}}" if limits else "")
    return made


def _references(described: Mapping[str, Any], by_name: Mapping[str, Any]) -> Iterator[str]:
    tables = [described["properties"], *described.get("kinds", {}).values()]
    for text in [described.get("additional", ""), *(one for table in tables for one in table.values())]:
        for part in text.lstrip("!=").partition(" {")[0].split(" | "):
            if (name := part.rstrip("[]")) in by_name:
                yield name


# --- the management SDKs ---------------------------------------------------------------------------------


def _from_sdk(folder: Path, key: str) -> dict[str, Any]:
    package, module, root = SDKS[key]
    answer = subprocess.run(  # noqa: S603 - pinned above
        [sys.executable, SDK_READER, module, root],
        env={**os.environ, "PYTHONPATH": str(_installed(folder, package))},
        capture_output=True,
        check=True,
        text=True,
    )
    types: dict[str, Any] = json.loads(answer.stdout)
    # ARM wants a name in every body; to the SDKs it is part of the URL.
    types["@"]["properties"] |= {"name": "!string", "id": "=string", "type": "=string"}
    return types


def _installed(folder: Path, package: str) -> Path:
    target = folder / package
    if not target.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--target", str(target), package], check=True)  # noqa: S603 - pinned above
    return target


def _dump(resources: Mapping[str, Mapping[str, Any]]) -> str:
    """JSON with one line an object type, so that a diff shows what changed."""
    blocks = []
    for key, types in sorted(resources.items()):
        lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(types[name])}" for name in sorted(types))
        blocks.append(f"{json.dumps(key)}: {{\n{lines}\n}}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


if __name__ == "__main__":
    main()
