"""`python -m shared.costs`: what a month of calls costs, part by part, with the sources of the prices."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

import msgspec

from shared.agent_config import AgentError, load_agent
from shared.costs import Deployment, Estimate, Load, TokenRates, estimate
from shared.platform_prices import Part as Priced
from shared.platform_prices import PlatformPrices, load_platform_prices
from shared.prices import Prices, PricesError, Usage, load_prices
from shared.settings import DEFAULT_AGENT_DIR

MEASURED: Final = TokenRates(input=79_000, cached=71_000, output=1_180)
"""Of a call that books a table, on the local system: docs/costs.md says how it was measured."""


class _Facts(msgspec.Struct):
    seconds: int = 0
    usage: Usage = Usage()


class _Exported(msgspec.Struct):
    facts: _Facts | None = None


def main(argv: Sequence[str], env: Mapping[str, str] = os.environ, out: TextIO = sys.stdout) -> int:
    """Exit status 0; 1 for prices or calls that cannot be used, 2 for a wrong option."""
    options = _parser().parse_args(argv)
    folder = Path(env.get("AGENT_DIR") or DEFAULT_AGENT_DIR)
    try:
        prices, platform = load_prices(folder), load_platform_prices(folder)
        tokens = _measured(options.measured) if options.measured else MEASURED
        load = Load(
            calls=options.calls_per_month,
            minutes=options.minutes,
            model=options.model or load_agent(folder).model or "",
            tokens=TokenRates(
                input=tokens.input if options.input is None else options.input,
                cached=tokens.cached if options.cached is None else options.cached,
                output=tokens.output if options.output is None else options.output,
            ),
            phone=not options.page,
        )
        result = estimate(load, _deployment(options), prices, platform)
    except (PricesError, AgentError, OSError, ValueError) as error:
        print(f"costs: {error}", file=sys.stderr)
        return 1
    if options.json:
        out.write(f"{msgspec.json.encode(result).decode()}\n")
        return 0
    out.writelines(f"{line}\n" for line in _table(result))
    out.writelines(f"{line}\n" for line in _remarks(result, prices, platform))
    return 0


def token_rates(lines: Iterable[str]) -> TokenRates:
    """Tokens of a minute in calls as `python -m shared.calls export` writes them.

    Raises:
        ValueError: a line is none of its lines, or nothing was said in any call.
    """
    seconds = read = cached = written = 0
    for number, line in enumerate(lines, 1):
        try:
            facts = msgspec.json.decode(line, type=_Exported).facts
        except msgspec.MsgspecError as error:
            raise ValueError(
                f"line {number}: not a call of python -m shared.calls export: {error}"
            ) from error
        if facts is not None:
            seconds += facts.seconds
            read += facts.usage.input_tokens
            cached += facts.usage.cached_tokens
            written += facts.usage.output_tokens
    if not seconds:
        raise ValueError("no call in which something was said")
    minutes = seconds / 60
    return TokenRates(input=read / minutes, cached=cached / minutes, output=written / minutes)


def _measured(path: str) -> TokenRates:
    if path == "-":
        return token_rates(sys.stdin)
    with Path(path).open(encoding="utf-8") as lines:
        return token_rates(lines)


def _deployment(options: argparse.Namespace) -> Deployment:
    return Deployment(
        answering_instances=options.answering_instances,
        http_instances=options.http_instances,
        functions_memory_gb=options.functions_memory / 1024,
        min_replicas=options.min_replicas,
        revisions=options.revisions,
        cpu=options.cpu,
        calls_per_replica=options.calls_per_replica,
        idle_share=options.idle_share,
        numbers=0 if options.page else options.numbers,
        voice_regions=options.voice_regions,
        private=options.private,
    )


def _table(result: Estimate) -> Iterator[str]:
    load, unit = result.load, result.currency
    yield (
        f"{load.calls} calls a month of {load.minutes:g} minutes, {load.model}, "
        f"{load.tokens.input:.0f} tokens read a minute ({load.tokens.cached:.0f} of them cached), "
        f"{load.tokens.output:.0f} written"
    )
    yield ""
    yield f"{'':24} {'each call':>12} {'fixed, month':>14} {'month':>12}  {unit}"
    for part in result.parts:
        yield f"{part.name:24} {part.per_call:12.5f} {part.fixed:14.2f} {part.month:12.2f}"
    yield f"{'all':24} {result.per_call:12.5f} {result.fixed:14.2f} {result.month:12.2f}"
    if load.calls:
        yield f"{'all, for each call':24} {result.month / load.calls:12.5f}"


def _remarks(result: Estimate, prices: Prices, platform: PlatformPrices) -> Iterator[str]:
    yield ""
    if result.load.phone:
        for name, price in (("phone", prices.minute.phone), ("streaming", prices.minute.streaming)):
            if not price:
                yield f"not counted: minute.{name} in prices.toml is 0; write down what your carrier takes"
    yield "not counted: alert rules, Key Vault, traffic out of the region, taxes"
    yield "prices:"
    yield f"  {'prices.toml':20} {prices.as_of}  {prices.source}"
    for name in platform.__struct_fields__:
        part = getattr(platform, name)
        if isinstance(part, Priced):
            yield f"  {name:20} {part.as_of}  {part.source}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m shared.costs",
        description="What a month of calls costs, by prices.toml and platform.toml in AGENT_DIR.",
    )
    usual = Deployment()
    parser.add_argument("--calls-per-month", type=_count, required=True, metavar="N")
    parser.add_argument("--minutes", type=_amount, default=3.0, help="of a call (3)")
    parser.add_argument("--model", help="that of agent.toml")
    parser.add_argument("--page", action="store_true", help="talks from the page, no phone")
    parser.add_argument("--json", action="store_true", help="print JSON")
    tokens = parser.add_argument_group("tokens of a minute")
    tokens.add_argument(
        "--measured",
        metavar="FILE",
        help="as in these calls: what python -m shared.calls export wrote; - reads it",
    )
    tokens.add_argument("--input", type=_amount, help=f"read, cached ones included ({MEASURED.input:.0f})")
    tokens.add_argument("--cached", type=_amount, help=f"of them cached ({MEASURED.cached:.0f})")
    tokens.add_argument("--output", type=_amount, help=f"written ({MEASURED.output:.0f})")
    stands = parser.add_argument_group("what is deployed")
    stands.add_argument("--answering-instances", type=_count, default=usual.answering_instances)
    stands.add_argument("--http-instances", type=_count, default=usual.http_instances)
    stands.add_argument("--functions-memory", type=int, choices=(512, 2048, 4096), default=512, help="MB")
    stands.add_argument("--min-replicas", type=_count, default=usual.min_replicas)
    stands.add_argument(
        "--revisions", type=_count, default=usual.revisions, help="of the bridge that are up (2)"
    )
    stands.add_argument("--cpu", type=float, choices=(0.5, 1.0, 2.0, 4.0), default=usual.cpu)
    stands.add_argument("--calls-per-replica", type=_positive, default=usual.calls_per_replica)
    stands.add_argument(
        "--idle-share",
        type=_share,
        default=usual.idle_share,
        help="of the time without calls, billed at the idle rate: 0 (the dearest) to 1",
    )
    stands.add_argument("--numbers", type=_count, default=usual.numbers)
    stands.add_argument("--voice-regions", type=_positive, default=usual.voice_regions)
    stands.add_argument("--private", action="store_true", help="private endpoints")
    return parser


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 1_000_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 1000000000")
    return number


def _positive(text: str) -> int:
    if _count(text) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return int(text)


def _amount(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 10_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 10000000")
    return number


def _share(text: str) -> float:
    if not 0 <= _amount(text) <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 1")
    return float(text)
