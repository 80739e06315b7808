"""What members report themselves: which types there are for them, and which count now."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from server.core.clock import local_date, start_of_day
from server.gamification.activity_types.queries import get_activity_types
from server.gamification.activity_types.rules import period_of
from server.gamification.activity_types.types import ActivityType, Reporter
from server.gamification.members.queries import get_member, list_identifier_kinds
from server.gamification.programme.types import Programme
from server.gamification.reports.errors import ProfileIncomplete
from server.gamification.reports.queries import has_reported

PROFILE_COMPLETED = "profile_completed"
"""The key of the type that a member can report only with a complete profile."""


def own_types(tx: Connection, revision: str) -> list[ActivityType]:
    """Return the types in force that members may report, in the owner's order."""
    declared = get_activity_types(tx, revision)
    return [one for one in declared if one.reporter is Reporter.MEMBER]


def is_open(
    tx: Connection, member_id: str, declared: ActivityType, programme: Programme, now: datetime
) -> bool:
    """Tell whether a report of the member's would count now, as far as its period says."""
    zone = programme.zone
    period = period_of(declared.often, local_date(now, zone))
    if period is None:
        return True
    until = start_of_day(period[1] + timedelta(days=1), zone)
    return not has_reported(tx, member_id, declared.key, (start_of_day(period[0], zone), until))


def check_own_report(tx: Connection, member_id: str, kind: str) -> None:
    """Refuse a report that the member's profile belies (`ProfileIncomplete`)."""
    missing = missing_of_profile(tx, member_id) if kind == PROFILE_COMPLETED else ()
    if missing:
        raise ProfileIncomplete(missing=list(missing))


def missing_of_profile(tx: Connection, member_id: str) -> Sequence[str]:
    """Return what a complete profile still needs: first name, birthday, a phone or an e-mail."""
    profile = get_member(tx, member_id).profile
    has = {
        "first_name": profile.first_name,
        "birthday": profile.birthday,
        "phone_or_email": {"phone", "email"} & list_identifier_kinds(tx, member_id),
    }
    return [name for name, value in has.items() if not value]
