"""Declaring an invariant: a sentence, and the search for what breaks it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import BindParameter, Connection, Select, bindparam

from server.core.columns import UTCDateTime
from server.gamification.invariants.types import Setting, Violation

SHOWN_MAX = 5
TOLD_DAYS = 60
"""So far back what happened is compared with the outbox, which forgets what was delivered."""
TOLD_SINCE: BindParameter[datetime] = bindparam("told_since", type_=UTCDateTime())
"""The instant `TOLD_DAYS` before a check, for statements of `in_sql`."""
Search = Callable[[Connection, Setting], Iterable[str]]
"""Yields the ids of what breaks an invariant."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A sentence about the data that is always true, and the search for what breaks it."""

    code: str
    sentence: str
    search: Search

    def violation(self, tx: Connection, setting: Setting) -> Violation | None:
        """Return the violation with the first few offenders, or None."""
        found = tuple(islice(self.search(tx, setting), SHOWN_MAX))
        return Violation(self.code, self.sentence, found) if found else None


def in_sql(code: str, sentence: str, statement: Select[tuple[str]]) -> Invariant:
    """Return an invariant that is broken by whatever ids `statement` selects.

    The statement may speak of `TOLD_SINCE`.
    """
    limited = statement.limit(SHOWN_MAX)

    def search(tx: Connection, setting: Setting) -> Iterable[str]:
        since = setting.now - timedelta(days=TOLD_DAYS)
        return (str(found) for found in tx.execute(limited, {"told_since": since}).scalars())

    return Invariant(code, sentence, search)
