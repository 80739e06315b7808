"""Badges given by the shop's people."""

from typing import Any

from server.api.endpoint import Call, Reply
from server.api.partner import partner
from server.api.partner.transactions import recording_of
from server.api.presenters.badges import level_title
from server.api.presenters.rewards_given import BenefitView, given_text
from server.api.presenters.updates import Updates, updates_now
from server.api.schemas import Instant, Integer, Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.views import benefit_view_of, tier_view_of
from server.core.errors import NotFound
from server.gamification.badges.errors import (
    BadgeHeld,
    BadgeLocked,
    BadgeNotGrantable,
    BadgeQuotaSpent,
    BadgeUnknown,
)
from server.gamification.badges.staff import give_by_staff
from server.gamification.badges.types import Award
from server.gamification.grants.service import give
from server.gamification.grants.types import Given, Reason
from server.gamification.ledger.service import open_book
from server.gamification.members.errors import MemberBlocked, MemberMerged
from server.gamification.programme.types import POINTS


class BadgeGrantIn(RequestSchema):
    """Which badge, by its id or key, and why."""

    example = {"badge_id": "ambassador", "reason": "Brought three friends"}

    badge_id = Text(required=True, most=40)
    reason = Text(required=True, most=200)


class BadgeGiven(Out):
    """The level of a badge that the member has now."""

    award_id = Text(required=True)
    badge_id = Text(required=True)
    title = Text(required=True)
    level = Integer(required=True)
    expires_at = Instant(required=True, allow_none=True)


class BadgeBenefit(Out):
    """What the badge brought: `key` is the unit of points and stars, or the thing's key; `text`
    says it in words.
    """

    kind = Text(required=True)
    amount = Integer(required=True)
    key = Text(required=True)
    text = Text(required=True)


class BadgeGrantOut(Out):
    """The badge, what it brought, and how the member stands after it."""

    badge = Nested(BadgeGiven, required=True)
    granted = Items(Nested(BadgeBenefit), required=True)
    updates = Nested(Updates, required=True)


@partner.post(
    "/members/{member_id}/badges",
    "giveBadge",
    scope="badges:write",
    body=BadgeGrantIn,
    answers={201: BadgeGrantOut},
    refuses=(
        NotFound,
        BadgeUnknown,
        BadgeNotGrantable,
        BadgeHeld,
        BadgeLocked,
        BadgeQuotaSpent,
        MemberBlocked,
        MemberMerged,
    ),
    idempotency="required",
)
def give_badge(call: Call, member_id: str) -> Reply:
    """Give a member the next level of a badge that people may give, within its quota."""
    recording = recording_of(call)
    body = call.body
    made = give_by_staff(
        call.tx, member_id, body["badge_id"], body["reason"], recording.actor, call.now
    )
    reason = Reason("badge", made.id, made.badge.names)
    given = give(call.tx, member_id, made.level.benefits, reason, recording.actor, call.now)
    wallet = open_book(call.tx, member_id, POINTS, call.now).wallet
    updates = updates_now(call.tx, wallet, tier_view_of(call))
    return Reply(_present(made, given, benefit_view_of(call)) | {"updates": updates}, 201)


def _present(made: Award, given: Given, view: BenefitView) -> dict[str, Any]:
    badge = {
        "award_id": made.id,
        "badge_id": made.badge.id,
        "title": level_title(made.badge, made.level, view.locale),
        "level": made.level.number,
        "expires_at": made.expires_at,
    }
    granted = [
        {"kind": str(b.kind), "amount": b.amount, "key": b.key, "text": given_text(b, view)}
        for b in given.benefits
    ]
    return {"badge": badge, "granted": granted}
