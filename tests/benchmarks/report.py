"""Telling what was measured: a table for people, JSON for comparisons over time."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import orjson

from tests.benchmarks.measures import Result

_HEAD = (
    f"{'':30} {'ours/s':>8} {'beside/s':>9} {'p50 ms':>14} {'p99 ms':>16} {'rate':>7} {'goal':>6}"
)


def print_head() -> None:
    """Print the head of the table. `rate` and the last column of p99 are the ratios."""
    print(_HEAD, flush=True)


def print_result(result: Result) -> None:
    """Print one line of the table."""
    ours, beside = result.ours, result.beside
    p50 = f"{ours.p50_ms:.1f}/{beside.p50_ms:.1f}"
    p99 = f"{ours.p99_ms:.0f}/{beside.p99_ms:.0f} {result.p99:.1f}x"
    print(
        f"{result.name:30} {ours.per_second:8.0f} {beside.per_second:9.0f} {p50:>14} {p99:>16}"
        f" {result.rate:7.2f} {result.goal:6.2f}",
        flush=True,
    )


def write_json(results: Sequence[Result], path: Path) -> None:
    """Write all results, so that two runs can be laid side by side."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps([asdict(r) for r in results], option=orjson.OPT_INDENT_2))
