"""How the cost of a purchase grows: with a member's past, with members, with rules."""

from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.database import database
from tests.benchmarks.load import Shot
from tests.benchmarks.measures import Pace, Pair, Result, measure
from tests.benchmarks.paths import write_lines
from tests.benchmarks.seed import Shop, add_crowd, add_past, change_rules, open_games, seed_shop
from tests.benchmarks.serving import product

PAST = "10,000 by 10 of the past"
RULES = "200 by 10 rules"
GAMES = "challenges and badges"
CROWD = "members"
_FEW = 16
_RULES = {"ours": 200, "beside": 10}
_GAMES = {5: 0.5, 10: 0.4, 20: 0.25}
"""How much of the rate without games should be left: linear in their number at most."""


def within_a_shop(shop: Shop, address: str, folder: Path, only: str) -> Iterator[Pair]:
    """Yield the comparisons that one database can hold."""
    if only in PAST:
        yield _of_the_past(shop, address, folder)
    if only in RULES:
        buyers = write_lines(folder / "all", shop.member_ids)
        shot = Shot("purchase", address, (buyers, shop.key, "TAG"))

        def prepare(side: str) -> None:
            change_rules(shop.database_url, _RULES[side])

        yield Pair(RULES, shot, shot, 0.80, prepare=prepare)
    for count, goal in _GAMES.items():
        name = f"{count} by 0 {GAMES}"
        if only in name:
            yield _with_games(name, count, goal, shop, address, folder)


def _with_games(name: str, count: int, goal: float, shop: Shop, address: str, folder: Path) -> Pair:
    buyers = write_lines(folder / "players", shop.member_ids)
    shot = Shot("purchase", address, (buyers, shop.key, "TAG"))

    def prepare(side: str) -> None:
        open_games(shop.database_url, count if side == "ours" else 0)

    return Pair(name, shot, shot, goal, prepare=prepare)


def _of_the_past(shop: Shop, address: str, folder: Path) -> Pair:
    old, new = shop.member_ids[:_FEW], shop.member_ids[_FEW : 2 * _FEW]
    add_past(shop.database_url, old, 10_000)
    add_past(shop.database_url, new, 10)
    shots = [
        Shot("purchase", address, (write_lines(folder / name, ids), shop.key, "TAG"), _FEW // 4)
        for name, ids in (("old", old), ("new", new))
    ]
    return Pair(PAST, shots[0], shots[1], 0.90)


def measure_crowd(server_url: str, folder: Path, pace: Pace, count: int) -> Result:
    """Compare a shop of a thousand members with one of `count`."""
    with database(server_url, "small") as small_url, database(server_url, "large") as large_url:
        small, large = seed_shop(small_url, 1000), seed_shop(large_url, 1000)
        crowd = write_lines(folder / "crowd", add_crowd(large, count))
        few = write_lines(folder / "few", small.member_ids)
        logs = (folder / "small.log", folder / "large.log")
        with product(small_url, logs[0]) as beside, product(large_url, logs[1]) as ours:
            shots = (
                Shot("purchase", ours, (crowd, large.key, "TAG")),
                Shot("purchase", beside, (few, small.key, "TAG")),
            )
            return measure(Pair(f"{count:,} by 1,000 {CROWD}", *shots, 0.90), pace)
