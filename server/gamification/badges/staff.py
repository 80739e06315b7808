"""Badges given by the shop's people, within a quota."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from server.core.audit import Change, write_audit
from server.core.clock import local_date
from server.core.errors import NotFound
from server.gamification.badges.errors import (
    BadgeHeld,
    BadgeLocked,
    BadgeNotGrantable,
    BadgeQuotaSpent,
)
from server.gamification.badges.models import BADGE_QUOTA
from server.gamification.badges.queries import get_badge, get_badges, list_held
from server.gamification.badges.rules import (
    is_held,
    missing_prerequisites,
    period_key,
    quota_day,
)
from server.gamification.badges.service import award
from server.gamification.badges.types import (
    Award,
    Badge,
    Held,
    Origin,
    QuotaPeriod,
    Source,
    StaffQuota,
)
from server.gamification.ledger.queries import lock_wallets
from server.gamification.ledger.service import create_wallets
from server.gamification.members.queries import get_member
from server.gamification.members.rules import why_not_served
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import POINTS


def _take(dialect: Any) -> Any:
    """Count one more, as long as the quota allows it; the row comes back only then."""
    statement = dialect.insert(BADGE_QUOTA)
    return statement.on_conflict_do_update(
        index_elements=["badge_id", "begins_on"],
        set_={"used": BADGE_QUOTA.c.used + 1},
        where=BADGE_QUOTA.c.used < bindparam("quota"),
    ).returning(BADGE_QUOTA.c.used)


_TAKE = {"postgresql": _take(postgresql), "sqlite": _take(sqlite)}


def give_by_staff(
    tx: Connection, member_id: str, badge_id: str, reason: str, actor: str, now: datetime
) -> Award:
    """Give a member the next level of a badge (by id or key) that people may give.

    The benefits are still to be given. Raise `NotFound`, `MemberBlocked`, `MemberMerged`,
    `BadgeUnknown`, `BadgeNotGrantable`, `BadgeHeld`, `BadgeLocked`, `BadgeQuotaSpent`.
    """
    programme = get_programme(tx)
    badge = get_badge(tx, programme.revision, badge_id)
    if badge.staff is None:
        raise BadgeNotGrantable
    _lock(tx, member_id, now)
    today = local_date(now, programme.zone)
    held = list_held(tx, member_id, today)
    _check_prerequisites(tx, badge, held, now)
    level = _next_level(badge, held, today, now)
    origin = Origin(Source.STAFF, actor, None, _take_quota(tx, badge, badge.staff, today))
    made = award(tx, member_id, badge.id, level, origin, now)
    told = {"badge_id": badge.id, "level": level, "award_id": made.id, "reason": reason}
    write_audit(tx, Change("badge.given", "member", member_id, None, told), actor=actor, now=now)
    return made


def _lock(tx: Connection, member_id: str, now: datetime) -> None:
    member = get_member(tx, member_id)
    refusal = why_not_served(member.status, member.merged_into_id)
    if refusal is not None:
        raise refusal
    create_wallets(tx, [member_id], POINTS, now)
    if not lock_wallets(tx, [member_id], POINTS):
        raise NotFound("There is no such member.")


def _check_prerequisites(
    tx: Connection, badge: Badge, held: tuple[Held, ...], now: datetime
) -> None:
    badges = get_badges(tx, get_programme(tx).revision)
    ids = {one.badge_id for one in held if is_held(one, now)}
    missing = missing_prerequisites(badge, ids, badges)
    if missing:
        raise BadgeLocked(missing=missing)


def _next_level(badge: Badge, held: tuple[Held, ...], today: date, now: datetime) -> int:
    """Return the lowest level that is not held. Raise `BadgeHeld`."""
    period = period_key(badge.period, today)
    mine = [one for one in held if (one.badge_id, one.period) == (badge.id, period)]
    levels = {one.level for one in mine if is_held(one, now)}
    free = next((one.number for one in badge.levels if one.number not in levels), None)
    if free is None:
        raise BadgeHeld
    return free


def _take_quota(tx: Connection, badge: Badge, staff: StaffQuota, today: date) -> date:
    """Use one of the quota; parallel givers wait for each other at its row.

    Raise `BadgeQuotaSpent`.
    """
    begins_on = quota_day(staff.per, today)
    row = {"badge_id": badge.id, "begins_on": begins_on, "used": 1}
    if tx.execute(_TAKE[tx.dialect.name], row | {"quota": staff.quota}).first() is None:
        next_on = next_quota_day(staff.per, today)
        raise BadgeQuotaSpent(quota=staff.quota, next_on=next_on.isoformat())
    return begins_on


def next_quota_day(per: QuotaPeriod, today: date) -> date:
    """Return the day on which the next period of a quota begins."""
    ahead = {QuotaPeriod.DAY: 1, QuotaPeriod.WEEK: 7, QuotaPeriod.MONTH: 31}[per]
    return quota_day(per, quota_day(per, today) + timedelta(days=ahead))
