"""The calculator of costs: its parts, its totals, and that it has the prices of the operator's page."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import costs_cli, platform_prices, prices
from shared.costs import HOURS, TIMER_RUNS, Deployment, Estimate, Load, TokenRates, estimate
from shared.settings import DEFAULT_AGENT_DIR

PRICES = prices.load_prices(DEFAULT_AGENT_DIR)
PLATFORM = platform_prices.load_platform_prices(DEFAULT_AGENT_DIR)
AT_A_CARRIER = msgspec.structs.replace(
    PRICES, minute=msgspec.structs.replace(PRICES.minute, phone=0.0085, streaming=0.002)
)

rates = st.builds(
    lambda read, share, written: TokenRates(input=read, cached=read * share, output=written),
    st.floats(0, 200_000),
    st.floats(0, 1),
    st.floats(0, 5_000),
)
loads = st.builds(
    Load,
    calls=st.integers(0, 1_000_000),
    minutes=st.floats(0, 60),
    model=st.sampled_from(sorted(PRICES.models)),
    tokens=rates,
    phone=st.booleans(),
)
deployments = st.builds(
    Deployment,
    answering_instances=st.integers(0, 20),
    http_instances=st.integers(0, 20),
    functions_memory_gb=st.sampled_from([0.5, 2.0, 4.0]),
    min_replicas=st.integers(0, 10),
    revisions=st.integers(1, 3),
    cpu=st.sampled_from([0.5, 1.0, 2.0, 4.0]),
    calls_per_replica=st.integers(1, 100),
    idle_share=st.floats(0, 1),
    numbers=st.integers(0, 10),
    voice_regions=st.integers(1, 5),
    private=st.booleans(),
)


def bill(load: Load, deployment: Deployment = Deployment()) -> Estimate:  # noqa: B008 - frozen
    return estimate(load, deployment, AT_A_CARRIER, PLATFORM)


def named(result: Estimate) -> dict[str, float]:
    return {part.name: part.month for part in result.parts}


@given(loads, deployments)
def test_a_month_is_what_is_fixed_and_what_its_calls_add(load: Load, deployment: Deployment) -> None:
    result = bill(load, deployment)
    assert result.month == pytest.approx(result.fixed + load.calls * result.per_call)
    for part in result.parts:
        assert part.month == pytest.approx(part.fixed + load.calls * part.per_call, abs=1e-6)
        assert part.month >= part.fixed - 1e-9 >= -1e-9


@given(loads, deployments, st.integers(0, 1_000_000))
def test_more_calls_never_cost_less_in_any_part(load: Load, deployment: Deployment, more: int) -> None:
    busier = Load(
        calls=load.calls + more,
        minutes=load.minutes,
        model=load.model,
        tokens=load.tokens,
        phone=load.phone,
    )
    few, many = bill(load, deployment), bill(busier, deployment)
    for before, after in zip(few.parts, many.parts, strict=True):
        assert after.month >= before.month - 1e-6
        assert after.fixed == before.fixed


@given(loads)
def test_the_conversation_costs_what_the_operators_page_says(load: Load) -> None:
    usage, seconds = load.tokens.of(load.minutes), round(load.minutes * 60)
    page = AT_A_CARRIER.cost(load.model, usage, seconds, phone=load.phone)
    assert page is not None
    conversation = sum(part.per_call for part in bill(load).parts[:4])
    assert conversation == pytest.approx(page / 1_000_000, abs=2e-6)


def test_parts_by_hand() -> None:
    tokens = TokenRates(input=1_000_000, cached=500_000, output=10_000)
    parts = named(bill(Load(calls=100_000, minutes=3, model="gpt-4.1", tokens=tokens)))
    assert parts["Phone minutes"] == pytest.approx(300_000 * 0.0085)
    assert parts["Tokens of gpt-4.1"] == pytest.approx(300_000 * (0.5 * 4 + 0.5 * 0.4 + 0.01 * 16))
    # Two revisions of one core and 2 GiB all month; at most 6.8 calls at once on the average.
    seconds = 2 * HOURS * 3600
    assert parts["Container Apps"] == pytest.approx(
        (seconds - 180_000) * 0.000024 + (2 * seconds - 360_000) * 0.000003
    )
    assert parts["Event Grid"] == pytest.approx((400_000 - 100_000) * 0.60 / 1_000_000)
    assert parts["Logs"] == pytest.approx((2 + 10 - 5) * 2.30)


def test_idle_time_is_cheaper_and_calls_use_it_up() -> None:
    tokens = TokenRates(input=0, cached=0, output=0)
    quiet = Load(calls=0, minutes=3, model="gpt-4.1", tokens=tokens)
    busy = Load(calls=20_000, minutes=3, model="gpt-4.1", tokens=tokens)
    idle, awake = Deployment(idle_share=1.0), Deployment(idle_share=0.0)
    assert named(bill(quiet, idle))["Container Apps"] < named(bill(quiet, awake))["Container Apps"]
    assert named(bill(busy, idle)) == named(bill(busy, awake))


def test_the_timers_are_those_of_the_app() -> None:
    runs = 0
    for source in (DEFAULT_AGENT_DIR.parents[1] / "control").glob("*.py"):
        for schedule in re.findall(r'timer_trigger\([^)]*?schedule="([^"]+)"', source.read_text("utf-8")):
            second, minute, *rest = schedule.split()
            assert rest == ["*"] * 4
            runs += _times(second) * _times(minute)
    assert runs * HOURS == TIMER_RUNS


def _times(field: str) -> int:
    """How often in 60 a field of a schedule fits."""
    every = re.fullmatch(r"\*(?:/(\d+))?", field)
    return 60 // int(every[1] or 1) if every else 1


def test_a_model_without_a_price_is_named() -> None:
    with pytest.raises(prices.PricesError, match="gpt-9"):
        bill(Load(calls=1, minutes=1, model="gpt-9", tokens=costs_cli.MEASURED))


def test_two_currencies_are_not_added() -> None:
    load = Load(calls=1, minutes=1, model="gpt-4.1", tokens=costs_cli.MEASURED)
    with pytest.raises(prices.PricesError, match="EUR"):
        estimate(load, Deployment(), msgspec.structs.replace(PRICES, currency="EUR"), PLATFORM)


def run(*argv: str, agent_dir: Path | None = None) -> tuple[int, str]:
    out = io.StringIO()
    env = {} if agent_dir is None else {"AGENT_DIR": str(agent_dir)}
    return costs_cli.main(argv, env, out), out.getvalue()


def test_the_table_adds_up_and_names_its_sources() -> None:
    status, text = run("--calls-per-month", "10000", "--minutes", "3")
    assert status == 0
    rows = [line.rsplit(maxsplit=3) for line in text.splitlines() if re.search(r"\d\.\d{2}$", line)]
    months = [float(month) for _, _, _, month in rows]
    assert sum(months[:-1]) == pytest.approx(months[-1], abs=0.05)
    assert rows[-1][0] == "all"
    assert "minute.phone in prices.toml is 0" in text
    for part in (PRICES, PLATFORM.container_apps, PLATFORM.private_endpoints):
        assert f"{part.as_of}  {part.source}" in text


def test_json_has_the_same_parts() -> None:
    status, text = run("--calls-per-month", "1000", "--private", "--json")
    assert status == 0
    assert {part["name"] for part in json.loads(text)["parts"]} >= {"Voice", "Private endpoints"}


def test_tokens_of_real_calls_are_taken(tmp_path: Path) -> None:
    calls = tmp_path / "calls.jsonl"
    calls.write_text(
        '{"call": {}, "facts": {"seconds": 60, "usage": {"input_tokens": 600, "output_tokens": 30}}}\n'
        '{"call": {}, "facts": null}\n'
        '{"call": {}, "facts": {"seconds": 120, "usage": {"input_tokens": 900, "cached_tokens": 300}}}\n'
    )
    status, text = run("--calls-per-month", "1", "--measured", str(calls))
    assert status == 0
    assert "500 tokens read a minute (100 of them cached), 10 written" in text


@pytest.mark.parametrize(
    ("content", "says"), [("", "no call"), ("{}\nx\n", "line 2"), ('{"facts": 1}', "line 1")]
)
def test_a_file_that_holds_no_calls_is_refused(
    content: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = tmp_path / "calls.jsonl"
    calls.write_text(content)
    status, _ = run("--calls-per-month", "1", "--measured", str(calls))
    assert status == 1
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    ["--calls-per-month=-1", "--calls-per-month=1 --minutes=-3", "--calls-per-month=1 --idle-share=2"],
)
def test_wrong_options_are_refused(wrong: str) -> None:
    with pytest.raises(SystemExit) as refused:
        run(*wrong.split())
    assert refused.value.code == 2


def test_a_missing_price_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("agent.toml", "prompt.md", "prices.toml"):
        (tmp_path / name).write_bytes((DEFAULT_AGENT_DIR / name).read_bytes())
    text = (DEFAULT_AGENT_DIR / "platform.toml").read_text()
    (tmp_path / "platform.toml").write_text(text.replace("vcpu_idle = 0.000003\n", ""))
    assert run("--calls-per-month", "1", agent_dir=tmp_path)[0] == 1
    assert "container_apps.vcpu_idle" in capsys.readouterr().err
