"""Reading badges in force, who holds them, and how rare they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select

from server.core.columns import among
from server.core.statements import Later, Prepared
from server.gamification.badges.errors import BadgeUnknown
from server.gamification.badges.models import BADGE_AWARD, BADGE_RARITY
from server.gamification.badges.rules import period_keys
from server.gamification.badges.settings import BADGES
from server.gamification.badges.types import Badge, Held, Source
from server.gamification.definitions.queries import Published

_A, _R = BADGE_AWARD.c, BADGE_RARITY.c
_PUBLISHED = Published(BADGES)
_HELD_COLUMNS = (
    _A.id,
    _A.member_id,
    _A.badge_id,
    _A.level,
    _A.period,
    _A.source,
    _A.activity_id,
    _A.expires_at,
)
_IN_FORCE = _A.revoked_at.is_(None)
_HELD = Prepared(
    select(*_HELD_COLUMNS).where(
        among(_A.member_id, "member_ids"), among(_A.period, "periods"), _IN_FORCE
    )
)
_AWARD = select(*_HELD_COLUMNS).where(_A.id == bindparam("award_id"), _IN_FORCE)
_EARNED = Prepared(
    select(
        _A.badge_id,
        _A.level,
        func.count().label("times"),
        func.max(_A.awarded_at).label("awarded_at"),
        func.max(func.coalesce(_A.expires_at, bindparam("for_good"))).label("expires_at"),
        func.sum(case((_A.seen_at.is_(None), 1), else_=0)).label("unseen"),
    )
    .where(_A.member_id == bindparam("member_id"), _IN_FORCE)
    .group_by(_A.badge_id, _A.level)
)
_RARITY = Prepared(select(_R.badge_id, _R.level, _R.holders, _R.members))
FOR_GOOD = datetime.fromisoformat("9999-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Earned:
    """A level as its holder sees it: how often, when last, until when (None: for good)."""

    times: int
    awarded_at: datetime
    expires_at: datetime | None
    is_new: bool


def get_badges(tx: Connection, revision: str) -> tuple[Badge, ...]:
    """Return the badges in force at a programme revision, in the owner's order."""
    return _PUBLISHED.live(tx, revision)


def known_badges(tx: Connection, revision: str) -> tuple[Badge, ...]:
    """Return the badges in force and the paused ones, which members keep."""
    return _PUBLISHED.known(tx, revision)


def get_badge(tx: Connection, revision: str, id_or_key: str) -> Badge:
    """Return a badge in force by its id or key. Raise `BadgeUnknown`."""
    for badge in get_badges(tx, revision):
        if id_or_key in (badge.id, badge.key):
            return badge
    raise BadgeUnknown


def ask_held(
    tx: Connection, member_ids: Sequence[str], days: Iterable[date]
) -> Later[dict[str, tuple[Held, ...]]]:
    """Send the question what members hold, and call the answer: awards by member id.

    Of badges that are earned anew only those of the years and months of `days` are read, so that
    what is read does not grow with the years.
    """
    sent = _HELD.send(tx, {"member_ids": list(member_ids), "periods": period_keys(days)})

    def answer() -> dict[str, tuple[Held, ...]]:
        found: dict[str, list[Held]] = {}
        for row in sent.all():
            found.setdefault(row.member_id, []).append(held_of(row))
        return {member_id: tuple(held) for member_id, held in found.items()}

    return answer


def list_held(tx: Connection, member_id: str, day: date) -> tuple[Held, ...]:
    """Return what a member holds of badges for good and of the year and month of `day`."""
    return ask_held(tx, [member_id], [day])().get(member_id, ())


def find_award(tx: Connection, award_id: str) -> tuple[str, Held] | None:
    """Return the member's id and an award that was not revoked, None when there is none."""
    row = tx.execute(_AWARD, {"award_id": award_id}).first()
    return (row.member_id, held_of(row)) if row else None


def held_of(row: Any) -> Held:
    """Build an award from its row."""
    return Held(
        row.id,
        row.badge_id,
        row.level,
        row.period,
        Source(row.source),
        row.activity_id,
        row.expires_at,
    )


def ask_earned(tx: Connection, member_id: str) -> Later[dict[tuple[str, int], Earned]]:
    """Send the question what a member has earned, by badge and level, one row for each."""
    sent = _EARNED.send(tx, {"member_id": member_id, "for_good": FOR_GOOD})
    return lambda: {(row.badge_id, row.level): _earned(row) for row in sent.all()}


def _earned(row: Any) -> Earned:
    ends_at = None if row.expires_at >= FOR_GOOD else row.expires_at
    return Earned(int(row.times), row.awarded_at, ends_at, row.unseen > 0)


def ask_rarity(tx: Connection) -> Later[dict[tuple[str, int], tuple[int, int]]]:
    """Send the question how rare badges are: by badge and level, holders and members."""
    sent = _RARITY.send(tx)
    return lambda: {(row.badge_id, row.level): (row.holders, row.members) for row in sent.all()}
