"""N1: messages go out when they may, and no oftener than they may.

The tables are spoken of by name: what tells of the domain lies above it. Quiet hours and caps are
compared with what went out since the member, their choices and the programme were last changed,
because what was decided before was decided by other settings.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, column, or_, select, table

from server.core.columns import UTCDateTime
from server.core.walking import walk
from server.gamification.invariants.declaring import Invariant, in_sql
from server.gamification.invariants.types import Setting
from server.gamification.members.models import MEMBER
from server.gamification.programme.errors import ProgrammeMissing
from server.gamification.programme.models import PROGRAMME
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import MessagePolicy, Programme

_AT = UTCDateTime()
_MESSAGE = table("message", *map(column, ("id", "member_id", "category", "is_silent")))
_DELIVERY = table(
    "delivery",
    *map(column, ("id", "message_id", "member_id", "state", "why", "bundle_id", "sender")),
    column("cleared_at", _AT),
    column("finished_at", _AT),
)
_PREFERENCE = table(
    "message_preference",
    *map(column, ("member_id", "quiet_from_minute", "quiet_to_minute")),
    column("updated_at", _AT),
)
_D, _P, _M = _DELIVERY.c, _PREFERENCE.c, MEMBER.c
_lead = _DELIVERY.alias("lead")
_CLEARED = (
    select(
        _D.id, _D.member_id, _D.message_id, _D.cleared_at, _MESSAGE.c.category, _M.zone,
        _M.updated_at, _P.quiet_from_minute, _P.quiet_to_minute,
        _P.updated_at.label("chosen_at"), PROGRAMME.c.updated_at.label("set_at"),
    )
    .join(_MESSAGE, _MESSAGE.c.id == _D.message_id)
    .join(MEMBER, _M.id == _D.member_id)
    .join(PROGRAMME, PROGRAMME.c.id == 1)
    .join(_PREFERENCE, _P.member_id == _D.member_id, isouter=True)
    .where(_D.cleared_at.is_not(None))
)  # fmt: skip
_strangers = (
    select(_D.id)
    .join(_MESSAGE, _MESSAGE.c.id == _D.message_id)
    .where(_MESSAGE.c.member_id != _D.member_id)
)
_unfounded = select(_D.id).where(
    or_(
        and_(_D.state.in_(["sent", "sending"]), or_(_D.cleared_at.is_(None), _D.sender.is_(None))),
        and_(_D.state.not_in(["sent", "sending"]), _D.cleared_at.is_not(None)),
        and_(_D.state.in_(["queued", "sending"]), _D.finished_at.is_not(None)),
        and_(_D.state.not_in(["queued", "sending"]), _D.finished_at.is_(None)),
    )
)
_astray = (
    select(_D.id)
    .join(_lead, _lead.c.id == _D.bundle_id, isouter=True)
    .where(
        _D.bundle_id.is_not(None),
        or_(_lead.c.id.is_(None), _lead.c.member_id != _D.member_id, _lead.c.id == _D.id),
    )
)


def _disturbing(tx: Connection, _setting: Setting) -> Iterable[str]:
    try:
        programme = get_programme(tx)
    except ProgrammeMissing:
        return
    for row in walk(tx, _CLEARED, [_D.id]):
        changes = (row.updated_at, row.chosen_at, row.set_at)
        is_settled = all(at is None or at <= row.cleared_at for at in changes)
        if is_settled and _is_quiet(row, programme):
            yield row.id


def _is_quiet(row: Any, programme: Programme) -> bool:
    policy = programme.policies.messages
    own = row.quiet_from_minute is not None
    start = row.quiet_from_minute if own else policy.quiet_from_minute
    end = row.quiet_to_minute if own else policy.quiet_to_minute
    local = row.cleared_at.astimezone(ZoneInfo(row.zone) if row.zone else programme.zone)
    minute = local.hour * 60 + local.minute
    return bool(start <= minute < end if start <= end else minute >= start or minute < end)


def _overdone(tx: Connection, _setting: Setting) -> Iterable[str]:
    try:
        policy = get_programme(tx).policies.messages
    except ProgrammeMissing:
        return
    first: dict[tuple[str, str], dict[str, datetime]] = defaultdict(dict)
    for row in walk(tx, _CLEARED, [_D.id]):
        if row.cleared_at >= row.set_at:
            known = first[row.member_id, row.category]
            known[row.message_id] = min(row.cleared_at, known.get(row.message_id, row.cleared_at))
    for (member_id, category), messages in first.items():
        if _is_over(category, sorted(messages.values()), policy):
            yield member_id


def _is_over(category: str, sent: Sequence[datetime], policy: MessagePolicy) -> bool:
    caps = policy.caps.get(category)
    if caps is None or category == "service":
        return False
    return any(
        later - earlier < timedelta(days=days)
        for most, days in zip(caps, (1, 7), strict=True)
        for earlier, later in zip(sent, sent[most:], strict=False)
    )


INVARIANTS = (
    Invariant("N1", "No message goes out in the quiet hours of its member.", _disturbing),
    Invariant("N1", "Nobody gets more messages of a category than its caps allow.", _overdone),
    in_sql("N1", "A delivery is of a message of its member.", _strangers),
    in_sql("N1", "A delivery that went out had been let go, and one at its end ended.", _unfounded),
    in_sql("N1", "A bundled delivery went along with another of its member.", _astray),
)
