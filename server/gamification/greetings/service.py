"""Switching greetings on, and greeting members. Nothing here commits."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert
from sqlalchemy.dialects import postgresql, sqlite

from server.core.clock import local_date
from server.core.outbox import record
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.grants.service import give
from server.gamification.grants.types import Reason
from server.gamification.greetings.events import of_greeting
from server.gamification.greetings.models import GREETING_START, YEARLY_GRANT
from server.gamification.greetings.queries import candidates, starts
from server.gamification.greetings.rules import NAMES, due_on
from server.gamification.greetings.types import Candidate, GreetingKind
from server.gamification.ledger.queries import lock_wallets
from server.gamification.ledger.service import create_wallets
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import POINTS, Policies

ACTOR = "system:greetings"


def _insert(dialect: Any) -> Any:
    return dialect.insert(GREETING_START).on_conflict_do_nothing()


_START = {"postgresql": _insert(postgresql), "sqlite": _insert(sqlite)}
_STOP = delete(GREETING_START).where(GREETING_START.c.kind == bindparam("of_kind"))
_NOTE = insert(YEARLY_GRANT)


def points_of(policies: Policies, kind: GreetingKind) -> int:
    """Return how many points a greeting brings by the settings; 0: it is not given."""
    is_birthday = kind is GreetingKind.BIRTHDAY
    return policies.birthday_points if is_birthday else policies.anniversary_points


def start_greetings(tx: Connection, now: datetime) -> list[GreetingKind]:
    """Note since when each greeting is given, as the settings say; return those that are.

    The first run after a greeting was switched on is its beginning: nothing is made up for.
    """
    programme = get_programme(tx)
    wanted = [kind for kind in GreetingKind if points_of(programme.policies, kind)]
    known = starts(tx)
    for kind in GreetingKind:
        if kind in wanted and kind not in known:
            row = {"kind": str(kind), "since_on": local_date(now, programme.zone)}
            tx.execute(_START[tx.dialect.name], row)
        elif kind in known and kind not in wanted:
            tx.execute(_STOP, {"of_kind": str(kind)})
    return wanted


def greet(tx: Connection, kind: GreetingKind, member_ids: Sequence[str], now: datetime) -> int:
    """Greet those of these members whose day has come, in their own zones; return how many.

    Whoever was greeted already is passed over: it is decided under the lock of the wallets.
    """
    programme = get_programme(tx)
    create_wallets(tx, member_ids, POINTS, now)
    lock_wallets(tx, member_ids, POINTS)
    found = candidates(tx, kind, member_ids, programme.zone, now)
    due = [(one, due_on(kind, one)) for one in sorted(found, key=lambda one: one.member_id)]
    amount = points_of(programme.policies, kind)
    greeted = [_greet_one(tx, (kind, amount), one, day, now) for one, day in due if day and amount]
    return len(greeted)


def _greet_one(
    tx: Connection, what: tuple[GreetingKind, int], one: Candidate, day: date, now: datetime
) -> str:
    kind, amount = what
    reason = Reason("greeting", f"{kind}:{day.year}", NAMES[kind])
    benefit = Benefit(BenefitKind.POINTS, amount, POINTS)
    given = give(tx, one.member_id, [benefit], reason, ACTOR, now)
    row = {"member_id": one.member_id, "kind": str(kind), "year": day.year, "due_on": day}
    tx.execute(_NOTE, row | {"grant_id": given.grant_id})
    record(tx, [of_greeting(one.member_id, kind, amount)], now=now)
    return given.grant_id
