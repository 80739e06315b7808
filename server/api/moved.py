"""What a write has moved in games, as parts of `updates`: only what there is, else nothing."""

from collections.abc import Sequence
from typing import Any

from server.api.endpoint import Call
from server.api.presenters.badges import level_title
from server.api.presenters.balances import unit_view
from server.api.presenters.challenges import present_moved
from server.api.presenters.star_cards import present_star_card
from server.gamification.activities.types import Outcome
from server.gamification.badges.types import Badge
from server.gamification.ledger.types import Wallet
from server.gamification.playing.queries import get_games
from server.gamification.playing.types import Games
from server.gamification.screens.moved import read_moved
from server.gamification.star_cards.rules import collected


def moved_in_games(
    call: Call, member_id: str, activity_ids: Sequence[str], others: Sequence[Wallet] = ()
) -> dict[str, Any]:
    """Return `challenges`, `star_cards` and `badges_new` of `updates`, each where it is not empty.

    `others` are the wallets of other units than points that were moved. A shop without games is
    asked nothing.
    """
    games = get_games(call.tx, call.configuration.programme.revision)
    if games.is_empty:
        return {}
    moved = read_moved(call.tx, member_id, activity_ids, call.now)
    view = unit_view(call.configuration.programme, "points", call.locale, call.now)
    known = {one.id: one for one in games.challenges}
    rounds = [row for row in moved.rounds if row.challenge_id in known]
    parts = {
        "challenges": [present_moved(known[row.challenge_id], row, view) for row in rounds],
        "star_cards": _star_cards(call, games, others),
        "badges_new": _badges(call, games, moved.awards),
    }
    return {name: part for name, part in parts.items() if part}


def with_moved(call: Call, body: dict[str, Any], outcome: Outcome) -> dict[str, Any]:
    """Return the answer to a recorded activity with what it has moved in games, if it is new."""
    if not outcome.is_duplicate:
        moved = moved_in_games(call, outcome.member_id, [outcome.activity_id], outcome.others)
        body["updates"] |= moved
    return body


def _star_cards(call: Call, games: Games, others: Sequence[Wallet]) -> list[dict[str, Any]]:
    held = {wallet.unit: wallet.available for wallet in others}
    programme = call.configuration.programme
    return [
        present_star_card(
            collected(card, held[card.unit]),
            unit_view(programme, card.unit, call.locale, call.now),
        )
        for card in games.star_cards
        if card.unit in held
    ]


def _badges(call: Call, games: Games, awards: Sequence[Any]) -> list[dict[str, Any]]:
    known = {badge.id: badge for badge in (*games.badges, *games.other_badges)}
    return [
        {
            "id": row.badge_id,
            "level": row.level,
            "title": _title(known[row.badge_id], row.level, call.locale),
        }
        for row in awards
        if row.badge_id in known
    ]


def _title(badge: Badge, number: int, locale: str) -> str:
    return level_title(badge, badge.levels[number - 1], locale)
