"""Updates: what a write has moved, so that an app repaints without asking again."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from server.api.presenters.balances import BalanceUpdate, balance_update
from server.api.presenters.progress import ProgressOut
from server.api.presenters.star_cards import StarCardOut
from server.api.presenters.tiers import TierSummary, TierView, summarise_tier
from server.api.schemas import Integer, Items, Nested, Text
from server.api.schemas import ResponseSchema as Out
from server.gamification.activities.queries import find_shopper
from server.gamification.activities.types import Shopper
from server.gamification.ledger.types import Wallet
from server.gamification.standings.climbing import look_up_tier, outlook_of

_OPTIONAL = {"optional": True}


class ChallengeMoved(Out):
    """A challenge that was moved: state and bar as they are now."""

    id = Text(required=True)
    title = Text(required=True)
    state = Text(required=True)
    progress = Nested(ProgressOut, required=True)


class BadgeNew(Out):
    """A badge that was just given."""

    id = Text(required=True)
    level = Integer(required=True)
    title = Text(required=True)


class Updates(Out):
    """Only what changed; parts that did not are null, and those of games are absent."""

    balances = Items(Nested(BalanceUpdate), required=True)
    tier = Nested(TierSummary, required=True, allow_none=True)
    challenges = Items(Nested(ChallengeMoved), metadata=_OPTIONAL)
    star_cards = Items(Nested(StarCardOut), metadata=_OPTIONAL)
    badges_new = Items(Nested(BadgeNew), metadata=_OPTIONAL)


def updates_now(
    tx: Connection, wallet: Wallet, view: TierView, others: Sequence[Wallet] = ()
) -> dict[str, Any]:
    """Return balances and the tier bar of a wallet's member, read and settled anew."""
    shopper = find_shopper(tx, wallet.member_id)
    if shopper is not None:
        look_up_tier(tx, shopper, view.ladder, view.points.now)
    return updates_of(wallet, shopper, view, others)


def updates_of(
    wallet: Wallet, shopper: Shopper | None, view: TierView, others: Sequence[Wallet] = ()
) -> dict[str, Any]:
    """Return the balances and, when known (settled, with days read), the tier bar as they are.

    `others` are wallets of other units that were moved.
    """
    tier = None
    if shopper is not None:
        ahead = outlook_of(shopper, view.ladder, view.points.now)
        tier = summarise_tier(shopper.standing, ahead, view)
    moved = [balance_update(one, view.of_unit(one.unit).points) for one in (wallet, *others)]
    return {"balances": moved, "tier": tier}
