"""Instant-win games as members see them: odds in words, what is left, what a play gave."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import floor
from typing import Any

from server.api.presenters.actions import ActionOut, ImageOut, action, present_image
from server.api.presenters.rewards import PriceOut
from server.api.presenters.rewards_given import (
    BenefitView,
    GrantedPart,
    present_benefits,
    present_granted,
)
from server.api.schemas import Boolean, Choice, Instant, Integer, Items, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.core.i18n import format_number, gettext, in_language, message
from server.gamification.definitions.benefits import BenefitKind
from server.gamification.game_plays.types import Left, Outcome, Play
from server.gamification.games.rules import odds
from server.gamification.games.types import CONSOLATION, FLOOR, Edition, Game, Look, Prize
from server.gamification.grants.types import Given
from server.gamification.programme.types import POINTS

MILLION = 1_000_000
NOTHING = "nothing"
_MILLISECONDS = {Look.WHEEL: 4200, Look.SCRATCH: 1500, Look.BOXES: 1200}


class OddsOut(Out):
    """The chance of one prize at the next play, in millionths, rounded down, and in words."""

    prize = Text(required=True, metadata={"description": "The key of the prize, or `nothing`."})
    title = Text(required=True)
    text = Text(required=True)
    ppm = Integer(required=True)
    image = Nested(ImageOut, required=True, allow_none=True)


class ChanceOut(Out):
    """A chance in millionths, rounded down, and in words."""

    ppm = Integer(required=True)
    text = Text(required=True)


class FairnessOut(Out):
    """What was promised before the first play: the hash of the secret seed of this version.

    `entrant` stands for the member in the proof; null before the first play.
    """

    version = Integer(required=True)
    seed_hash = Text(required=True, allow_none=True)
    entrant = Text(required=True, allow_none=True)
    proof_url = Text(required=True)


class GameOut(Out):
    """A game. How large the slices of a wheel are drawn says nothing of the odds.

    `state` is open, not_started, opening (try again soon) or locked (for other members).
    `next_play_at` is when there is a free play again, null while one is there.
    """

    id = Text(required=True)
    kind = Text(required=True, metadata={"description": "wheel, scratch or boxes"})
    title = Text(required=True)
    info = Text(required=True, allow_none=True)
    image = Nested(ImageOut, required=True, allow_none=True)
    state = Text(required=True)
    floor = Nested(ChanceOut, required=True)
    win = Nested(ChanceOut, required=True)
    odds = Items(Nested(OddsOut), required=True)
    plays_left = Integer(required=True)
    next_play_at = Instant(required=True, allow_none=True)
    price = Nested(PriceOut, required=True, allow_none=True)
    starts_at = Instant(required=True, allow_none=True)
    ends_at = Instant(required=True, allow_none=True)
    fairness = Nested(FairnessOut, required=True)
    actions = Items(Nested(ActionOut), required=True)


class PlayPart(Out):
    """A play. `source` says what it was played with: free, credit (given) or points."""

    id = Text(required=True)
    game_id = Text(required=True)
    outcome = Choice("lost", "prize", "points", required=True)
    source = Text(required=True)
    played_at = Instant(required=True)


class RevealOut(Out):
    """Where the app lets the wheel stop: a place in `odds`, and for how long it may turn."""

    segment_index = Integer(required=True)
    duration_ms = Integer(required=True)


class VoucherRef(Out):
    """A voucher that was won."""

    id = Text(required=True)


class WonOut(Out):
    """What a play gave."""

    kind = Text(required=True)
    title = Text(required=True)
    image = Nested(ImageOut, required=True, allow_none=True)
    granted = Items(Nested(GrantedPart), required=True)
    voucher = Nested(VoucherRef, required=True, allow_none=True)


class PlayProof(Out):
    """What the id of the play follows from, see the documentation of games."""

    version = Integer(required=True)
    number = Integer(required=True)
    nonce_hash = Text(required=True)
    losses_before = Integer(required=True)
    is_forced = Boolean(required=True)


class PlayOut(Out):
    """A play with its outcome, decided before anything turns."""

    play = Nested(PlayPart, required=True)
    reveal = Nested(RevealOut, required=True)
    prize = Nested(WonOut, required=True, allow_none=True)
    proof = Nested(PlayProof, required=True)


@dataclass(frozen=True, slots=True)
class Table:
    """What is known of a game and a member: state, what is left, losses in a row, what is gone."""

    game: Game
    edition: Edition | None
    state: str
    left: Left
    next_play_at: datetime | None
    losses: int
    entrant: str | None
    sold_out: list[str]


def present_game(table: Table, view: BenefitView) -> dict[str, Any]:
    """Return a game as a member sees it."""
    game, locale = table.game, view.locale
    shares = odds(game, table.losses, table.sold_out)
    win = sum(shares.values(), Fraction(0))
    return {
        "id": game.id,
        "kind": str(game.look),
        "title": in_language(game.names, locale),
        "info": in_language(game.texts, locale) if game.texts else None,
        "image": present_image(game.image, locale),
        "state": table.state,
        "floor": {"ppm": MILLION * FLOOR[0] // FLOOR[1], "text": _floor_text(locale)},
        "win": _chance(win, locale),
        "odds": [_odds(prize, shares[prize.key], view) for prize in game.segments]
        + [_no_win(1 - win, locale)],
        "plays_left": table.left.plays,
        "next_play_at": table.next_play_at,
        "price": _price(game, view),
        "starts_at": game.starts_at,
        "ends_at": game.ends_at,
        "fairness": _fairness(table),
        "actions": _actions(table, view),
    }


def present_play(play: Play, game: Game, given: Given | None, view: BenefitView) -> dict[str, Any]:
    """Return a play and what it gave."""
    part = {"id": play.id, "game_id": play.game_id, "outcome": str(play.outcome)}
    proof = {"version": play.version, "number": play.number, "nonce_hash": play.nonce_hash}
    return {
        "play": part | {"source": str(play.source), "played_at": play.played_at},
        "reveal": {"segment_index": _segment(play, game), "duration_ms": _MILLISECONDS[game.look]},
        "prize": _won(play, game, given, view) if given else None,
        "proof": proof | {"losses_before": play.losses_before, "is_forced": play.is_forced},
    }


def odds_text(share: Fraction, locale: str) -> str:
    """Return a chance in words: "1 in 4", "about 1 in 140"."""
    if not share:
        return gettext(locale, message("not to be had just now"))
    if share > Fraction(1, 2):
        return gettext(locale, message("{number} in 100"), number=floor(share * 100))
    one_in = 1 / share
    number = format_number(locale, floor(one_in + Fraction(1, 2)))
    if one_in.denominator == 1:
        return gettext(locale, message("1 in {number}"), number=number)
    return gettext(locale, message("about 1 in {number}"), number=number)


def prize_title(prize: Prize, view: BenefitView) -> str:
    """Return what a prize is called: its own name, or what it gives."""
    if prize.names:
        return in_language(prize.names, view.locale)
    given = present_benefits(prize.benefits, view)
    return str(given["title"]) if given else ""


def _floor_text(locale: str) -> str:
    text = message("Every play wins with a chance of at least 1 in 4, whatever happened before")
    return gettext(locale, text)


def _chance(share: Fraction, locale: str) -> dict[str, Any]:
    return {"ppm": floor(share * MILLION), "text": odds_text(share, locale)}


def _odds(prize: Prize, share: Fraction, view: BenefitView) -> dict[str, Any]:
    named = {"prize": prize.key, "title": prize_title(prize, view)}
    return named | _chance(share, view.locale) | {"image": present_image(prize.image, view.locale)}


def _no_win(share: Fraction, locale: str) -> dict[str, Any]:
    text = odds_text(share, locale) if share else gettext(locale, message("never"))
    title = gettext(locale, message("No win this time"))
    return {
        "prize": NOTHING,
        "title": title,
        "ppm": floor(share * MILLION),
        "text": text,
        "image": None,
    }


def _price(game: Game, view: BenefitView) -> dict[str, Any] | None:
    points = game.price_points
    return {"amount": points, "unit": POINTS, "text": view.text(points)} if points else None


def _fairness(table: Table) -> dict[str, Any]:
    return {
        "version": table.game.version,
        "seed_hash": table.edition.seed_hash if table.edition else None,
        "entrant": table.entrant,
        "proof_url": f"/v1/games/{table.game.id}/proof",
    }


def _actions(table: Table, view: BenefitView) -> list[dict[str, Any]]:
    closed = {"open": None, "locked": "game_not_for_you"}.get(table.state, "game_not_open")
    none_left = None if table.left.plays else "no_plays_left"
    label = gettext(view.locale, message("Play"))
    found = [action("play", label, closed or none_left)]
    if table.game.price_points:
        price = view.text(table.game.price_points)
        label = gettext(view.locale, message("Play for {points}"), points=price)
        limit = None if table.left.today else "no_plays_left"
        found.append(action("play_for_points", label, closed or limit))
    return found


def _segment(play: Play, game: Game) -> int:
    """Return the place in the odds of what was won; `nothing` is the last."""
    keys = [prize.key for prize in game.segments]
    if play.outcome is Outcome.LOST:
        return len(keys)
    return keys.index(CONSOLATION if play.outcome is Outcome.POINTS else play.prize_key or "")


def _won(play: Play, game: Game, given: Given, view: BenefitView) -> dict[str, Any]:
    prize = game.segments[_segment(play, game)]
    vouchers = [part.ref for part in given.parts if part.benefit.kind is BenefitKind.REWARD]
    kind = "voucher" if vouchers else str(prize.benefits[0].kind)
    return {
        "kind": kind,
        "title": prize_title(prize, view),
        "image": present_image(prize.image, view.locale),
        "granted": present_granted([given], view),
        "voucher": {"id": vouchers[0]} if vouchers else None,
    }
