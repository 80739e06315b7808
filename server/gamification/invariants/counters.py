"""F1 and F2: counters are the sum of the activities, and every trace explains its points."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import date
from itertools import groupby, islice
from typing import Any

from sqlalchemy import Connection, or_, select

from server.core.clock import local_date
from server.core.walking import walk
from server.gamification.activities import rules, trace
from server.gamification.activities.models import ACTIVITY
from server.gamification.activities.queries import PURCHASE, REDEMPTION
from server.gamification.earning.models import EARN_COUNTER
from server.gamification.earning.rules import points_for, points_left, qualifying_left
from server.gamification.earning.types import Line
from server.gamification.facts.models import MEMBER_FACTS
from server.gamification.facts.queries import facts_of
from server.gamification.facts.types import Facts
from server.gamification.invariants.counts import Names
from server.gamification.invariants.declaring import Invariant
from server.gamification.invariants.types import Setting
from server.gamification.programme.models import PROGRAMME
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import Programme, Rounding
from server.gamification.returns.goods import FINAL, goods_left, returned_of, zone_in
from server.gamification.standings.models import QUALIFYING_DAY
from server.gamification.standings.service import Counts

_A = ACTIVITY.c
_REPORTED = select(ACTIVITY).where(_A.kind != REDEMPTION)
_PURCHASES = _REPORTED.where(_A.kind == PURCHASE)
_BY_MEMBER = [_A.member_id, _A.id]
_CHUNK = 500
_LEFTOVERS = select(MEMBER_FACTS.c.member_id).where(
    ~select(_A.id).where(_A.member_id == MEMBER_FACTS.c.member_id).exists(),
    or_(MEMBER_FACTS.c.purchases != 0, MEMBER_FACTS.c.qualifying_points != 0),
)


class Tally:
    """What a member's activities add up to: facts, and points given by capped rules."""

    def __init__(self, member_id: str) -> None:
        self.facts = Facts(member_id)
        self.caps: dict[str, int] = {}
        self.days: dict[date, Counts] = {}
        self.names = Names()

    def add(self, row: Any, programme: Programme) -> None:
        """Count one stored activity, less what came back of it."""
        is_kept = row.state not in FINAL
        if row.trace.get("is_visit"):
            self._add_visit(row, programme, is_kept=is_kept)
        if row.kind == PURCHASE:
            self._add_purchase(row)
        elif is_kept:
            self._add_report(row)

    def _add_visit(self, row: Any, programme: Programme, *, is_kept: bool) -> None:
        day = local_date(row.occurred_at, zone_in(row.trace, programme.zone))
        self.facts.last_visit_on = max(self.facts.last_visit_on or day, day)
        if is_kept:
            self.facts.visits += 1
            self.names.add_visit(row, zone_in(row.trace, programme.zone))

    def _add_report(self, row: Any) -> None:
        qualifying = row.trace.get("qualifying", 0)
        self.names.add_kind(row.kind)
        self.facts.qualifying_points += qualifying
        if "day_on" in row.trace:
            self._add_day(row.trace, qualifying, 0, is_kept=True)
        for accrual in trace.load_all_accruals(row.trace):
            if accrual.cap_key:
                before = self.caps.get(accrual.cap_key, 0)
                self.caps[accrual.cap_key] = before + accrual.points

    def _add_purchase(self, row: Any) -> None:
        facts, stored = self.facts, row.trace
        lines = trace.load_lines(stored)
        returned = returned_of(row, lines)
        left = rules.lines_left(lines, returned)
        is_kept = row.state not in FINAL
        facts.purchases += is_kept
        facts.items += rules.items_of(left)
        facts.spend_minor += row.amount_minor - returned.amount_minor
        facts.qualifying_points += _qualifying(row, left)
        at, first, last = row.occurred_at, facts.first_purchase_at, facts.last_purchase_at
        facts.first_purchase_at, facts.last_purchase_at = min(first or at, at), max(last or at, at)
        self.names.add_goods(goods_left(lines, returned))
        if "day_on" in stored:
            spend = row.amount_minor - returned.amount_minor
            self._add_day(stored, _qualifying(row, left), spend, is_kept=is_kept)
        for accrual in trace.load_all_accruals(stored):
            if accrual.cap_key:
                points = points_left(accrual, left, Rounding(stored["rounding"]))
                self.caps[accrual.cap_key] = self.caps.get(accrual.cap_key, 0) + points

    def _add_day(self, stored: dict[str, Any], points: int, spend: int, *, is_kept: bool) -> None:
        day = date.fromisoformat(stored["day_on"])
        before = self.days.get(day, (0, 0, 0))
        visits = int(is_kept and stored["is_visit"])
        self.days[day] = (before[0] + points, before[1] + spend, before[2] + visits)

    def differing_days(self, days: dict[date, Counts]) -> Iterator[str]:
        """Yield the days on which another sum is stored for the member's tier."""
        for day in sorted(self.days.keys() | days.keys()):
            made, kept = self.days.get(day, (0, 0, 0)), days.get(day, (0, 0, 0))
            if made != kept:
                yield f"{self.facts.member_id} ({day} counts {kept}, the activities give {made})"

    def differences(self, facts: Facts, caps: dict[str, int]) -> Iterator[str]:
        """Yield in what the stored counters differ."""
        who = self.facts.member_id
        for difference in self.names.differences(facts.counts):
            yield f"{who} ({difference})"
        for name in (field.name for field in fields(Facts) if field.name != "counts"):
            made, kept = getattr(self.facts, name), getattr(facts, name)
            if made != kept:
                yield f"{who} ({name} is {kept}, the activities give {made})"
        for key in sorted(self.caps.keys() | caps.keys()):
            made, kept = self.caps.get(key, 0), caps.get(key, 0)
            if made != kept:
                yield f"{who} (cap {key} is {kept}, the activities give {made})"


