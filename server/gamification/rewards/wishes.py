"""Wishes: rewards that members wait for, and telling them once when there is enough."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from server.core.outbox import Event, record
from server.core.statements import Later, Prepared
from server.gamification.ledger.models import WALLET
from server.gamification.ledger.service import open_book
from server.gamification.programme.types import POINTS
from server.gamification.rewards.models import REWARD_WISH
from server.gamification.rewards.rules import missing_for
from server.gamification.rewards.types import Reward

_W = REWARD_WISH.c
_THIS = (_W.member_id == bindparam("of_member"), _W.reward_id == bindparam("of_reward"))


def _insert(dialect: Any) -> Any:
    return dialect.insert(REWARD_WISH).on_conflict_do_nothing()


_ADD = {"postgresql": _insert(postgresql), "sqlite": _insert(sqlite)}
_REMOVE = delete(REWARD_WISH).where(*_THIS)
_OF_MEMBER = Prepared(select(REWARD_WISH).where(_W.member_id == bindparam("member_id")))
_WAITING = Prepared(
    select(_W.member_id)
    .join(WALLET, WALLET.c.member_id == _W.member_id)
    .where(
        _W.reward_id == bindparam("of_reward"),
        _W.told_at.is_(None),
        _W.member_id > bindparam("after_id"),
        WALLET.c.unit == bindparam("of_unit"),
        WALLET.c.available >= bindparam("least"),
    )
    .order_by(_W.member_id)
    .limit(bindparam("page_rows"))
)
_TELL = Prepared(update(REWARD_WISH).where(*_THIS).values(told_at=bindparam("new_told_at")))


def wish(tx: Connection, member_id: str, reward_id: str, now: datetime) -> None:
    """Remember that a member waits for a reward; once is enough."""
    row = {"member_id": member_id, "reward_id": reward_id, "wished_at": now, "told_at": None}
    tx.execute(_ADD[tx.dialect.name], row)


def unwish(tx: Connection, member_id: str, reward_id: str) -> None:
    """Forget a wish, if there is one."""
    tx.execute(_REMOVE, {"of_member": member_id, "of_reward": reward_id})


def ask_wishes(tx: Connection, member_id: str) -> Later[dict[str, datetime | None]]:
    """Ask for what a member waits for: by reward, when it was said that there is enough."""
    sent = _OF_MEMBER.send(tx, {"member_id": member_id})
    return lambda: {row.reward_id: row.told_at for row in sent.all()}


def page_of_waiting(tx: Connection, reward: Reward, after_id: str, limit: int) -> list[str]:
    """Return members after `after_id` who wait for a reward, were not told, and may have enough.

    Only the first part of the price is looked at, and points past their date still count.
    """
    unit, amount = next(iter(reward.price.items()))
    keys = {"of_reward": reward.id, "of_unit": unit, "least": amount}
    rows = _WAITING.all(tx, keys | {"after_id": after_id, "page_rows": limit})
    return [row.member_id for row in rows]


def tell_if_affordable(tx: Connection, member_id: str, reward: Reward, now: datetime) -> bool:
    """Announce that there is enough for a reward (`reward.affordable`), once for each wish.

    The wallets are locked, so that of two who look at once only one tells. Return whether it was
    told now.
    """
    units = sorted({POINTS, *reward.price}, key=lambda unit: (unit != POINTS, unit))
    spendable = {unit: open_book(tx, member_id, unit, now).wallet.available for unit in units}
    wishes = ask_wishes(tx, member_id)()
    if wishes.get(reward.id, now) is not None or missing_for(reward, spendable):
        return False
    _TELL.run(tx, [{"of_member": member_id, "of_reward": reward.id, "new_told_at": now}])
    record(tx, [Event("reward.affordable", {"reward_id": reward.id}, member_id)], now=now)
    return True
