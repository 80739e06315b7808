"""The hot paths, each with what it is compared with and the goal for the ratio."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.load import Shot
from tests.benchmarks.measures import Pair
from tests.benchmarks.seed import Shop
from tests.benchmarks.template import tags_of

BATCH = 100
BATCHERS = 4
"""Tills that come back from being offline at the same time."""


def pairs_of(shop: Shop, ours: str, beside: str, folder: Path) -> Iterator[Pair]:
    """Yield the comparisons with the floor, and of batches with single purchases."""
    buyers = write_lines(folder / "buyers", shop.member_ids)
    tokens = write_lines(folder / "tokens", shop.tokens)
    known = [f"{token} {tag}" for token, tag in zip(shop.tokens, tags_of(shop, ours), strict=True)]
    tagged = write_lines(folder / "tagged", known)
    till = (buyers, shop.key)
    purchase = Shot("purchase", ours, (*till, "TAG"))
    yield Pair("purchase", purchase, Shot("purchase", beside, (*till, "TAG")), 0.60)
    yield Pair("quote", Shot("quote", ours, till), Shot("quote", beside, till), 0.70)
    yield Pair("home", Shot("home", ours, (tokens,)), Shot("home", beside, (tokens,)), 0.60)
    yield Pair("home unchanged (304)", Shot("home", ours, (tagged,)), Shot("trivial", beside), 0.80)
    batch = Shot("batch", ours, (*till, "TAG", str(BATCH)), BATCHERS)
    yield Pair(f"batches of {BATCH} by singles", batch, purchase, 10.0, per_hit=BATCH)


def write_lines(path: Path, lines: Sequence[str]) -> str:
    """Write lines to a file for a script and return its name."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)
