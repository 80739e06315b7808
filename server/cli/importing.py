"""`fairstar import`: a shop's history from files."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from babel.numbers import get_currency_precision
from sqlalchemy.exc import DBAPIError

from server.cli import application
from server.cli.import_report import Bar, show_plan, show_preview, show_result, write_rejected
from server.core import clock
from server.core.db import is_lost_race, is_retryable, reading, transaction
from server.core.installation import installation
from server.gamification.activities.configuration import get_configuration
from server.gamification.activities.types import Recording
from server.gamification.members.rules import check_zone
from server.gamification.members.types import IdentifierKind
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import Programme
from server.integrations.csv.columns import mapped_columns
from server.integrations.csv.errors import FileUnusable, ImportBusy
from server.integrations.csv.posting import Counter, Stage, post
from server.integrations.csv.reading import Reader, survey
from server.integrations.csv.runs import Run, begin_run, finish_run, list_refusals, move_on
from server.integrations.csv.sheets import Sheet, fingerprint, recognise, records
from server.integrations.csv.types import (
    DateOrder,
    Draft,
    Field,
    Plan,
    Record,
    Rejection,
    Tally,
    Terms,
)

ATTEMPTS_MAX = 5
STATUS_WITH_REFUSALS = 3
PREVIEW_ROWS = 5


class Job:
    """One file with everything decided about it: how to open it, read it, and what it is called."""

    def __init__(self, sheet: Sheet, columns: dict[Field, int], terms: Terms, total: int) -> None:
        self.sheet, self.columns, self.terms = sheet, columns, terms
        self.reader = Reader(columns, len(sheet.header), terms)
        self.plan = Plan(sheet.path.name, fingerprint(sheet.path), total, self._mapping())

    def _mapping(self) -> dict[str, str]:
        """What must be equal for an interrupted import to be taken up again."""
        terms = self.terms
        named = {str(field): self.sheet.header[place] for field, place in self.columns.items()}
        return named | {
            "source": terms.source,
            "zone": terms.zone.key,
            "customers": str(terms.customer_kind),
            "date_order": str(terms.date_order or ""),
            "opened_as": f"{self.sheet.encoding} {self.sheet.delimiter}",
        }

    def batches(self, size: int, done: int = 0) -> Iterator[list[Draft | Rejection]]:
        """Yield the rows after the first `done`, read, in batches of `size`."""
        batch: list[Record] = []
        for record in records(self.sheet):
            if record.number > done:
                batch.append(record)
            if len(batch) == size:
                yield [self.reader.read(one) for one in batch]
                batch = []
        if batch:
            yield [self.reader.read(one) for one in batch]


@click.group("import")
def command() -> None:
    """Import purchases from a file."""


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "said", multiple=True, metavar="FIELD=COLUMN", help="Name a column.")
@click.option("--source", default="import", show_default=True, help="Who numbered the receipts.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would happen.")
@click.option("--currency", help="Of the amounts; the programme's by default.")
@click.option("--zone", help="Of times without an offset; the programme's by default.")
@click.option("--date-order", type=click.Choice([str(one) for one in DateOrder]))
@click.option(
    "--customers",
    type=click.Choice([str(one) for one in IdentifierKind]),
    default="external",
    show_default=True,
    help="What the customer column holds.",
)
@click.option("--encoding", help="When it is not recognised rightly.")
@click.option("--delimiter", help="When it is not recognised rightly.")
@click.option("--batch", type=click.IntRange(1, 5000), default=500, show_default=True)
@click.option("--rejected", type=click.Path(dir_okay=False, path_type=Path), help="A new file.")
def purchases(file: Path, **options: Any) -> None:
    """Import purchases of FILE (CSV); unknown customers become members.

    The same command again goes on where it was interrupted; a file imported before changes
    nothing. Ends with status 3 when rows were refused.
    """
    with application():
        try:
            job = _plan(file, options)
            show_plan(job.plan, job.sheet)
            refused = _rehearse(job, options) if options["dry_run"] else _import(job, options)
        except (FileUnusable, ImportBusy) as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:
            raise click.ClickException(
                "Stopped. What was imported stays; the same command goes on from there."
            ) from None
    if refused:
        raise SystemExit(STATUS_WITH_REFUSALS)


def _plan(file: Path, options: dict[str, Any]) -> Job:
    """Recognise the file and decide how its cells are meant. Raises FileUnusable."""
    with reading() as tx:
        programme = get_programme(tx)
    currency_code = (options["currency"] or programme.currency_code).upper()
    if currency_code != programme.currency_code:
        raise FileUnusable(f"The programme counts in {programme.currency_code}; convert the file.")
    sheet = recognise(file, options["encoding"], options["delimiter"])
    columns = mapped_columns(sheet.header, _said(options["said"]))
    said = DateOrder(options["date_order"]) if options["date_order"] else None
    total, order = survey(records(sheet), columns[Field.DATE], said)
    return Job(sheet, columns, _terms(options, programme, order), total)


def _terms(options: dict[str, Any], programme: Programme, order: DateOrder | None) -> Terms:
    if options["zone"]:
        check_zone(options["zone"])
    return Terms(
        source=_checked_source(options["source"]),
        currency_code=programme.currency_code,
        precision=get_currency_precision(programme.currency_code),
        zone=ZoneInfo(options["zone"]) if options["zone"] else programme.zone,
        date_order=order,
        customer_kind=IdentifierKind(options["customers"]),
        phone_region=programme.policies.phone_region,
    )


def _checked_source(text: str) -> str:
    if not 1 <= len(text) <= 40 or not all(char.isalnum() or char in "_.:-" for char in text):
        raise click.BadParameter("Use 1 to 40 letters, digits and _ . : -", param_hint="--source")
    return text


def _said(pairs: Sequence[str]) -> dict[str, str]:
    """Take `receipt=Order No` apart."""
    known = [str(field) for field in Field]
    said = {}
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if not equals or field not in known:
            text = f"{pair!r} is not FIELD=COLUMN with a field of {', '.join(known)}."
            raise click.BadParameter(text, param_hint="--map")
        said[field] = column
    return said


def _import(job: Job, options: dict[str, Any]) -> int:
    """Import batch by batch, each in one transaction with its progress; return rows refused."""
    with transaction() as tx:
        run = begin_run(tx, job.plan, clock.now())
    with Bar(run) as bar:
        for batch in job.batches(options["batch"], run.done):
            run = _post(run, batch)
            bar.show(run)
    with transaction() as tx:
        finish_run(tx, run, clock.now())
    with reading() as tx:
        rejections = list(list_refusals(tx, run.id))
    return _report(job, run.tally, rejections, options)


def _post(run: Run, batch: list[Draft | Rejection]) -> Run:
    """Record one batch; when another process was faster with a receipt, see its row and retry."""
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            with transaction() as tx:
                recording = Recording(
                    get_configuration(tx), f"import:{run.id}", clock.now(), any_age=True
                )
                desk = Counter(installation().vault, recording)
                tally, rejections = post(tx, desk, _drafts(batch))
                return move_on(tx, run, *_with_unreadable(batch, tally, rejections))
        except DBAPIError as error:
            if attempt == ATTEMPTS_MAX or not (is_retryable(error) or is_lost_race(error)):
                raise
    raise AssertionError("unreachable")


def _rehearse(job: Job, options: dict[str, Any]) -> int:
    """Work everything out on paper; return how many rows would be refused."""
    tally, rejections = Tally(), list[Rejection]()
    with reading() as tx:
        recording = Recording(get_configuration(tx), "import:rehearsal", clock.now(), any_age=True)
        desk = Stage(installation().vault, recording)
        with Bar(Run("", 0, job.plan.total, Tally())) as bar:
            for place, batch in enumerate(job.batches(options["batch"])):
                found = _with_unreadable(batch, *post(tx, desk, _drafts(batch)))
                if place == 0:
                    show_preview(batch[:PREVIEW_ROWS], found[1], job.terms)
                _add(tally, rejections, *found)
                bar.step(len(batch))
    return _report(job, tally, rejections, options)


def _drafts(batch: list[Draft | Rejection]) -> list[Draft]:
    return [one for one in batch if isinstance(one, Draft)]


def _with_unreadable(
    batch: list[Draft | Rejection], tally: Tally, rejections: list[Rejection]
) -> tuple[Tally, list[Rejection]]:
    """Count in the rows that could not be read at all."""
    unreadable = [one for one in batch if isinstance(one, Rejection)]
    tally.refused += len(unreadable)
    return tally, sorted(rejections + unreadable, key=lambda one: one.record)


def _add(total: Tally, known: list[Rejection], tally: Tally, rejections: list[Rejection]) -> None:
    for name in Tally.__dataclass_fields__:
        setattr(total, name, getattr(total, name) + getattr(tally, name))
    known += rejections


def _report(job: Job, tally: Tally, rejections: list[Rejection], options: dict[str, Any]) -> int:
    show_result(tally, rejections, is_rehearsal=options["dry_run"])
    if options["rejected"] and rejections:
        write_rejected(options["rejected"], job.sheet, rejections)
        click.echo(f"The refused rows with their reasons are in {options['rejected']}.")
    return tally.refused
