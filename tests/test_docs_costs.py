"""docs/costs.md names every price, option and figure of the calculator, as it is."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from shared import config_check, costs_cli
from shared.platform_prices import PlatformPrices
from shared.prices import load_prices
from shared.settings import DEFAULT_AGENT_DIR

PAGE = (Path(__file__).parent.parent / "docs/costs.md").read_text("utf-8")
ROWS = {name: cells for name, *cells in re.findall(r"^\| `([^`]+)` \| (.*?) \| (.*?) \|", PAGE, re.MULTILINE)}
KEYS = list(config_check.keys(PlatformPrices))


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_price_of_the_platform_is_documented(key: config_check.Key) -> None:
    assert ROWS.get(key.name) == [key.allowed, key.default]


def test_no_price_is_documented_that_there_is_not() -> None:
    assert {name for name in ROWS if "." in name} <= {key.name for key in KEYS}


def test_every_option_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        costs_cli.main(["--help"])
    options = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out)) - {"--help"}
    table = PAGE.partition("| option |")[2].partition("\n\n")[0]
    assert set(re.findall(r"--[a-z][a-z-]+", table)) == options


def test_the_example_is_what_is_printed() -> None:
    out = io.StringIO()
    assert costs_cli.main(["--calls-per-month", "10000"], {}, out) == 0
    printed, cut, _ = out.getvalue().partition("\n\nnot counted")
    assert cut
    shown = "\n".join(line.removeprefix("    ") for line in PAGE.splitlines())
    assert printed in shown


def test_the_tiers_are_those_of_the_table() -> None:
    prices = load_prices(DEFAULT_AGENT_DIR)
    rows = re.findall(r"^\| (?:Pro|Standard|Lite) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    shown = {
        model: tuple(float(price) for price in row.split(", "))
        for models, row in rows
        for model in re.findall(r"`([^`]+)`", models)
    }
    assert shown == {name: (one.input, one.cached, one.output) for name, one in prices.models.items()}
