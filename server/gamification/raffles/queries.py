"""Reading raffles: how far they are, and the settings that were published."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from server.core.statements import Prepared
from server.gamification.definitions.queries import Published
from server.gamification.definitions.types import Kind
from server.gamification.definitions.versions import Versions
from server.gamification.raffles.errors import RaffleUnknown
from server.gamification.raffles.models import RAFFLE, RAFFLE_PRIZE
from server.gamification.raffles.settings import read_raffle
from server.gamification.raffles.types import Policy, Raffle, RaffleState, Standing

NAME, PREFIX = "raffle", "rfl"
PUBLISHED: Published = Published(Kind(NAME, PREFIX, read_raffle))
"""The raffles in force and the paused ones, by revision."""
_R, _P = RAFFLE.c, RAFFLE_PRIZE.c
_COLUMNS = [_R[one.name] for one in fields(Standing)]
_BY_ID = Prepared(select(*_COLUMNS).where(_R.id == bindparam("raffle_id")))
_LOCK = Prepared(select(*_COLUMNS).where(_R.id == bindparam("raffle_id")).with_for_update())
_ALL = Prepared(select(*_COLUMNS).order_by(_R.closes_at, _R.id))
_LATE = Prepared(
    select(*_COLUMNS)
    .where(_R.state != "cancelled", _R.closes_at >= bindparam("since"))
    .order_by(_R.closes_at, _R.id)
)
_RULES = Prepared(select(_R.rules, _R.rules_hash).where(_R.id == bindparam("raffle_id")))
_PRIZES = Prepared(
    select(RAFFLE_PRIZE).where(_P.raffle_id == bindparam("raffle_id")).order_by(_P.first_place)
)


def _raffle_of(row: Any) -> Raffle:
    return replace(read_raffle(row.id, row.key, row.settings), version=row.version)


_VERSIONS: Versions[Raffle] = Versions(_raffle_of, RaffleUnknown)


def find_standing(tx: Connection, raffle_id: str) -> Standing | None:
    """Return how far a published raffle is, None without one."""
    row = _BY_ID.first(tx, {"raffle_id": raffle_id})
    return standing_of(row) if row else None


def get_standing(tx: Connection, raffle_id: str) -> Standing:
    """Return how far a published raffle is. Raise `RaffleUnknown`."""
    found = find_standing(tx, raffle_id)
    if found is None:
        raise RaffleUnknown
    return found


def lock_standing(tx: Connection, raffle_id: str) -> Standing:
    """Lock a raffle's row, after all wallets, and return it. Raise `RaffleUnknown`."""
    row = _LOCK.first(tx, {"raffle_id": raffle_id})
    if row is None:
        raise RaffleUnknown
    return standing_of(row)


def list_standings(tx: Connection, since: datetime | None = None) -> list[Standing]:
    """Return all raffles by their end; with `since` those not cancelled that close later."""
    rows = _ALL.all(tx) if since is None else _LATE.all(tx, {"since": since})
    return [standing_of(row) for row in rows]


def list_prizes(tx: Connection, raffle_id: str) -> Sequence[Any]:
    """Return the rows of a raffle's main prizes in the order of their places."""
    return _PRIZES.all(tx, {"raffle_id": raffle_id})


def get_rules(tx: Connection, raffle_id: str) -> tuple[str, str]:
    """Return the frozen rules document and its SHA-256. Raise `RaffleUnknown`."""
    row = _RULES.first(tx, {"raffle_id": raffle_id})
    if row is None:
        raise RaffleUnknown
    return row.rules, row.rules_hash


def raffle_at(tx: Connection, raffle_id: str, version: int) -> Raffle:
    """Return a raffle as it was published in a version, which never changes."""
    return _VERSIONS.at(tx, raffle_id, version)


def find_live(tx: Connection, revision: str, id_or_key: str) -> Raffle | None:
    """Return a raffle in force by its id or key; None when it is paused, archived or unknown."""
    for raffle in PUBLISHED.live(tx, revision):
        if id_or_key in (raffle.id, raffle.key):
            found: Raffle = raffle
            return found
    return None


def standing_of(row: Any) -> Standing:
    """Build a standing from its row."""
    values = row._asdict()
    words = {"state": RaffleState(row.state), "policy": Policy(row.policy)}
    return Standing(**{**values, **words})
