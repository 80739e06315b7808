"""The way of a purchase: the written order in which it reaches the other slices.

`record_purchases` reads like the order itself. It takes one purchase or a batch; a refused item
has no effect and does not stop the others. Everything is decided in memory on what was read under
the wallets' locks, and then written with one statement for each table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection

from server.core.clock import local_date, local_hour, rfc3339
from server.core.errors import NotFound, Refusal
from server.core.ids import new_id
from server.gamification.activities import queries, rules, saving, trace
from server.gamification.activities.errors import DuplicateMismatch
from server.gamification.activities.spending import Spent, capture_redemptions
from server.gamification.activities.types import (
    BasketLine,
    Outcome,
    Purchase,
    Recording,
    Shopper,
    State,
)
from server.gamification.activities.units import UnitBooks, unit_parts
from server.gamification.earning import rules as earning
from server.gamification.earning.refusals import traces_of
from server.gamification.earning.types import Accrual, Basket, Earnings
from server.gamification.facts.rules import PurchaseFacts, add_purchase, add_report, is_first_visit
from server.gamification.facts.types import PURCHASE
from server.gamification.ledger.book import Book
from server.gamification.ledger.service import open_books
from server.gamification.ledger.types import Cause, Term
from server.gamification.members.rules import why_not_served
from server.gamification.points.rules import Terms, confirm_by, terms_of
from server.gamification.programme.types import POINTS
from server.gamification.standings import climbing
from server.gamification.tiers import rules as tiers
from server.gamification.tiers.queries import multiplier_of

_CONTENT = attrgetter("member_id", "amount_minor", "currency_code")
Members = tuple[dict[str, Book], dict[str, Shopper]]
"""Books and shoppers of the members concerned, by member id."""


@dataclass(frozen=True, slots=True)
class Reckoning:
    """A basket worked out for one member: what it earns and what the trace will say.

    `earnings` are points, `others` are by their unit.
    """

    lines: tuple[BasketLine, ...]
    earnings: Earnings
    others: Mapping[str, Earnings]
    tier_id: str | None
    multiplier_bp: int
    is_visit: bool
    terms: Terms
    confirm_by_at: datetime | None = None

    @property
    def accruals(self) -> list[Accrual]:
        """What every rule gave, in all units."""
        return [one for part in (self.earnings, *self.others.values()) for one in part.accruals]


def record_purchase(tx: Connection, purchase: Purchase, recording: Recording) -> Outcome:
    """Record one purchase and give what it earns; a receipt known already has its first outcome.

    Raise `NotFound`, `MemberBlocked`, `MemberMerged`, `CurrencyMismatch`, `PurchaseTooOld`,
    `PurchaseInFuture`, `DuplicateMismatch`, `AmountInvalid`, `HoldNotFound`, `HoldResolved`.
    """
    rules.check_purchase(purchase, recording)
    spent = capture_redemptions(tx, purchase, recording)
    (outcome,) = record_purchases(tx, [purchase], recording, spent)
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def record_purchases(
    tx: Connection,
    purchases: Sequence[Purchase],
    recording: Recording,
    spent: Sequence[Spent] = (),
) -> list[Outcome | Refusal]:
    """Record purchases in their order; return an outcome or a refusal for each."""
    members = sorted({purchase.member_id for purchase in purchases})
    books = open_books(tx, members, POINTS, recording.now)
    gathered = queries.gather(tx, purchases, cap_keys(purchases, recording))
    ladder = recording.configuration.ladder
    today = local_date(recording.now, ladder.scheme.zone)
    climbing.load_days(tx, gathered.shoppers.values(), ladder, today)
    batch = saving.Batch(recording, known=dict(gathered.known), books=UnitBooks(tx, recording.now))
    results = [
        decide(batch, purchase, gathered.shoppers.get(purchase.member_id), books, spent)
        for purchase in purchases
    ]
    saving.save(tx, batch, [*books.values(), *batch.books.values()])
    return _with_known(tx, results, (books, gathered.shoppers), recording)


def reckon(purchase: Purchase, shopper: Shopper, recording: Recording) -> Reckoning:
    """Work out what a purchase earns for this member; nothing is changed."""
    configuration = recording.configuration
    programme = configuration.programme
    day = local_date(purchase.occurred_at, programme.zone)
    tier = tiers.current_tier(configuration.ladder, shopper.standing)
    is_visit = purchase.is_visitable and is_first_visit(shopper.facts, day)
    is_bought = purchase.kind == PURCHASE
    lines = rules.basket_lines(purchase, programme.policies.tax_basis) if is_bought else ()
    basket = Basket(
        rules.earning_lines(lines), purchase.occurred_at, purchase.location_id, purchase.kind
    )
    buyer = earning.Shopper(
        multiplier_of(tier),
        day,
        shopper.used,
        is_first_visit=is_visit,
        tier_key=tier.key if tier else "",
    )
    rounding, by_unit = programme.policies.rounding, configuration.unit_rules
    earnings = earning.earnings_of(configuration.rules, basket, buyer, rounding)
    others = {unit: earning.earnings_of(by_unit[unit], basket, buyer, rounding) for unit in by_unit}
    waits = rules.awaits_confirmation(purchase, programme.policies)
    terms = terms_of(programme, purchase.occurred_at, recording.now, awaits_confirmation=waits)
    return Reckoning(
        lines,
        earnings,
        others,
        tier.id if tier else None,
        multiplier_of(tier),
        is_visit,
        terms,
        confirm_by(programme, recording.now) if waits else None,
    )


def cap_keys(purchases: Sequence[Purchase], recording: Recording) -> list[str]:
    """Return the keys of all caps that may limit the purchases."""
    configuration = recording.configuration
    zone = configuration.programme.zone
    capped = chain(configuration.rules, *configuration.unit_rules.values())
    days = {local_date(purchase.occurred_at, zone) for purchase in purchases}
    keys = {earning.cap_key_of(rule, day) for rule in capped for day in days}
    return sorted(key for key in keys if key)


def decide(
    batch: saving.Batch,
    purchase: Purchase,
    shopper: Shopper | None,
    books: dict[str, Book],
    spent: Sequence[Spent],
) -> Outcome | Refusal | saving.Known:
    """Decide about one purchase, write its movements into the book, and note the rest to save."""
    receipt = (purchase.source, purchase.external_id)
    refusal = _why_not(purchase, shopper, batch.recording)
    if receipt in batch.known:
        return saving.Known(batch.known[receipt], purchase)
    if refusal is not None or shopper is None:
        return refusal or NotFound("There is no such member.")
    ladder = batch.recording.configuration.ladder
    today = local_date(batch.recording.now, ladder.scheme.zone)
    batch.move(climbing.settle_tier(shopper, ladder, today))
    reckoning = reckon(purchase, shopper, batch.recording)
    points = reckoning.earnings.points
    too_much = rules.why_not_counted(purchase.amount_minor, points, shopper.facts)
    if too_much is not None:
        return too_much
    activity_id = new_id("act", batch.recording.now)
    book = books[purchase.member_id]
    stored = trace_of(reckoning, batch.recording, spent)
    term = reckoning.terms.points
    stored["transfer_id"] = _accrue(book, points, term, purchase, batch.recording, activity_id)
    stored |= _accrue_others(batch, reckoning, purchase, activity_id)
    if purchase.kind != PURCHASE:
        stored |= {"data": purchase.data, "qualifying": reckoning.earnings.qualifying}
    score_before = climbing.score_towards_next(shopper, ladder, today)
    stored |= _count(batch, shopper, purchase, reckoning)
    row = saving.activity_row(activity_id, purchase, stored, batch.recording)
    row["confirm_by_at"] = reckoning.confirm_by_at
    row["state"] = str(State.PENDING if reckoning.confirm_by_at else State.SETTLED)
    batch.add(row, shopper, reckoning.accruals)
    stored |= _climb(batch, shopper, activity_id, score_before)
    batch.known[receipt] = activity_id
    return Outcome(
        activity_id=activity_id,
        member_id=purchase.member_id,
        state=State(row["state"]),
        occurred_at=purchase.occurred_at,
        amount_minor=purchase.amount_minor,
        currency_code=purchase.currency_code,
        trace=stored,
        wallet=book.wallet,
        shopper=shopper,
        others=batch.wallets_of(shopper.member_id),
    )


def _why_not(purchase: Purchase, shopper: Shopper | None, recording: Recording) -> Refusal | None:
    if shopper is None:
        return NotFound("There is no such member.")
    try:
        rules.check_purchase(purchase, recording)
    except Refusal as refusal:
        return refusal
    return why_not_served(shopper.status, shopper.merged_into_id)


def trace_of(reckoning: Reckoning, recording: Recording, spent: Sequence[Spent]) -> dict[str, Any]:
    """Return the trace of a purchase worked out, still without transfer and tier change."""
    programme = recording.configuration.programme
    term, points = reckoning.terms.points, reckoning.earnings.points
    return {
        "v": 1,
        "revision": programme.revision,
        "rounding": programme.policies.rounding,
        "lines": trace.dump_lines(reckoning.lines),
        **trace.dump_earnings(reckoning.earnings),
        "points": points,
        "tier_id": reckoning.tier_id,
        "multiplier_bp": reckoning.multiplier_bp,
        "is_visit": reckoning.is_visit,
        "zone": programme.zone.key,
        "spent": [part.dump() for part in spent],
        "available_at": rfc3339(term.available_at) if points and term.available_at else None,
        "expires_at": rfc3339(term.ends_at) if points and term.ends_at else None,
    }


def _accrue(
    book: Book, amount: int, term: Term, purchase: Purchase, rec: Recording, activity_id: str
) -> str | None:
    """Give what a purchase earns of one unit as one lot; return the transfer's id, if any."""
    if purchase.kind == PURCHASE:
        book.put_off_idling(term.idle_at)
    if not amount:
        return None
    cause = Cause("activity", activity_id, rec.actor, purchase.occurred_at, rec.now)
    return book.accrue(amount, cause, term)


