"""`python -m tests.benchmarks`: the hot paths beside the leanest hand-written program."""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import draws, expiry, growth, load
from tests.benchmarks.database import database, server
from tests.benchmarks.measures import Pace, Result, measure
from tests.benchmarks.paths import pairs_of
from tests.benchmarks.report import print_head, print_result, write_json
from tests.benchmarks.seed import seed_shop
from tests.benchmarks.serving import floor, product
from tests.benchmarks.template import write_template

RESULTS = Path("var/bench.json")
MEMBERS = 1200


def main() -> None:
    """Measure what was asked for and print ratios; absolute figures mean little."""
    asked = _arguments()
    load.install()
    pace = Pace(3, 3) if asked.quick else Pace(5, 6)
    results: list[Result] = []
    print_head()
    with server() as server_url, tempfile.TemporaryDirectory(prefix="fairstar-bench-") as folder:
        for result in _results(server_url, Path(folder), pace, asked):
            print_result(result)
            results.append(result)
    write_json(results, RESULTS)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few short rounds")
    parser.add_argument("--full", action="store_true", help="up to a million members")
    parser.add_argument("--only", default="", help="only what has this text in its name")
    return parser.parse_args()


def _results(
    server_url: str, folder: Path, pace: Pace, asked: argparse.Namespace
) -> Iterator[Result]:
    """Yield one result after the other."""
    if asked.only in draws.NAME:
        yield draws.measure_draw(1_000_000 if asked.full else 100_000)
    if asked.only in expiry.NAME:
        yield expiry.measure_expiry(server_url, 20_000 if asked.quick else 200_000)
    if asked.only in {draws.NAME, expiry.NAME}:
        return
    with database(server_url, "shop") as url:
        shop = seed_shop(url, MEMBERS)
        template = folder / "template.json"
        with product(url, folder / "product.log") as ours:
            write_template(shop, ours, template)
            with floor(url, template, folder / "floor.log") as beside:
                for pair in pairs_of(shop, ours, beside, folder):
                    if asked.only in pair.name:
                        yield measure(pair, pace)
            for pair in growth.within_a_shop(shop, ours, folder, asked.only):
                yield measure(pair, pace)
    if asked.only in growth.CROWD:
        yield growth.measure_crowd(server_url, folder, pace, 1_000_000 if asked.full else 100_000)


if __name__ == "__main__":
    main()
