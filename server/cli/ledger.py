"""`fairstar ledger`: prove the ledger, and explain every point of it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import click
from sqlalchemy import Connection

from server.cli import application
from server.cli.explanations import explain_activity, explain_transfer
from server.core import clock
from server.core.db import reading, snapshot, transaction
from server.core.installation import installation
from server.gamification.proofs.checkpoints import (
    PURPOSE,
    checkpoint_faults,
    export_checkpoint,
    export_faults,
    take_checkpoint,
)
from server.gamification.proofs.history import walk_statement
from server.gamification.proofs.queries import count_transfers, find_newest, get_checkpoint
from server.gamification.proofs.types import Checkpoint, Fault
from server.gamification.proofs.verification import ledger_faults


@click.group()
def ledger() -> None:
    """Verify the ledger, sign it, and explain it."""


@ledger.command()
@click.option("--since", "number", type=int, help="Walk what moved after this checkpoint only.")
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Also hold the ledger against an exported checkpoint.",
)
def verify(number: int | None, against: Path | None) -> None:
    """Walk all wallets and checkpoints; name the first bad row and exit 1. Only reads."""
    with application(), snapshot() as tx:
        if number is not None:
            get_checkpoint(tx, number)
        fault = next(_faults(tx, number, against), None)
        if fault is not None:
            click.echo(f"The ledger is broken. {fault}.", err=True)
            raise SystemExit(1)
        newest = find_newest(tx)
        seal = f"checkpoint {newest.number}" if newest else "no checkpoint yet"
        click.echo(f"The ledger is sound: {count_transfers(tx)} transfers, {seal}.")


def _faults(tx: Connection, number: int | None, against: Path | None) -> Iterator[Fault]:
    trusted = installation().vault.public_keys(PURPOSE)
    with _progress(count_transfers(tx)) as advance:
        yield from ledger_faults(tx, number, advance)
    yield from checkpoint_faults(tx, trusted)
    if against is not None:
        yield from export_faults(tx, against.read_bytes(), trusted)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(file=sys.stderr)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("transfers", total=total)
        yield lambda more: progress.advance(task, more)


@ledger.command()
@click.option("--out", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def checkpoint(out: Path | None) -> None:
    """Take a checkpoint, print its root and signature; --out exports it as JSON.

    When nothing has moved since the newest one, that one is shown. Keep exports elsewhere: held
    against them, a database that was rewritten or set back gives itself away.
    """
    with application(), transaction() as tx:
        taken = take_checkpoint(tx, installation().vault, clock.now()) or find_newest(tx)
        if taken is None:
            raise click.ClickException("There is nothing to sign yet: no wallet has moved.")
        _show(taken)
        if out is not None:
            with out.open("wb") as file:
                file.writelines(export_checkpoint(tx, taken))


def _show(taken: Checkpoint) -> None:
    click.echo(f"checkpoint {taken.number}, {clock.rfc3339(taken.taken_at)}")
    for name in ("wallets", "root", "public_key", "signature"):
        click.echo(f"{name:10}  {getattr(taken, name)}")


@ledger.command()
@click.argument("member_id")
@click.option("--limit", type=click.IntRange(1), help="Show only so many of the first movements.")
def statement(member_id: str, limit: int | None) -> None:
    """Print every movement of a member's points, the oldest first."""
    from server.gamification.members.queries import get_member

    with application(), reading() as tx:
        get_member(tx, member_id)
        for row in islice(walk_statement(tx, member_id), limit):
            when = clock.rfc3339(row.recorded_at)
            move = f"{row.debit_account} > {row.credit_account}"
            click.echo(
                f"{row.wallet_version:6}  {when:28} {row.kind:12} {row.amount:>10}"
                f" {row.balance_after:>10}  {move:24} {row.ref_kind} {row.ref_id}  {row.id}"
            )


@ledger.command()
@click.argument("which")
def explain(which: str) -> None:
    """Explain WHICH, the id of a purchase (act_...) or of a transfer (trf_...)."""
    with application(), reading() as tx:
        explained = explain_activity if which.startswith("act_") else explain_transfer
        for line in explained(tx, which):
            click.echo(line)
