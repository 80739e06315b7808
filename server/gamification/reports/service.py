"""Reporting activities that are no purchases: a visit, a review, whatever the shop declares.

A report goes the way of a purchase without money, so rules, caps, counters, tiers and games see
both alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from server.core.clock import local_date, start_of_day
from server.core.errors import Refusal, ValidationFailed
from server.gamification.activities import pipeline, queries, rules, saving
from server.gamification.activities.errors import DuplicateMismatch
from server.gamification.activities.types import Outcome, Purchase, Recording
from server.gamification.activities.units import UnitBooks
from server.gamification.activity_types.errors import ActivityTooOften, ActivityTypeUnknown
from server.gamification.activity_types.queries import get_activity_type
from server.gamification.activity_types.rules import faults, period_of
from server.gamification.activity_types.types import ActivityType, Reporter
from server.gamification.earning.refusals import trace_of_row
from server.gamification.ledger.service import open_book
from server.gamification.programme.types import POINTS
from server.gamification.reports.own import check_own_report
from server.gamification.reports.queries import find_report, has_reported, used_caps
from server.gamification.standings import climbing


@dataclass(frozen=True, slots=True)
class Report:
    """An activity as reported; `data` holds what its type declares."""

    member_id: str
    kind: str
    source: str
    external_id: str
    occurred_at: datetime
    location_id: str | None
    data: Mapping[str, Any]


def report_activity(
    tx: Connection, report: Report, recording: Recording, *, by_member: bool = False
) -> tuple[Outcome, Purchase | None]:
    """Record an activity and give what it earns; return that, and the activity as it was counted.

    A report known already has its first outcome, whatever has become of its type since, and
    counts no more (None). Raise `ActivityTypeUnknown`, `ValidationFailed`, `ActivityTooOften`,
    `NotFound`, `MemberBlocked`, `MemberMerged`, `PurchaseTooOld`, `PurchaseInFuture`,
    `DuplicateMismatch`,
    `ProfileIncomplete`.
    """
    book = open_book(tx, report.member_id, POINTS, recording.now)
    row = find_report(tx, report.source, report.external_id, report.kind)
    if row is not None:
        first = pipeline.outcome_of(row, book)
        first.trace = trace_of_row(tx, row)
        return _first_outcome(row, report, first), None
    declared = _declared(tx, report, recording, by_member=by_member)
    purchase = _as_purchase(report, declared, recording)
    rules.check_purchase(purchase, recording)
    _check_often(tx, declared, purchase, recording)
    shopper = queries.get_shopper(tx, report.member_id)
    shopper.used = used_caps(tx, shopper.member_id, pipeline.cap_keys([purchase], recording))
    ladder = recording.configuration.ladder
    today = local_date(recording.now, ladder.scheme.zone)
    climbing.load_days(tx, [shopper], ladder, today)
    batch = saving.Batch(recording, known={}, books=UnitBooks(tx, recording.now))
    outcome = pipeline.decide(batch, purchase, shopper, {report.member_id: book}, ())
    if isinstance(outcome, Refusal):
        raise outcome
    assert isinstance(outcome, Outcome)  # nothing is known in this batch
    saving.save(tx, batch, [book, *batch.books.values()])
    return outcome, purchase


def _declared(
    tx: Connection, report: Report, recording: Recording, *, by_member: bool
) -> ActivityType:
    revision = recording.configuration.programme.revision
    declared = get_activity_type(tx, revision, report.kind)
    if by_member and declared.reporter is not Reporter.MEMBER:
        raise ActivityTypeUnknown(kind=report.kind)
    if by_member:
        check_own_report(tx, report.member_id, report.kind)
    wrong = faults(declared, report.data)
    if wrong:
        raise ValidationFailed(wrong)
    return declared


def _as_purchase(report: Report, declared: ActivityType, recording: Recording) -> Purchase:
    return Purchase(
        member_id=report.member_id,
        source=report.source,
        external_id=report.external_id,
        occurred_at=report.occurred_at,
        amount_minor=0,
        currency_code=recording.configuration.programme.currency_code,
        location_id=report.location_id,
        kind=report.kind,
        data=dict(report.data),
        is_visitable=declared.is_visit,
    )


def _first_outcome(row: Any, report: Report, outcome: Outcome) -> Outcome:
    if (row.member_id, row.trace.get("data", {})) != (report.member_id, dict(report.data)):
        raise DuplicateMismatch(transaction_id=row.id)
    outcome.is_duplicate = True
    return outcome


def _check_often(
    tx: Connection, declared: ActivityType, purchase: Purchase, recording: Recording
) -> None:
    """Refuse what was counted in the period already; the wallet's lock keeps twins apart."""
    zone = recording.configuration.programme.zone
    period = period_of(declared.often, local_date(purchase.occurred_at, zone))
    if period is None:
        return
    first_on, last_on = period
    since, until = start_of_day(first_on, zone), start_of_day(last_on + timedelta(days=1), zone)
    if has_reported(tx, purchase.member_id, purchase.kind, (since, until)):
        raise ActivityTooOften(often=str(declared.often))
