"""J1 and G1: nights follow each other without a gap; whoever was greeted was told so once."""

from collections.abc import Iterable

from sqlalchemy import Connection, func, or_, select

from server.core.outbox import OUTBOX
from server.core.walking import walk
from server.gamification.grants.models import BENEFIT_GRANT
from server.gamification.greetings.models import YEARLY_GRANT
from server.gamification.invariants.declaring import TOLD_SINCE, Invariant, in_sql
from server.gamification.invariants.types import Setting
from server.gamification.nights.models import NIGHTLY_RUN
from server.gamification.nights.rules import states_of

_Y, _G, _O = YEARLY_GRANT.c, BENEFIT_GRANT.c, OUTBOX.c


def _misplaced(tx: Connection, _setting: Setting) -> Iterable[str]:
    before = None
    for night in walk(tx, select(NIGHTLY_RUN), [NIGHTLY_RUN.c.night_on]):
        is_over = all(one.is_done for one in states_of(night.steps).values())
        is_next = before is None or (night.night_on - before.night_on).days == 1
        was_over = before is None or before.finished_at is not None
        if not (is_next and was_over and (is_over or night.finished_at is None)):
            yield str(night.night_on)
        before = night


_groundless = (
    select(_Y.member_id)
    .join(BENEFIT_GRANT, _G.id == _Y.grant_id, isouter=True)
    .where(or_(_G.id.is_(None), _G.member_id != _Y.member_id, _G.ref_kind != "greeting"))
)
_tellings = select(func.count()).where(
    _O.topic == "greeting.granted", _O.member_id == _Y.member_id, _O.created_at >= TOLD_SINCE
)
_untold = (
    select(_Y.member_id)
    .join(BENEFIT_GRANT, _G.id == _Y.grant_id)
    .where(_G.given_at >= TOLD_SINCE)
    .group_by(_Y.member_id)
    .having(func.count() != _tellings.correlate(YEARLY_GRANT).scalar_subquery())
)
INVARIANTS = (
    Invariant("J1", "Each night is over, with all its steps, before the next begins.", _misplaced),
    in_sql("G1", "A greeting is a grant to the member greeted.", _groundless),
    in_sql("G1", "A greeting is announced once.", _untold),
)
