"""Wishes: rewards that members wait for, and telling them once when there is enough."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from server.core.outbox import Event, record
from server.core.statements import Later, Prepared
from server.gamification.rewards.catalogue import Catalogue
from server.gamification.rewards.models import REWARD_WISH
from server.gamification.rewards.rules import missing_for

_W = REWARD_WISH.c
_THIS = (_W.member_id == bindparam("of_member"), _W.reward_id == bindparam("of_reward"))


def _insert(dialect: Any) -> Any:
    return dialect.insert(REWARD_WISH).on_conflict_do_nothing()


_ADD = {"postgresql": _insert(postgresql), "sqlite": _insert(sqlite)}
_REMOVE = delete(REWARD_WISH).where(*_THIS)
_OF_MEMBER = Prepared(select(REWARD_WISH).where(_W.member_id == bindparam("member_id")))
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


def granted_wishes(
    wishes: Mapping[str, datetime | None], catalogue: Catalogue, spendable: Mapping[str, int]
) -> list[str]:
    """Return the rewards that have just become affordable and of which nothing was said yet."""
    untold = {reward_id for reward_id, told_at in wishes.items() if told_at is None}
    live = [reward for reward in catalogue.live if reward.id in untold]
    return [reward.id for reward in live if not missing_for(reward, spendable)]


def tell_affordable(
    tx: Connection, member_id: str, reward_ids: Sequence[str], now: datetime
) -> None:
    """Announce that there is enough for these rewards (`reward.affordable`), once for each wish."""
    rows = [
        {"of_member": member_id, "of_reward": reward_id, "new_told_at": now}
        for reward_id in reward_ids
    ]
    _TELL.run(tx, rows)
    told = [Event("reward.affordable", {"reward_id": one}, member_id) for one in reward_ids]
    record(tx, told, now=now)
