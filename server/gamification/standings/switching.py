"""Changing how tiers are kept, without taking anything away by the change itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select, update

from server.core.clock import local_date
from server.gamification.programme.errors import ProgrammeMissing
from server.gamification.programme.models import PROGRAMME
from server.gamification.programme.service import change_settings
from server.gamification.standings.models import MEMBER_TIER
from server.gamification.tiers.settings import KEY, basis_of, counting_from, scheme_of
from server.gamification.tiers.types import CountingFrom, Scheme

_PROGRAMME = select(PROGRAMME.c.settings, PROGRAMME.c.zone).with_for_update()
_REVIEW_ALL = (
    update(MEMBER_TIER)
    .where(~MEMBER_TIER.c.is_locked)
    .values(
        keep_until_on=None,
        grace_until_on=None,
        period_from_on=None,
        idle_review_on=None,
        review_on=bindparam("today"),
        risk_on=None,
    )
)


def change_scheme(tx: Connection, changes: Mapping[str, Any], actor: str, now: datetime) -> Scheme:
    """Change how tiers are kept (`changes`: see `settings`) and return the scheme in force.

    When the window changes, it counts from today, or from the next period of the calendar with
    `counting_from = next_period`; until then the whole membership counts. Tiers that members have
    are safe as though they were reached on the day the window begins to count; a downgrade for
    want of visits comes a full time after today at the earliest. The dates are worked out by the
    next review. Raise `TierSchemeInvalid`, `ProgrammeMissing`.
    """
    row = tx.execute(_PROGRAMME).first()
    if row is None:
        raise ProgrammeMissing
    zone = ZoneInfo(row.zone)
    before = scheme_of(row.settings, zone)
    stored = {"basis": str(basis_of(row.settings)), **row.settings.get(KEY, {}), **changes}
    after = scheme_of({KEY: stored}, zone)
    today = local_date(now, zone)
    if after.window != before.window:
        choice = CountingFrom(stored.get("counting_from", CountingFrom.NOW))
        counts_on = counting_from(after, choice, today) if after.is_windowed else None
        stored["counts_from_on"] = counts_on.isoformat() if counts_on else None
    settings = change_settings(tx, {KEY: stored}, actor, now)
    tx.execute(_REVIEW_ALL, {"today": today})
    return scheme_of(settings, zone)
