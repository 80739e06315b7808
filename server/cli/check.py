"""`fairstar check`: every invariant of the data, by name."""

import json

import click

from server.cli import application
from server.core import clock
from server.core.db import snapshot
from server.core.installation import installation
from server.gamification.invariants.declaring import Invariant
from server.gamification.invariants.service import check_each
from server.gamification.invariants.types import Setting, Violation
from server.gamification.proofs.checkpoints import PURPOSE


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document.")
def check(*, as_json: bool) -> None:
    """Check every invariant; exit 1 when one does not hold. Only reads."""
    with application(), snapshot() as tx:
        vault = installation().vault
        setting = Setting(clock.now(), vault.public_keys(PURPOSE), vault)
        found = []
        for invariant, violation in check_each(tx, setting):
            found.append((invariant, violation))
            if not as_json:
                click.echo(_line(invariant, violation))
    broken = [violation for _, violation in found if violation]
    if as_json:
        click.echo(json.dumps(_document(len(found), broken), indent=2))
    else:
        click.echo(f"{len(found)} invariants checked, {len(broken)} broken.")
    if broken:
        raise SystemExit(1)


def _line(invariant: Invariant, violation: Violation | None) -> str:
    if violation is None:
        return f"ok      {invariant.code:3} {invariant.sentence}"
    first = "\n".join(f"            {offender}" for offender in violation.offenders)
    return f"BROKEN  {invariant.code:3} {invariant.sentence} Not so for\n{first}"


def _document(checked: int, broken: list[Violation]) -> dict[str, object]:
    violations = [
        {"code": one.code, "sentence": one.sentence, "offenders": list(one.offenders)}
        for one in broken
    ]
    return {"ok": not broken, "checked": checked, "violations": violations}
