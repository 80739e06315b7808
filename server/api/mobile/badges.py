"""Badges of the member: earned, still locked, secret, and new since they were last seen."""

from server.api.endpoint import Call, Reply
from server.api.mobile import member
from server.api.presenters.badges import BadgeOut, BadgeView, present_badge
from server.api.schemas import Instant, Integer, Items, Nested, RequestSchema
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import in_language
from server.core.statements import at_once
from server.gamification.badges.queries import ask_earned, ask_rarity, get_badges, known_badges
from server.gamification.badges.service import mark_seen
from server.gamification.badges.subjects import load_subjects
from server.gamification.badges.types import Badge


class BadgesOut(Out):
    """All badges in the shop's order; `new` is how many were earned since they were seen."""

    items = Items(Nested(BadgeOut), required=True)
    new = Integer(required=True)


class SeenIn(RequestSchema):
    """Up to when badges were seen: the newest `earned_at` on the screen."""

    example = {"until": "2026-11-22T14:36:58Z"}

    until = Instant(required=True)


@member.get("/me/badges", "listMyBadges", answers={200: BadgesOut})
def list_my_badges(call: Call) -> Reply:
    """List badges: earned ones, locked ones with a bar, secret ones as a question mark.

    A badge that is no longer given is listed while the member holds it.
    """
    view, badges = _view(call)
    revision = call.configuration.programme.revision
    live = {badge.id for badge in get_badges(call.tx, revision)}
    held = {badge_id for badge_id, _ in view.earned}
    items = [present_badge(one, view) for one in badges if one.id in live or one.id in held]
    return Reply({"items": items, "new": sum(one["is_new"] for one in items)})


@member.put("/me/badges/seen", "markBadgesSeen", body=SeenIn, answers={204: None})
def mark_badges_seen(call: Call) -> Reply:
    """Mark badges as seen. One that is earned meanwhile stays new."""
    until = min(call.body["until"], call.now)
    mark_seen(call.tx, call.principal.id, until, call.now)
    return Reply(None, 204)


def _view(call: Call) -> tuple[BadgeView, tuple[Badge, ...]]:
    programme = call.configuration.programme
    badges = known_badges(call.tx, programme.revision)
    with at_once(call.tx):
        earned = ask_earned(call.tx, call.principal.id)
        rarity = ask_rarity(call.tx)
    who = load_subjects(call.tx, [call.principal.id], programme.revision, call.now)
    view = BadgeView(
        earned(),
        rarity(),
        who[call.principal.id],
        {badge.key: in_language(badge.names, call.locale) for badge in badges},
        call.locale,
        programme.currency_code,
        call.now,
    )
    return view, badges