def _qualifying(row: Any, left: Sequence[Line]) -> int:
    """Return what of a purchase's points counts towards tiers, after returns."""
    accruals = trace.load_accruals(row.trace)
    if not row.returned:
        return sum(accrual.qualifying for accrual in accruals)
    rounding = Rounding(row.trace["rounding"])
    return sum(qualifying_left(accrual, left, rounding) for accrual in accruals)


def _miscounted(tx: Connection, _setting: Setting) -> Iterable[str]:
    if tx.execute(select(PROGRAMME.c.revision)).first() is None:
        return
    tallies = _tallies(tx, get_programme(tx))
    while chunk := list(islice(tallies, _CHUNK)):
        ids = [tally.facts.member_id for tally in chunk]
        facts, caps = _stored_facts(tx, ids), _stored_caps(tx, ids)
        days = _stored_days(tx, ids)
        for tally in chunk:
            member_id = tally.facts.member_id
            yield from tally.differences(facts[member_id], caps.get(member_id, {}))
            yield from tally.differing_days(days.get(member_id, {}))
    yield from tx.execute(_LEFTOVERS).scalars()


def _tallies(tx: Connection, programme: Programme) -> Iterator[Tally]:
    rows = walk(tx, _REPORTED, _BY_MEMBER)
    for member_id, purchases in groupby(rows, key=lambda row: str(row.member_id)):
        tally = Tally(member_id)
        for row in purchases:
            tally.add(row, programme)
        yield tally


def _stored_facts(tx: Connection, ids: list[str]) -> dict[str, Facts]:
    rows = tx.execute(select(MEMBER_FACTS).where(MEMBER_FACTS.c.member_id.in_(ids)))
    stored = {row.member_id: facts_of(row.member_id, row) for row in rows}
    return {member_id: stored.get(member_id, Facts(member_id)) for member_id in ids}


def _stored_caps(tx: Connection, ids: list[str]) -> dict[str, dict[str, int]]:
    stored: dict[str, dict[str, int]] = {}
    rows = tx.execute(select(EARN_COUNTER).where(EARN_COUNTER.c.member_id.in_(ids)))
    for row in rows:
        stored.setdefault(row.member_id, {})[row.cap_key] = row.points
    return stored


def _stored_days(tx: Connection, ids: list[str]) -> dict[str, dict[date, Counts]]:
    stored: dict[str, dict[date, Counts]] = {}
    rows = tx.execute(select(QUALIFYING_DAY).where(QUALIFYING_DAY.c.member_id.in_(ids)))
    for row in rows:
        counts = (row.points, row.spend_minor, row.visits)
        stored.setdefault(row.member_id, {})[row.day_on] = counts
    return stored


def _unexplained(tx: Connection, _setting: Setting) -> Iterable[str]:
    for row in walk(tx, _PURCHASES, _BY_MEMBER):
        if not _explains_itself(row):
            yield row.id


def _explains_itself(row: Any) -> bool:
    """Tell whether the trace gives the points again, and the points that returns left."""
    lines, accruals = trace.load_lines(row.trace), trace.load_accruals(row.trace)
    rounding = Rounding(row.trace["rounding"])
    basis = rules.earning_lines(lines)
    returned = returned_of(row, lines)
    left = rules.lines_left(lines, returned)
    kept = sum(points_left(accrual, left, rounding) for accrual in accruals)
    return (
        all(points_for(accrual, basis, rounding) == accrual.points for accrual in accruals)
        and sum(accrual.points for accrual in accruals) == row.points == row.trace["points"]
        and sum(line.paid_minor for line in lines) == row.amount_minor
        and (not row.returned or kept == row.points - row.clawed_back)
    )


INVARIANTS = (
    Invariant("F1", "A member's counters are the sum of the activities.", _miscounted),
    Invariant("F2", "The trace of a purchase gives its points again.", _unexplained),
)
