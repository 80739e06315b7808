"""`fairstar rewards`: the stock of rewards, and pools of uploaded codes."""

import csv
import getpass
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

import click

from server.cli import application
from server.core import clock
from server.core.clock import rfc3339
from server.core.db import reading, transaction
from server.core.i18n import SOURCE, in_language
from server.core.installation import installation
from server.gamification.code_pools.queries import count_codes
from server.gamification.code_pools.service import (
    export_codes,
    generate_codes,
    pooled_reward,
    upload_rows,
)
from server.gamification.code_pools.types import PoolCount, Row, Upload
from server.gamification.programme.queries import current_revision
from server.gamification.rewards.catalogue import get_catalogue
from server.gamification.rewards.rules import stock_of
from server.gamification.rewards.stock import list_stock
from server.gamification.rewards.types import CodeSource, Reward, Stock

BATCH = 1000
GENERATED_MAX = 100_000
STATUS_WITH_ERRORS = 3
_REWARD = click.argument("reward")
_WHY = {
    "too_long": "longer than 64 characters",
    "not_printable": "holds characters that cannot be printed",
    "double": "stands in the file twice",
    "belongs_elsewhere": "belongs to another reward",
}


@click.group()
def rewards() -> None:
    """Show the stock of rewards, and fill and export pools of codes.

    REWARD is the key or id of a reward. What rewards are is configured with `fairstar definitions`.
    """


@rewards.command()
def stock() -> None:
    """List the rewards: pieces in all, reserved, sold, free; free codes where they are uploaded."""
    with application(), reading() as tx:
        found = get_catalogue(tx, current_revision(tx))
        counted, pools = list_stock(tx), count_codes(tx)
    click.echo(
        f"{'key':20} {'total':>7} {'reserved':>8} {'sold':>7} {'free':>7} {'codes':>7}  name"
    )
    for reward in found.by_key.values():
        click.echo(_stock_line(reward, stock_of(reward, counted.get(reward.id)), pools))


def _stock_line(reward: Reward, held: Stock | None, pools: dict[str, PoolCount]) -> str:
    numbers = (held.total, held.reserved, held.sold, held.free) if held else ("-",) * 4
    is_pooled = reward.codes is CodeSource.UPLOADED
    codes = pools.get(reward.id, PoolCount(0, 0)).free if is_pooled else "-"
    return _columns(reward.key, *numbers, codes, in_language(reward.names, SOURCE))


def _columns(key: str, *cells: object) -> str:
    *numbers, name = cells
    return f"{key:24}" + "".join(f"{number!s:>9}" for number in numbers) + f"  {name}"


@rewards.group()
def codes() -> None:
    """Fill, count and export the codes of rewards whose settings say "codes": "uploaded"."""


@codes.command()
@_REWARD
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def upload(reward: str, file: Path) -> None:
    """Add the codes of FILE: one in each line, or the first column of a CSV.

    Safe to repeat: what is there already is only counted. Rows with faults are named, the others
    are added; the status is 3 then.
    """
    sums = {"added": 0, "known": 0, "errors": 0}
    with application():
        for batch in _batches(file):
            done = _upload_batch(reward, batch)
            sums["added"] += done.added
            sums["known"] += done.known
            sums["errors"] += len(done.errors)
            for error in done.errors:
                click.echo(f"row {error.number}: {_WHY[error.why]}", err=True)
    click.echo("{added} added, {known} there already, {errors} left out.".format(**sums))
    if sums["errors"]:
        sys.exit(STATUS_WITH_ERRORS)


def _upload_batch(reward: str, rows: Sequence[Row]) -> Upload:
    with transaction() as tx:
        found = pooled_reward(tx, reward)
        return upload_rows(tx, installation().vault, found, rows, _actor(), clock.now())


def _batches(file: Path) -> Iterator[list[Row]]:
    """Yield the rows of a file in batches. Raise a `ClickException` when it is no text."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = (
                Row(number, cells[0] if cells else "")
                for number, cells in enumerate(csv.reader(opened), start=1)
            )
            while batch := list(islice(rows, BATCH)):
                yield batch
    except (UnicodeDecodeError, csv.Error) as error:
        raise click.ClickException(f"{file} cannot be read as text: {error}") from error


@codes.command()
@_REWARD
@click.argument("count", type=click.IntRange(1, GENERATED_MAX))
def generate(reward: str, count: int) -> None:
    """Make COUNT new random codes, add them and print them, for whoever will honour them."""
    with application():
        for size in [BATCH] * (count // BATCH) + [count % BATCH]:
            with transaction() as tx:
                found = pooled_reward(tx, reward)
                vault, now = installation().vault, clock.now()
                made = generate_codes(tx, vault, found, size, _actor(), now) if size else []
            for code in made:
                click.echo(code)


@codes.command()
@_REWARD
def export(reward: str) -> None:
    """Print all codes of REWARD as CSV: code, state, when it was given out, voucher."""
    with application(), transaction() as tx:
        found = pooled_reward(tx, reward)
        listed = export_codes(tx, installation().vault, found, _actor(), clock.now())
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["code", "state", "taken_at", "voucher_id"])
    for one in listed:
        state = "taken" if one.voucher_id else "free"
        writer.writerow([one.code, state, _instant(one.taken_at), one.voucher_id or ""])


@codes.command()
@_REWARD
def count(reward: str) -> None:
    """Say how many codes of REWARD are free and how many were given out."""
    with application(), reading() as tx:
        found = pooled_reward(tx, reward)
        counted = count_codes(tx).get(found.id, PoolCount(0, 0))
    click.echo(f"{counted.free} free, {counted.taken} given out.")


def _instant(at: datetime | None) -> str:
    return rfc3339(at) if at else ""


def _actor() -> str:
    return f"cli:{getpass.getuser()}"
