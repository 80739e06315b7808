"""What an import says on the terminal, and the file of refused rows."""

import csv
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from server.integrations.csv.fixes import by_fix
from server.integrations.csv.runs import Run
from server.integrations.csv.sheets import Sheet, records
from server.integrations.csv.types import Draft, Plan, Rejection, Tally, Terms

_DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
ADDED_COLUMNS = ("refused_line", "refused_code", "refused_reason")


class Bar:
    """A progress bar on standard error, silent when that is no terminal."""

    def __init__(self, run: Run) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("rows"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("rows", total=run.total, completed=run.done)

    def __enter__(self) -> "Bar":
        """Start drawing."""
        self._progress.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Stop drawing."""
        self._progress.stop()

    def show(self, run: Run) -> None:
        """Draw how far `run` is."""
        self._progress.update(self._task, completed=run.done)

    def step(self, rows: int) -> None:
        """Draw that `rows` more are done."""
        self._progress.advance(self._task, rows)


def show_plan(plan: Plan, sheet: Sheet) -> None:
    """Print what was recognised: how the file is opened and which column means what."""
    delimiter = _DELIMITER_NAMES.get(sheet.delimiter, sheet.delimiter)
    click.echo(f"{plan.name}: {plan.total} rows, {sheet.encoding}, {delimiter}")
    for name, value in plan.mapping.items():
        if value and name != "opened_as":
            click.echo(f"  {name:10} {value}")


def show_preview(
    rows: Sequence[Draft | Rejection], rejections: Sequence[Rejection], terms: Terms
) -> None:
    """Print the first rows as they are understood, and which of them would be refused."""
    codes = {one.record: one.code for one in rejections}
    table = Table("line", "receipt", "customer", "when", "amount", "items", "refused")
    for row in rows:
        cells = [""] * 5 if isinstance(row, Rejection) else _cells(row, terms)
        table.add_row(str(row.line), *cells, codes.get(row.record, ""))
    Console().print(table)


def _cells(draft: Draft, terms: Terms) -> list[str]:
    """Return receipt, customer, time, amount and number of pieces as people write them."""
    bought = draft.purchase
    amount = Decimal(bought.amount_minor).scaleb(-terms.precision)
    when = bought.occurred_at.astimezone(terms.zone).strftime("%Y-%m-%d %H:%M %Z")
    items = str(sum(line.quantity for line in bought.lines))
    return [
        escape(bought.external_id),
        escape(draft.customer.value),
        when,
        f"{amount} {bought.currency_code}",
        items,
    ]


def show_result(tally: Tally, rejections: Sequence[Rejection], *, is_rehearsal: bool) -> None:
    """Print how many rows ended how, and refused rows grouped by the fix they need."""
    would = "would be " if is_rehearsal else ""
    click.echo(f"{tally.posted:>8} purchases {would}posted")
    click.echo(f"{tally.duplicate:>8} known already, {would}skipped")
    click.echo(f"{tally.refused:>8} rows {would}refused")
    click.echo(f"{tally.enrolled:>8} members {would}enrolled")
    click.echo(f"{tally.points:>8} points {would}issued")
    for group in by_fix(rejections):
        lines = ", ".join(str(line) for line in group.lines)
        more = ", …" if group.count > len(group.lines) else ""
        click.echo(f"\n{group.count} x {group.code}: {group.fix}.")
        click.echo(f"  lines {lines}{more}; the first: {group.example}")


def write_rejected(target: Path, sheet: Sheet, rejections: Sequence[Rejection]) -> None:
    """Write the refused rows as they were, with line, code and reason, ready to be corrected."""
    refused = {rejection.record: rejection for rejection in rejections}
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=sheet.delimiter)
        writer.writerow([*ADDED_COLUMNS, *sheet.header])
        for record in records(sheet):
            found = refused.get(record.number)
            if found is not None:
                writer.writerow([found.line, found.code, found.reason, *record.cells])
