"""Publishing a raffle: rules frozen, the deciding round fixed, prizes set aside in the stock."""

import hashlib
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, update

from server.core.outbox import Event, record
from server.gamification.definitions.types import Definition, Kind
from server.gamification.programme.queries import get_programme
from server.gamification.raffles.checklist import entrants_limit, first_announced, fund_findings
from server.gamification.raffles.errors import RaffleRulesFixed, RaffleUnfit
from server.gamification.raffles.models import RAFFLE, RAFFLE_PRIZE
from server.gamification.raffles.queries import (
    NAME,
    PREFIX,
    find_standing,
    list_prizes,
    lock_standing,
)
from server.gamification.raffles.rounds import round_for
from server.gamification.raffles.rules_text import rules_document
from server.gamification.raffles.settings import read_raffle
from server.gamification.raffles.types import Prize, Raffle, RaffleState
from server.gamification.rewards.catalogue import Catalogue, get_catalogue
from server.gamification.rewards.errors import RewardSoldOut
from server.gamification.rewards.stock import move_stock, take_stock
from server.gamification.rewards.types import Reward, StockState
from server.gamification.tiers.queries import get_ladder

_CHANGEABLE = (RaffleState.PUBLISHED, RaffleState.SELLING)
_INSERT, _INSERT_PRIZE = insert(RAFFLE), insert(RAFFLE_PRIZE)
_REPLACE = update(RAFFLE).where(RAFFLE.c.id == bindparam("raffle_id"))
_FORGET_PRIZES = delete(RAFFLE_PRIZE).where(RAFFLE_PRIZE.c.raffle_id == bindparam("of_raffle"))


def begin_raffle(tx: Connection, definition: Definition, now: datetime) -> None:
    """Begin the raffle of a definition that has just been published, or begin it anew.

    Nothing can be changed once somebody has entered. Raise `RaffleUnfit`, `RaffleRulesFixed`.
    """
    raffle = read_raffle(definition.id, definition.key, definition.settings)
    _check(tx, raffle, now)
    row = _row(tx, raffle, definition, now)
    before = find_standing(tx, raffle.id)
    if before is None:
        tx.execute(_INSERT, row | {"id": raffle.id})
    else:
        before = lock_standing(tx, raffle.id)
        if before.entered_at or before.consolations > row["consolations"]:
            raise RaffleRulesFixed
        if before.state not in _CHANGEABLE:
            raise RaffleRulesFixed(state=str(before.state))
        release_prizes(tx, raffle.id)
        tx.execute(_FORGET_PRIZES, {"of_raffle": raffle.id})
        tx.execute(_REPLACE.values(**row), {"raffle_id": raffle.id})
    tx.execute(_INSERT_PRIZE, [*_prize_rows(tx, raffle)])
    told = {"raffle_id": raffle.id, "rules_hash": row["rules_hash"], "round": row["round"]}
    record(tx, [Event("raffle.published", told)], now=now)


def _check(tx: Connection, raffle: Raffle, now: datetime) -> None:
    programme = get_programme(tx)
    if raffle.closes_at <= now:
        raise _unfit("closes_at_passed", "It would have closed already.")
    for is_fatal, found in fund_findings(raffle, programme.currency_code):
        if is_fatal:
            raise _unfit(found.code, found.text)
    units = {one.unit for one in (raffle.price, raffle.consolation) if one is not None}
    unknown = units - {*programme.units}
    if unknown:
        raise _unfit("unit_unknown", f"There is no unit {', '.join(sorted(unknown))}.")
    tiers = {one.key for one in get_ladder(tx, programme.revision).tiers}
    unknown = {*raffle.entry.tiers} - tiers
    if unknown:
        raise _unfit("tier_unknown", f"There is no tier {', '.join(sorted(unknown))}.")


def _unfit(reason: str, detail: str) -> RaffleUnfit:
    return RaffleUnfit(detail, reason=reason)


def _row(tx: Connection, raffle: Raffle, definition: Definition, now: datetime) -> dict[str, Any]:
    fixed = round_for(raffle.beacon, raffle.closes_at, now)
    programme = get_programme(tx)
    tiers = {one.key: one.names for one in get_ladder(tx, programme.revision).tiers}
    rules = rules_document(raffle, programme, fixed, tiers, definition.settings)
    is_open = raffle.opens_at <= now
    return {
        "version": definition.version,
        "state": str(RaffleState.SELLING if is_open else RaffleState.PUBLISHED),
        "policy": str(raffle.policy),
        "opens_at": raffle.opens_at,
        "closes_at": raffle.closes_at,
        "draws_at": fixed.public_at,
        "source": str(raffle.beacon),
        "chain_hash": fixed.chain_hash,
        "round": fixed.number,
        "rules": rules,
        "rules_hash": hashlib.sha256(rules.encode()).hexdigest(),
        "pseudonym_key": secrets.token_hex(32),
        "prizes": raffle.main_prizes,
        "cap": raffle.cap,
        "entrants_min": raffle.entrants_min,
        "entrants_max": entrants_limit(raffle),
        "entrants": 0,
        "tickets": 0,
        "consolations": first_announced(raffle),
        "published_at": now,
        "told_closing_at": None,
    }


def _prize_rows(tx: Connection, raffle: Raffle) -> Iterator[dict[str, Any]]:
    """Yield the rows of the main prizes, setting rewards of the catalogue aside on the way."""
    catalogue, place = get_catalogue(tx, get_programme(tx).revision), 1
    for prize in raffle.prizes:
        reward = _reward_of(catalogue, prize)
        is_counted = reward is not None and reward.stock is not None
        if reward is not None:
            _reserve(tx, reward, prize.quantity)
        yield {
            "raffle_id": raffle.id,
            "first_place": place,
            "quantity": prize.quantity,
            "names": dict(prize.names),
            "value_minor": prize.value_minor,
            "reward_id": reward.id if reward else None,
            "reward_version": reward.version if reward else 0,
            "reserved": prize.quantity if is_counted else 0,
        }
        place += prize.quantity


def _reward_of(catalogue: Catalogue, prize: Prize) -> Reward | None:
    if not prize.reward:
        return None
    reward = catalogue.by_key.get(prize.reward)
    if reward is None:
        raise _unfit("reward_unknown", f"There is no reward {prize.reward}.")
    if reward.money_minor or reward.is_settled_at_once:
        text = f"{prize.reward} costs money or is paid at once: a prize is claimed for nothing."
        raise _unfit("reward_costs", text)
    return reward


def _reserve(tx: Connection, reward: Reward, quantity: int) -> None:
    try:
        for _ in range(quantity):
            take_stock(tx, reward, StockState.RESERVED)
    except RewardSoldOut as refusal:
        raise _unfit(
            "reward_short", f"There are fewer than {quantity} of {reward.key}."
        ) from refusal


def release_prizes(tx: Connection, raffle_id: str) -> None:
    """Put the main prizes that were set aside and not won back on the shelf."""
    for row in list_prizes(tx, raffle_id):
        for _ in range(row.reserved):
            move_stock(tx, row.reward_id, StockState.RESERVED, StockState.RETURNED)
        _note_reserved(tx, row, 0)


def _note_reserved(tx: Connection, row: Any, reserved: int) -> None:
    of = (RAFFLE_PRIZE.c.raffle_id == row.raffle_id, RAFFLE_PRIZE.c.first_place == row.first_place)
    tx.execute(update(RAFFLE_PRIZE).where(*of).values(reserved=reserved))


RAFFLES: Kind[Raffle] = Kind(NAME, PREFIX, read_raffle, begin_raffle)
