"""Giving benefits and taking them back. Nothing here commits.

The caller's transaction locks the member's points wallet first, so two grants for one reason never
race: the second finds the first.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, update

from server.core.errors import Refusal
from server.core.ids import new_id
from server.core.outbox import record
from server.core.statements import Prepared
from server.gamification.badges.queries import get_badge
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.grants import events
from server.gamification.grants.giving import GIVERS, Occasion
from server.gamification.grants.models import BENEFIT_GRANT
from server.gamification.grants.queries import find_grant_row, given_of
from server.gamification.grants.types import Given, Part, PartState, Reason
from server.gamification.ledger.service import open_book
from server.gamification.programme.queries import current_revision
from server.gamification.programme.types import POINTS

_INSERT = Prepared(insert(BENEFIT_GRANT))
_TAKE_BACK = (
    update(BENEFIT_GRANT)
    .where(BENEFIT_GRANT.c.id == bindparam("grant_id"), BENEFIT_GRANT.c.state == "given")
    .values(state="taken_back", taken_back_at=bindparam("at"), parts=bindparam("new_parts"))
)


def give(
    tx: Connection,
    member_id: str,
    benefits: Sequence[Benefit],
    reason: Reason,
    actor: str,
    now: datetime,
) -> Given:
    """Give a member benefits for a reason; for the same reason again return the first grant.

    A benefit that cannot be given (the reward is sold out) is kept with the code of the refusal;
    the others are given. A badge that is given gives its own benefits, but a badge among those
    gives nothing more. Raise `NotFound` when there is no such member.
    """
    open_book(tx, member_id, POINTS, now)
    return _give(tx, benefits, Occasion(member_id, reason, actor, now))


def _give(tx: Connection, benefits: Sequence[Benefit], on: Occasion) -> Given:
    row = find_grant_row(tx, on.member_id, on.reason.ref_kind, on.reason.ref_id)
    if row is not None:
        return given_of(row, is_repeated=True)
    on = replace(on, grant_id=new_id("grt", on.now))
    parts = tuple(_give_one(tx, benefit, on) for benefit in benefits)
    given = Given(on.grant_id, on.member_id, on.reason, parts)
    _INSERT.run(tx, [_row(given, on)])
    record(tx, [events.of_grant(given)], now=on.now)
    return given


def _give_one(tx: Connection, benefit: Benefit, on: Occasion) -> Part:
    try:
        ref = GIVERS[benefit.kind].give(tx, benefit, on)
    except Refusal as refusal:
        return Part(benefit, PartState.REFUSED, None, refusal.code)
    if benefit.kind is BenefitKind.BADGE and ref is not None and not on.depth:
        _give_what_it_brings(tx, benefit, ref, on)
    return Part(benefit, PartState.GIVEN, ref)


def _give_what_it_brings(tx: Connection, badge: Benefit, award_id: str, on: Occasion) -> None:
    """Give the benefits of a badge that was just given, as a grant of its own."""
    found = get_badge(tx, current_revision(tx), badge.key)
    level = found.levels[badge.amount - 1]
    if level.benefits:
        reason = Reason("badge", award_id, found.names, on.reason.activity_id)
        _give(tx, level.benefits, replace(on, reason=reason, depth=1))


def take_back(
    tx: Connection, member_id: str, ref: tuple[str, str], actor: str, now: datetime
) -> Given | None:
    """Take back what was given for the reason `ref` (kind and id); None if nothing was, or is.

    Points and stars are clawed back (what was spent becomes debt), badges revoked, unused
    vouchers withdrawn; what cannot be taken is marked as kept.
    """
    open_book(tx, member_id, POINTS, now)
    row = find_grant_row(tx, member_id, *ref)
    if row is None or row.state != "given":
        return None
    before = given_of(row)
    on = Occasion(member_id, before.reason, actor, now, before.grant_id)
    parts = tuple(_take_one(tx, part, on) for part in before.parts)
    after = replace(before, parts=parts)
    stored = [part.dump() for part in parts]
    tx.execute(_TAKE_BACK, {"grant_id": row.id, "at": now, "new_parts": stored})
    record(tx, [events.of_taking_back(after)], now=now)
    return after


def _take_one(tx: Connection, part: Part, on: Occasion) -> Part:
    if part.state is not PartState.GIVEN or part.ref is None:
        return part
    if part.benefit.kind is BenefitKind.BADGE:
        take_back(tx, on.member_id, ("badge", part.ref), on.actor, on.now)
    taken = GIVERS[part.benefit.kind].take_back(tx, part.benefit, part.ref, on)
    return replace(part, state=PartState.TAKEN if taken else PartState.KEPT)


def _row(given: Given, on: Occasion) -> dict[str, object]:
    return {
        "id": given.grant_id,
        "member_id": given.member_id,
        "ref_kind": given.reason.ref_kind,
        "ref_id": given.reason.ref_id,
        "activity_id": given.reason.activity_id,
        "names": dict(given.reason.names),
        "parts": [part.dump() for part in given.parts],
        "state": "given",
        "actor": on.actor,
        "given_at": on.now,
        "taken_back_at": None,
    }
