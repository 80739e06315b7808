"""Editions: each published version of a game gets a secret seed, whose hash is public before the
first play; the seed is told when the version is over. Nothing here commits.

A play locks its edition for sharing, so that an edition ends when no play of it is under way, and
whoever knows the seed can play it no more.
"""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from server.core.crypto import Vault
from server.core.ids import new_id
from server.core.outbox import Event, record
from server.gamification.definitions.queries import list_definitions
from server.gamification.definitions.types import Definition, State
from server.gamification.games.errors import GameNotOpen
from server.gamification.games.models import GAME_EDITION, GAME_STOCK
from server.gamification.games.queries import edition_of, game_of
from server.gamification.games.rules import seed_hash
from server.gamification.games.settings import GAMES
from server.gamification.games.types import Edition, Game

SEED_BYTES = 32
_E = GAME_EDITION.c
_ONE = ["game_id", "version"]
_OPEN = {
    "postgresql": postgresql.insert(GAME_EDITION).on_conflict_do_nothing(index_elements=_ONE),
    "sqlite": sqlite.insert(GAME_EDITION).on_conflict_do_nothing(index_elements=_ONE),
}
_STOCK = insert(GAME_STOCK)
_KNOWN = select(_E.game_id, _E.version)
_RUNNING = select(GAME_EDITION).where(_E.ended_at.is_(None)).order_by(_E.id)
_END = (
    update(GAME_EDITION)
    .where(_E.id == bindparam("edition_id"), _E.ended_at.is_(None))
    .values(ended_at=bindparam("at"), seed=bindparam("told"))
)
_LOCK = (
    select(GAME_EDITION)
    .where(_E.game_id == bindparam("of_game"), _E.version == bindparam("of_version"))
    .with_for_update(read=True)
)


def context_of(edition_id: str) -> str:
    """Return what binds a sealed seed to its edition."""
    return f"game_edition:{edition_id}"


def open_editions(tx: Connection, vault: Vault, now: datetime) -> int:
    """Open every published version that has no edition yet; return how many were opened."""
    known = {(row.game_id, row.version) for row in tx.execute(_KNOWN)}
    rows = list_definitions(tx, GAMES.name, (State.PUBLISHED,))
    waiting = [game_of(row) for row in rows if (row.id, row.version) not in known]
    return sum(_open(tx, vault, game, now) for game in waiting if not _is_over(game, now))


def _open(tx: Connection, vault: Vault, game: Game, now: datetime) -> bool:
    edition_id, seed = new_id("ged", now), secrets.token_bytes(SEED_BYTES)
    row: dict[str, Any] = {
        "id": edition_id,
        "game_id": game.id,
        "version": game.version,
        "seed_sealed": vault.seal(seed.hex(), context_of(edition_id)),
        "seed_hash": seed_hash(seed),
        "opened_at": now,
        "ended_at": None,
        "seed": None,
    }
    if not tx.execute(_OPEN[tx.dialect.name], row).rowcount:
        return False
    counted = [
        {"edition_id": edition_id, "prize_key": prize.key, "total": prize.stock}
        | {"given": 0, "in_period": 0, "period_at": None}
        for prize in game.prizes
        if prize.stock is not None
    ]
    if counted:
        tx.execute(_STOCK, counted)
    _tell(tx, "game.opened", game.id, row["seed_hash"], now)
    return True


def end_editions(tx: Connection, vault: Vault, now: datetime) -> int:
    """End the editions that are over and tell their seeds; return how many ended.

    Over is what was replaced by a newer version, put away, or is past its end.
    """
    definitions = {row.id: row for row in list_definitions(tx, GAMES.name)}
    over = [
        row
        for row in tx.execute(_RUNNING).all()
        if _is_replaced(definitions[row.game_id], row.version)
        or _is_over(game_of(definitions[row.game_id]), now)
    ]
    return sum(_end(tx, vault, row.id, now) for row in over)


def _is_replaced(definition: Definition, version: int) -> bool:
    return definition.version > version or definition.state is State.ARCHIVED


def _is_over(game: Game, now: datetime) -> bool:
    return game.ends_at is not None and game.ends_at <= now


def _end(tx: Connection, vault: Vault, edition_id: str, now: datetime) -> bool:
    row = tx.execute(select(GAME_EDITION).where(_E.id == edition_id)).one()
    told = vault.open(row.seed_sealed, context_of(edition_id))
    ended = {"edition_id": edition_id, "at": now, "told": told}
    if not tx.execute(_END, ended).rowcount:
        return False
    _tell(tx, "game.revealed", row.game_id, row.seed_hash, now)
    return True


def _tell(tx: Connection, topic: str, game_id: str, hashed: str, now: datetime) -> None:
    record(tx, [Event(topic, {"game_id": game_id, "seed_hash": hashed}, None)], now=now)


def lock_edition(tx: Connection, vault: Vault, game: Game) -> tuple[Edition, bytes]:
    """Return the running edition of a game with its seed; it cannot end before the transaction.

    Raise `GameNotOpen`.
    """
    row = tx.execute(_LOCK, {"of_game": game.id, "of_version": game.version}).first()
    if row is None or row.ended_at is not None:
        raise GameNotOpen(reason="opening" if row is None else "ended")
    return edition_of(row), bytes.fromhex(vault.open(row.seed_sealed, context_of(row.id)))
