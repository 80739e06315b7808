"""The one thing that is worth doing next, chosen from what the first screen shows."""

from collections.abc import Iterator, Mapping
from typing import Any

from server.api.schemas import ResponseSchema as Out
from server.api.schemas import Text
from server.core.i18n import gettext, message

_PLAYED = ("joined", "in_progress")


class NextBest(Out):
    """What to do next. `kind` is claim, redeem, play or save; the link is a path of the app."""

    kind = Text(required=True)
    title = Text(required=True)
    deep_link = Text(required=True)


def next_best(shelves: Mapping[str, Any], locale: str) -> dict[str, Any] | None:
    """Return the first of these that there is: something to claim (a challenge, a full card), a
    play of a game that is there, a reward that can be had, a challenge that is begun, a reward
    that almost can be had.
    """
    return next(_candidates(shelves, locale), None)


def _candidates(shelves: Mapping[str, Any], locale: str) -> Iterator[dict[str, Any]]:
    challenges, rewards = _items(shelves, "challenges"), _items(shelves, "rewards")
    yield from _free(shelves, locale)
    for one in rewards:
        if one["state"] == "affordable":
            yield _best("redeem", message("You have enough for “{title}”"), one, "rewards", locale)
    for one in challenges:
        if one["state"] in _PLAYED:
            text = one["progress"]["text"]
            yield _best("play", message("“{title}”: {text}"), one, "challenges", locale, text)
    for one in rewards:
        text = one["text"]
        yield _best("save", message("“{title}”: {text}"), one, "rewards", locale, text)


def _free(shelves: Mapping[str, Any], locale: str) -> Iterator[dict[str, Any]]:
    """Yield what costs nothing: what can be claimed, and a play that is there."""
    for one in _items(shelves, "challenges"):
        if _is_claimable(one):
            yield _best("claim", message("You finished “{title}”"), one, "challenges", locale)
    for one in _items(shelves, "star_cards"):
        if _is_claimable(one):
            yield _best("claim", message("“{title}” is full"), one, "star-cards", locale)
    game = shelves.get("game")
    if game and game["plays_left"]:
        yield _best("play", message("“{title}”: a play is waiting"), game, "games", locale)


def _items(shelves: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shelves.get(name, {}).get("items", [])
    return found


def _is_claimable(one: dict[str, Any]) -> bool:
    return any(each["kind"] == "claim" and each["enabled"] for each in one["actions"])


def _best(
    kind: str, said: str, one: dict[str, Any], path: str, locale: str, text: str = ""
) -> dict[str, Any]:
    title = gettext(locale, said, title=one["title"], text=text)
    return {"kind": kind, "title": title, "deep_link": f"/{path}/{one['id']}"}
