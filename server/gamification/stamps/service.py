"""Giving stars by hand and taking them back. Nothing here commits.

The points wallet is locked first, as for every grant, so that two tills never pass the limit.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from server.core.clock import local_date, start_of_day
from server.core.errors import NotFound
from server.core.ids import new_id
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.grants.queries import find_grant
from server.gamification.grants.service import give, take_back
from server.gamification.grants.types import Given, Reason
from server.gamification.ledger.service import open_book
from server.gamification.members.queries import get_member
from server.gamification.members.rules import why_not_served
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import POINTS, Programme
from server.gamification.stamps.errors import StampsSpent, StampUnitUnknown
from server.gamification.stamps.queries import STAMP, count_stamps, find_stamp

NAMES = {"en": "Given at the till", "ru": "Выдано на кассе", "et": "Antud kassas"}


def stamp(
    tx: Connection, member_id: str, unit: str | None, amount: int, actor: str, now: datetime
) -> Given:
    """Give a member stars without a basket, at most `stamps_per_day_max` of a unit on a day.

    Without `unit` it is the only one besides points. Raise `NotFound`, `MemberBlocked`,
    `MemberMerged`, `StampUnitUnknown`, `StampsSpent`.
    """
    programme = get_programme(tx)
    unit = _unit_of(programme, unit)
    member = get_member(tx, member_id)
    refusal = why_not_served(member.status, member.merged_into_id)
    if refusal is not None:
        raise refusal
    open_book(tx, member_id, POINTS, now)
    _check_limit(tx, programme, (member_id, unit, amount), now)
    benefit = Benefit(BenefitKind.STARS, amount, unit)
    return give(tx, member_id, [benefit], Reason(STAMP, new_id("stp", now), NAMES), actor, now)


def take_stamp_back(tx: Connection, grant_id: str, actor: str, now: datetime) -> Given:
    """Take stars given by hand back; repeating it is harmless. Raise `NotFound`."""
    row = find_stamp(tx, grant_id)
    if row is None:
        raise NotFound("There are no such stars.")
    return take_back(tx, row.member_id, (STAMP, row.ref_id), actor, now) or _given(tx, grant_id)


def _given(tx: Connection, grant_id: str) -> Given:
    found = find_grant(tx, grant_id)
    assert found is not None  # its row was just read
    return found


def _unit_of(programme: Programme, unit: str | None) -> str:
    known = sorted(code for code in programme.units if code != POINTS)
    if unit is None and len(known) == 1:
        return known[0]
    if unit is None or unit not in known:
        raise StampUnitUnknown(units=known)
    return unit


def _check_limit(
    tx: Connection, programme: Programme, asked: tuple[str, str, int], now: datetime
) -> None:
    member_id, unit, amount = asked
    today = local_date(now, programme.zone)
    used = count_stamps(tx, member_id, unit, start_of_day(today, programme.zone))
    most = programme.policies.stamps_per_day_max
    if used + amount > most:
        raise StampsSpent(left=max(most - used, 0), next_on=(today + timedelta(days=1)).isoformat())
