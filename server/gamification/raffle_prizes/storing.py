"""Writing down what became of a prize."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, update

from server.gamification.raffle_draws.models import RAFFLE_WIN
from server.gamification.raffle_draws.types import Win

_CHANGE = update(RAFFLE_WIN).where(RAFFLE_WIN.c.id == bindparam("win_id"))


def change_win(tx: Connection, win: Win, **changes: Any) -> Win:
    """Change a prize that was won, which the caller has locked, and return it."""
    after = replace(win, **changes)
    values = {name: getattr(after, name) for name in changes}
    if "state" in values:
        values["state"] = str(after.state)
    tx.execute(_CHANGE.values(**values), {"win_id": win.id})
    return after
