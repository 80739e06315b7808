"""Members as conditions see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import Connection, bindparam, select

from server.core.clock import local_date
from server.gamification.conditions.types import Subject
from server.gamification.facts.types import ActivityFact, Facts
from server.gamification.members.models import MEMBER
from server.gamification.standings.climbing import settle_tier
from server.gamification.standings.holders import load_holders
from server.gamification.tiers.queries import get_ladder
from server.gamification.tiers.rules import current_key
from server.gamification.tiers.types import Ladder, Standing

_PROFILES = select(MEMBER.c.id, MEMBER.c.birthday, MEMBER.c.locale).where(
    MEMBER.c.id.in_(bindparam("member_ids", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Person:
    """What of a member's profile conditions ask for; `joined_on` is by the programme's zone."""

    joined_on: date
    birthday: date | None
    locale: str


class Judged(Protocol):
    """A member with counters and a standing."""

    facts: Facts
    standing: Standing


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
        joined_on = local_date(holder.joined_at, ladder.scheme.zone)
        person = Person(joined_on, profile.birthday, profile.locale or "")
        found[holder.member_id] = subject_of(holder, person, ladder, now)
    return found


def subject_of(
    member: Judged,
    person: Person,
    ladder: Ladder,
    now: datetime,
    activity: ActivityFact | None = None,
) -> Subject:
    """Return a member as conditions see them at `now`; the tier is that of their standing."""
    zone = ladder.scheme.zone
    return Subject(
        facts=member.facts,
        today=local_date(now, zone),
        zone=zone,
        joined_on=person.joined_on,
        birthday=person.birthday,
        tier_key=current_key(ladder, member.standing),
        locale=person.locale,
        activity=activity,
    )
