"""Giving badges, taking them back, and marking them as seen.

The caller holds the lock of the member's points wallet, so that what is held does not change
between the decision and the writing. The benefits of a level are given by `grants`, above.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, insert, update

from server.core.clock import local_date
from server.core.ids import new_id
from server.core.outbox import record
from server.core.statements import Prepared
from server.gamification.badges import events
from server.gamification.badges.errors import BadgeHeld, BadgeUnknown
from server.gamification.badges.models import BADGE_AWARD
from server.gamification.badges.queries import find_award, get_badge, list_held
from server.gamification.badges.rules import expires_at, is_held, period_key
from server.gamification.badges.types import Award, Badge, Due, Held, Origin
from server.gamification.programme.queries import get_programme

RETURNED = "returned"
"""Why an award goes whose cause was taken back: what it brought is taken back as well."""

_A = BADGE_AWARD.c
_INSERT = Prepared(insert(BADGE_AWARD))
_REVOKE = Prepared(
    update(BADGE_AWARD)
    .where(_A.id == bindparam("award_id"), _A.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"), revoke_reason=bindparam("why"))
)
_SEEN = (
    update(BADGE_AWARD)
    .where(
        _A.member_id == bindparam("of_member"),
        _A.seen_at.is_(None),
        _A.awarded_at <= bindparam("until"),
    )
    .values(seen_at=bindparam("at"))
)


def new_awards(
    member_id: str, due: Sequence[Due], origin: Origin, zone: ZoneInfo, now: datetime
) -> list[Award]:
    """Make awards of what is due, still to be saved."""
    return [
        Award(
            new_id("bda", now),
            member_id,
            one.badge,
            one.level,
            one.period,
            origin,
            now,
            expires_at(one.badge, now, zone),
        )
        for one in due
    ]


def save_awards(tx: Connection, awards: Sequence[Award], now: datetime) -> None:
    """Write new awards and announce them, with one statement for each table."""
    _INSERT.run(tx, [_row(award) for award in awards])
    record(tx, [events.earned(award) for award in awards], now=now)


def award(
    tx: Connection, member_id: str, key: str, level: int, origin: Origin, now: datetime
) -> Award:
    """Give one level of a badge by its key (or id), as a grant does; no condition is asked.

    An award of this period that has run out makes room for the new one. Raise `BadgeUnknown`,
    `BadgeHeld`.
    """
    programme = get_programme(tx)
    badge = get_badge(tx, programme.revision, key)
    if not 1 <= level <= len(badge.levels):
        raise BadgeUnknown(level=level)
    day = local_date(now, programme.zone)
    due = Due(badge, badge.levels[level - 1], period_key(badge.period, day))
    _make_room(tx, member_id, due, list_held(tx, member_id, day), now)
    (made,) = new_awards(member_id, [due], origin, programme.zone, now)
    save_awards(tx, [made], now)
    return made


def _make_room(
    tx: Connection, member_id: str, due: Due, held: Sequence[Held], now: datetime
) -> None:
    """End an award that has run out and whose place is wanted. Raise `BadgeHeld`."""
    wanted = (due.badge.id, due.level.number, due.period)
    for one in held:
        if (one.badge_id, one.level, one.period) == wanted:
            if is_held(one, now):
                raise BadgeHeld
            save_revoked(tx, member_id, [one], "replaced", now)


def revoke(tx: Connection, award_id: str, reason: str, now: datetime) -> Held | None:
    """Take one award back; None when there is none, or no longer. `reason` is a short code."""
    found = find_award(tx, award_id)
    if found is None:
        return None
    member_id, held = found
    save_revoked(tx, member_id, [held], reason, now)
    return held


def save_revoked(
    tx: Connection, member_id: str, held: Sequence[Held], reason: str, now: datetime
) -> None:
    """Write awards of a member as taken back and announce it; they stay as history."""
    _REVOKE.run(tx, [{"award_id": one.award_id, "at": now, "why": reason} for one in held])
    record(tx, [events.revoked(member_id, one, reason) for one in held], now=now)


def mark_seen(tx: Connection, member_id: str, until: datetime, now: datetime) -> int:
    """Mark what was awarded up to `until` as seen by the member; return how many were new."""
    values = {"of_member": member_id, "until": until, "at": now}
    return tx.execute(_SEEN, values).rowcount


def names_of(badge: Badge) -> dict[str, str]:
    """Return the names of a badge by language, as reasons of grants hold them."""
    return dict(badge.names)


def _row(made: Award) -> dict[str, Any]:
    origin = made.origin
    return {
        "id": made.id,
        "member_id": made.member_id,
        "badge_id": made.badge.id,
        "level": made.level.number,
        "period": made.period,
        "source": str(origin.source),
        "activity_id": origin.activity_id,
        "actor": origin.actor,
        "quota_on": origin.quota_on,
        "awarded_at": made.awarded_at,
        "expires_at": made.expires_at,
        "seen_at": None,
        "revoked_at": None,
        "revoke_reason": None,
    }
