"""T2: badges are held once, quotas count what staff gave, and what is revoked is taken back."""

from sqlalchemy import and_, func, or_, select

from server.gamification.badges.models import BADGE_AWARD, BADGE_BACKFILL, BADGE_QUOTA, BADGE_RARITY
from server.gamification.grants.models import BENEFIT_GRANT
from server.gamification.invariants.declaring import in_sql

_A, _Q, _G, _R, _B = (
    BADGE_AWARD.c,
    BADGE_QUOTA.c,
    BENEFIT_GRANT.c,
    BADGE_RARITY.c,
    BADGE_BACKFILL.c,
)
_twice = (
    select(_A.member_id)
    .where(_A.revoked_at.is_(None))
    .group_by(_A.member_id, _A.badge_id, _A.level, _A.period)
    .having(func.count() > 1)
)
_given = (
    select(_A.badge_id, _A.quota_on, func.count().label("number"))
    .where(_A.source == "staff")
    .group_by(_A.badge_id, _A.quota_on)
    .subquery()
)
_same_period = and_(_given.c.badge_id == _Q.badge_id, _given.c.quota_on == _Q.begins_on)
_miscounted = (
    select(_Q.badge_id)
    .join(_given, _same_period, isouter=True)
    .where(_Q.used != func.coalesce(_given.c.number, 0))
)
_uncounted = (
    select(_given.c.badge_id)
    .join(BADGE_QUOTA, _same_period, isouter=True)
    .where(_Q.badge_id.is_(None))
)
_kept = (
    select(_A.id)
    .join(BENEFIT_GRANT, and_(_G.member_id == _A.member_id, _G.ref_id == _A.id))
    .where(_G.ref_kind == "badge", _A.revoked_at.is_not(None), _G.state == "given")
    .where(_A.revoke_reason == "returned")
)
_odd = select(_A.id).where(
    or_(
        _A.level < 1,
        _A.source.not_in(["earned", "backfill", "staff", "grant"]),
        _A.revoked_at < _A.awarded_at,
        _A.seen_at < _A.awarded_at,
        _A.expires_at <= _A.awarded_at,
    )
)
_too_rare = select(_R.badge_id).where(or_(_R.holders > _R.members, _R.holders < 1))
_unfinished = select(_B.id).where(or_(_B.awarded < 0, _B.finished_at < _B.started_at))

INVARIANTS = (
    in_sql("T2", "A level of a badge is held once in its period.", _twice),
    in_sql("T2", "A quota counts what staff gave.", _miscounted),
    in_sql("T2", "What staff gave has its quota.", _uncounted),
    in_sql("T2", "What a badge gave is taken back with it when its purchase is.", _kept),
    in_sql("T2", "An award has a level and a source, and its dates follow each other.", _odd),
    in_sql("T2", "A badge has holders, and no more of them than there are members.", _too_rare),
    in_sql("T2", "A back-fill ends after it begins.", _unfinished),
)