def _accrue_others(
    batch: saving.Batch, reckoning: Reckoning, purchase: Purchase, activity_id: str
) -> dict[str, Any]:
    """Give what was earned in other units; return what the trace keeps of it."""

    def accrue(unit: str, amount: int) -> str | None:
        book, term = batch.books[purchase.member_id, unit], reckoning.terms.of(unit)
        return _accrue(book, amount, term, purchase, batch.recording, activity_id)

    return unit_parts(reckoning.others, reckoning.terms, accrue)


def _count(
    batch: saving.Batch, shopper: Shopper, purchase: Purchase, reckoning: Reckoning
) -> dict[str, Any]:
    """Count the purchase in the member's facts, days and caps, for the next of this batch too.

    Return what the trace keeps of it: the day it counts on, if a tier's period is counted by days.
    """
    configuration = batch.recording.configuration
    bought = PurchaseFacts(
        items=sum(line.quantity for line in reckoning.lines),
        spend_minor=purchase.amount_minor,
        points=reckoning.earnings.qualifying,
        is_visit=reckoning.is_visit,
        goods=rules.goods_of(reckoning.lines),
        hour=local_hour(purchase.occurred_at, configuration.programme.zone),
        location_id=purchase.location_id,
    )
    day = local_date(purchase.occurred_at, configuration.programme.zone)
    if purchase.kind == PURCHASE:
        add_purchase(shopper.facts, bought, purchase.occurred_at, day)
    else:
        add_report(shopper.facts, purchase.kind, bought, day)
    for accrual in reckoning.accruals:
        if accrual.cap_key:
            before = shopper.used.get(accrual.cap_key, 0)
            shopper.used[accrual.cap_key] = before + accrual.points
    if not configuration.ladder.scheme.is_windowed:
        return {}
    climbing.count_day(shopper, configuration.ladder, bought, day)
    counts = (bought.points, bought.spend_minor, int(bought.is_visit))
    batch.count_day(shopper.member_id, day, counts)
    return {"day_on": day.isoformat()}


