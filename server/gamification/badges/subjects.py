"""Members as conditions see them, read for many at once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from server.core.clock import local_date
from server.gamification.conditions.types import Subject
from server.gamification.members.models import MEMBER
from server.gamification.standings.climbing import settle_tier
from server.gamification.standings.holders import Holder, load_holders
from server.gamification.tiers.queries import get_ladder
from server.gamification.tiers.rules import current_tier
from server.gamification.tiers.types import Ladder

_PROFILES = select(MEMBER.c.id, MEMBER.c.birthday, MEMBER.c.locale).where(
    MEMBER.c.id.in_(bindparam("member_ids", expanding=True))
)


def load_subjects(
    tx: Connection, member_ids: Sequence[str], revision: str, now: datetime
) -> dict[str, Subject]:
    """Return members by id, with the tier as it is today, whether or not it was reviewed."""
    if not member_ids:
        return {}
    ladder = get_ladder(tx, revision)
    today = local_date(now, ladder.scheme.zone)
    holders = load_holders(tx, ladder, member_ids, today)
    profiles = {row.id: row for row in tx.execute(_PROFILES, {"member_ids": list(member_ids)})}
    found = {}
    for holder in holders:
        settle_tier(holder, ladder, today)
        profile = profiles[holder.member_id]
        found[holder.member_id] = _subject(holder, profile.birthday, profile.locale, ladder, now)
    return found


def _subject(
    holder: Holder, birthday: object, locale: str | None, ladder: Ladder, now: datetime
) -> Subject:
    zone, tier = ladder.scheme.zone, current_tier(ladder, holder.standing)
    return Subject(
        holder.facts,
        local_date(now, zone),
        zone,
        local_date(holder.joined_at, zone),
        birthday,  # type: ignore[arg-type]
        tier.key if tier else "",
        locale or "",
    )
