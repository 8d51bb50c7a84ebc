"""host.json and local.settings.json."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from local.functions_host.config import ConfigError, apply_local_settings, read_host_json
from shared.settings import ControlSettings

ROOT = Path(__file__).parent.parent.parent.parent


class TestHostJson:
    def test_defaults(self, tmp_path: Path) -> None:
        (tmp_path / "host.json").write_text('{"version": "2.0"}')
        config = read_host_json(tmp_path)
        assert (config.route_prefix, config.timeout) == ("api", timedelta(minutes=30))

    def test_ours(self) -> None:
        config = read_host_json(ROOT)
        assert (config.route_prefix, config.timeout) == ("api", timedelta(minutes=10))

    @pytest.mark.parametrize(
        ("text", "named"),
        [
            (None, "missing"),
            ("{", "host.json"),
            ('{"version": "3.0"}', "version"),
            ('{"version": "2.0", "functionTimeout": "5"}', "functionTimeout"),
            ('{"version": "2.0", "extensions": {"http": {"routePrefix": 1}}}', "routePrefix"),
        ],
    )
    def test_a_fault_is_named(self, tmp_path: Path, text: str | None, named: str) -> None:
        if text is not None:
            (tmp_path / "host.json").write_text(text)
        with pytest.raises(ConfigError, match=named):
            read_host_json(tmp_path)


class TestLocalSettings:
    def test_what_is_set_wins(self, tmp_path: Path) -> None:
        (tmp_path / "local.settings.json").write_text('{"Values": {"A": "file", "B": "file"}}')
        environment = {"A": "set"}
        apply_local_settings(tmp_path, environment)
        assert environment == {"A": "set", "B": "file"}

    def test_none_is_fine(self, tmp_path: Path) -> None:
        environment: dict[str, str] = {}
        apply_local_settings(tmp_path, environment)
        assert environment == {}

    @pytest.mark.parametrize(
        ("text", "named"),
        [("[]", "object"), ('{"Values": {"A": 1}}', "Values"), ('{"IsEncrypted": true}', "decrypt")],
    )
    def test_a_fault_is_named(self, tmp_path: Path, text: str, named: str) -> None:
        (tmp_path / "local.settings.json").write_text(text)
        with pytest.raises(ConfigError, match=named):
            apply_local_settings(tmp_path, {})

    def test_the_shipped_example_is_whole(self, tmp_path: Path) -> None:
        """Copied as it is, it gives the control plane all it asks for."""
        example = (ROOT / "local.settings.json.example").read_text()
        (tmp_path / "local.settings.json").write_text(example)
        environment: dict[str, str] = {}
        apply_local_settings(tmp_path, environment)
        settings = ControlSettings.from_env(environment)
        assert settings.callback_base_url == "http://127.0.0.1:7071"
        assert environment["FUNCTIONS_WORKER_RUNTIME"] == "python"
        assert environment["AzureWebJobsStorage"] == "UseDevelopmentStorage=true"

    def test_the_shipped_example_names_every_setting(self, tmp_path: Path) -> None:
        class Asked(dict[str, str]):
            names: set[str] = set()  # noqa: RUF012 - one use, one instance

            def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]  # notes
                self.names.add(name)
                return super().get(name, default)

        (tmp_path / "local.settings.json").write_text((ROOT / "local.settings.json.example").read_text())
        environment = Asked()
        apply_local_settings(tmp_path, environment)
        ControlSettings.from_env(environment)
        assert environment.names <= set(environment)
