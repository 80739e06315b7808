"""The playful sections of the first screen: bounded, each absent while the shop has none of it."""

from collections.abc import Callable, Mapping
from typing import Any

from server.api.endpoint import Call
from server.api.mobile.challenges import list_challenges
from server.api.mobile.games import GameStub, first_game
from server.api.mobile.raffles import first_raffle
from server.api.mobile.reward_shelf import RewardShelf, visible_of
from server.api.mobile.star_cards import list_cards
from server.api.mobile.streaks import list_streaks
from server.api.presenters.challenges import ChallengeOut
from server.api.presenters.rewards import RewardOut
from server.api.presenters.star_cards import StarCardOut
from server.api.presenters.streaks import StreakOut
from server.api.schemas import Boolean, Integer, Items, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.gamification.playing.queries import get_games
from server.gamification.playing.types import Games
from server.gamification.rewards.types import Shopper
from server.gamification.screens.queries import Screen
from server.gamification.tiers.rules import current_key
from server.notifications.inbox import count_unread

REWARDS, REWARDS_MOST = "rewards", 3
_LAST = ("claimed", "expired")
"""States of challenges that are shown only after all others."""


class _Shelf(Out):
    """A bounded part of a list; `more` says that there are others."""

    status = Text(required=True)
    more = Boolean(required=True)


class StarCardShelf(_Shelf):
    """The fullest star cards."""

    items = Items(Nested(StarCardOut), required=True)


class ChallengeShelf(_Shelf):
    """The challenges that ask for something now."""

    items = Items(Nested(ChallengeOut), required=True)


class StreakShelf(_Shelf):
    """The longest streaks."""

    items = Items(Nested(StreakOut), required=True)


class GameShelf(GameStub):
    """The first of the instant-win games."""

    status = Text(required=True)


class InboxGlance(Out):
    """How many messages wait to be read."""

    status = Text(required=True)
    unread = Integer(required=True)


class RewardsShelf(_Shelf):
    """Rewards that can be had, or almost; first those that the member wishes for."""

    items = Items(Nested(RewardOut), required=True)


def read_shelves(call: Call, screen: Screen, wanted: set[str]) -> dict[str, Any]:
    """Return the sections that were asked for and that the shop has something for.

    The tier of the screen's member is up to date.
    """
    games = get_games(call.tx, call.configuration.programme.revision)
    found = {
        name: _shelf(show(call), most)
        for name, (has, show, most) in SHELVES.items()
        if name in wanted and has(games)
    }
    if REWARDS in wanted and visible_of(call):
        found[REWARDS] = _rewards(call, screen)
    glances = {name: look(call) for name, look in GLANCES.items() if name in wanted}
    return found | {name: {"status": "ok"} | one for name, one in glances.items() if one}


def _rewards(call: Call, screen: Screen) -> dict[str, Any]:
    """Show what is near of the catalogue; `more` says that there are other rewards."""
    shelf = RewardShelf(call, _shopper(call, screen))
    shown = shelf.near()[:REWARDS_MOST]
    items = [shelf.present(reward) for reward in shown]
    return {"status": "ok", "items": items, "more": len(shelf.visible) > len(shown)}


def _shopper(call: Call, screen: Screen) -> Shopper:
    """Return who looks at rewards, out of what was read; points past their date are gone."""
    spendable = {
        one.unit: one.available
        - sum(part for at, part in screen.ladders.get(one.unit, ()) if at <= call.now)
        for one in screen.wallets
    }
    tier_key = current_key(call.configuration.ladder, screen.shopper.standing)
    return Shopper(tier_key, spendable)


def _shelf(items: list[dict[str, Any]], most: int) -> dict[str, Any]:
    return {"status": "ok", "items": items[:most], "more": len(items) > most}


def _fullest(call: Call) -> list[dict[str, Any]]:
    return sorted(list_cards(call), key=lambda one: -one["progress"]["pct"])


def _pressing(call: Call) -> list[dict[str, Any]]:
    """Return what can be claimed first, then the fullest bars; what is over comes last."""
    return sorted(
        list_challenges(call),
        key=lambda one: (one["state"] in _LAST, not one["actions"], -one["progress"]["pct"]),
    )


SHELVES: Mapping[
    str, tuple[Callable[[Games], object], Callable[[Call], list[dict[str, Any]]], int]
] = {
    "star_cards": (lambda games: games.star_cards, _fullest, 2),
    "challenges": (lambda games: games.challenges, _pressing, 3),
    "streaks": (lambda games: games.streaks, list_streaks, 1),
}
"""Whether the shop has it, how it is read, and how many are shown."""


def _inbox(call: Call) -> dict[str, Any]:
    return {"unread": count_unread(call.tx, call.principal.id, call.now)}


GLANCES: Mapping[str, Callable[[Call], dict[str, Any] | None]] = {
    "inbox": _inbox,
    "raffle": first_raffle,
    "game": first_game,
}
"""Sections of a single thing, None while there is none."""