def _climb(
    batch: saving.Batch, shopper: Shopper, activity_id: str, score_before: int
) -> dict[str, Any]:
    """Move the member at once when what was counted says so; return what the trace keeps of it."""
    recording = batch.recording
    ladder, now = recording.configuration.ladder, recording.now
    moved = climbing.move_on(shopper, ladder, activity_id, now)
    today = local_date(now, ladder.scheme.zone)
    notice = climbing.almost_notice(shopper, ladder, score_before, today)
    batch.notices += [notice] if notice else []
    ahead = climbing.next_ahead(shopper, ladder, today)
    kept: dict[str, Any] = {"next": list(ahead)} if ahead else {}
    if moved is None:
        return kept | {"tier_change": None}
    batch.move([moved])
    return kept | trace.dump_move(moved.review)


def _with_known(
    tx: Connection,
    results: Sequence[Outcome | Refusal | saving.Known],
    members: Members,
    recording: Recording,
) -> list[Outcome | Refusal]:
    """Replace receipts that were known by their first outcome, or by a refusal if they differ."""
    ids = [result.activity_id for result in results if isinstance(result, saving.Known)]
    rows = queries.list_activities(tx, ids)
    told = {key: rows[key]._replace(trace=full) for key, full in traces_of(tx, rows).items()}
    return [
        first_outcome(result, told[result.activity_id], members, recording)
        if isinstance(result, saving.Known)
        else result
        for result in results
    ]


def first_outcome(
    known: saving.Known, row: Any, members: Members, recording: Recording
) -> Outcome | Refusal:
    """Return the stored outcome of a receipt reported again, if it is the same purchase.

    Beside it stands the member as they are now, tier settled in memory only.
    """
    asked = known.purchase
    same = _CONTENT(row) == _CONTENT(asked)
    applied = {part["hold_id"] for part in row.trace["spent"]}
    if not same or not applied.issuperset(asked.redemption_ids):
        return DuplicateMismatch(transaction_id=row.id)
    outcome = outcome_of(row, members[0][row.member_id])
    outcome.is_duplicate, outcome.shopper = True, members[1][row.member_id]
    ladder = recording.configuration.ladder
    climbing.settle_tier(outcome.shopper, ladder, local_date(recording.now, ladder.scheme.zone))
    return outcome


def outcome_of(row: Any, book: Book) -> Outcome:
    """Build an outcome from a stored activity and the member's book as it is now."""
    return Outcome(
        activity_id=row.id,
        member_id=row.member_id,
        state=State(row.state),
        occurred_at=row.occurred_at,
        amount_minor=row.amount_minor,
        currency_code=row.currency_code,
        trace=row.trace,
        wallet=book.wallet,
    )
