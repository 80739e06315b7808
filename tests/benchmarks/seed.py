"""A shop to measure: programme, key, members with a past, and what one purchase looks like."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from server.app import create_app
from server.core import clock
from server.core.db import db, reading, transaction
from server.core.installation import installation
from server.gamification.activities.configuration import get_configuration
from server.gamification.activities.pipeline import record_purchases
from server.gamification.activities.types import Purchase, PurchaseLine, Recording
from server.gamification.badges.settings import BADGES
from server.gamification.challenges.settings import CHALLENGES
from server.gamification.definitions.queries import list_definitions
from server.gamification.definitions.service import install, pause
from server.gamification.definitions.types import State
from server.gamification.members.queries import get_member
from server.gamification.members.service import enrol_all
from server.gamification.members.types import Enrolment, Profile, Source
from server.gamification.partners.keys import add_partner_key
from server.gamification.partners.service import add_partner
from server.gamification.partners.types import Scope
from server.gamification.presets.service import apply_preset
from server.gamification.sessions.service import open_session
from server.gamification.sessions.tokens import Issuer
from server.gamification.sessions.types import Installation
from tests.benchmarks.rules import put_rules_in_force
from tests.benchmarks.serving import settings_of

CHUNK = 500
READERS = 200
LINES = (
    PurchaseLine(700, 2, sku="coffee-250", category="coffee"),
    PurchaseLine(1850, 1, sku="book-17", category="books"),
    PurchaseLine(530, 1, sku="bread", category="bakery"),
)
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Shop:
    """A seeded database: the partner's key, all members, and signed-in ones with their tokens."""

    database_url: str
    key: str
    member_ids: list[str]
    tokens: list[str]


def seed_shop(database_url: str, members: int, rules: int = 10) -> Shop:
    """Set a shop up in a migrated database: every member has bought once."""
    with application(database_url):
        now = clock.now()
        with transaction() as tx:
            apply_preset(tx, "four_metals", now)
            put_rules_in_force(tx, rules, now)
            key = _add_key(tx, now)
        ids = [one for start in range(0, members, CHUNK) for one in _enrol(start, members, now)]
        with transaction() as tx:
            tokens = [_sign_in(tx, member_id, now) for member_id in ids[-READERS:]]
            tx.execute(text("UPDATE api_key SET last_used_at = now()"))
        _settle()
        return Shop(database_url, key, ids[:-READERS] or ids, tokens)


def _add_key(tx: Connection, now: datetime) -> str:
    partner_id, _ = add_partner(tx, installation().vault, "Bench", now)
    return add_partner_key(tx, partner_id, "bench", tuple(Scope), now).secret


def _enrol(start: int, members: int, now: datetime) -> list[str]:
    """Make the next members, each with a card and one purchase of yesterday."""
    size = min(CHUNK, members - start)
    with transaction() as tx:
        enrolments = [Enrolment(Source.API, Profile(f"Name{start + i}")) for i in range(size)]
        ids = enrol_all(tx, installation().vault, enrolments, now)
        buy(tx, ids, "seed", now - timedelta(days=1))
    return ids


def buy(tx: Connection, member_ids: Sequence[str], tag: str, at: datetime) -> list[Any]:
    """Record one purchase for each member."""
    purchases = [
        Purchase(one, "seed", f"{tag}-{one}", at, 3080, "EUR", lines=LINES) for one in member_ids
    ]
    return record_purchases(tx, purchases, Recording(get_configuration(tx), "key:seed", at))


def _sign_in(tx: Connection, member_id: str, now: datetime) -> str:
    held = installation()
    phone = Installation(f"{member_id[-8:]}-phone", "Phone")
    issuer = Issuer(held.vault, held.settings.base_url)
    return open_session(tx, issuer, get_member(tx, member_id), phone, now).access_token


def _settle() -> None:
    """Let the planner know the tables before anything is measured."""
    with transaction() as tx:
        tx.execute(text("ANALYZE"))


def add_past(database_url: str, member_ids: Sequence[str], purchases: int) -> None:
    """Give each member `purchases` more of the past: copies of the first one, set by set."""
    run_file(database_url, "past.sql", {"ids": list(member_ids), "count": purchases})


def add_crowd(shop: Shop, count: int) -> list[str]:
    """Add `count` members like the first one, with all that a purchase leaves; return their ids."""
    run_file(shop.database_url, "crowd.sql", {"id": shop.member_ids[0], "count": count})
    with application(shop.database_url), reading() as tx:
        found = tx.execute(text("SELECT id FROM member WHERE id LIKE 'mem_000%'"))
        return list(found.scalars())


def run_file(database_url: str, name: str, parameters: dict[str, Any]) -> None:
    """Run a file of statements in one transaction and let the planner know what has changed."""
    with application(database_url):
        with transaction() as tx:
            for statement in (_FOLDER / name).read_text(encoding="utf-8").split(";\n"):
                if statement.strip():
                    tx.execute(text(statement), parameters)
        _settle()


def change_rules(database_url: str, count: int) -> None:
    """Put `count` rules in force; running servers see it at their next request."""
    with application(database_url), transaction() as tx:
        put_rules_in_force(tx, count, clock.now())


def open_games(database_url: str, count: int) -> None:
    """Let `count` challenges and as many badges be in force; those of before are paused.

    None of them is ever reached, so each purchase moves every bar.
    """
    with application(database_url), transaction() as tx:
        for kind in (CHALLENGES, BADGES):
            for found in list_definitions(tx, kind.name, (State.PUBLISHED,)):
                pause(tx, kind, found.id, "bench", clock.now())
        tag = secrets.token_hex(4)
        for number in range(count):
            names = {"en": f"Number {number}"}
            challenge = {"names": names, "metric": "count", "target": 10**6}
            badge = {"names": names, "levels": [{"condition": f"visits >= {10**6 + number}"}]}
            install(tx, CHALLENGES, f"c{number}-{tag}", challenge, "bench", clock.now())
            install(tx, BADGES, f"b{number}-{tag}", badge, "bench", clock.now())


@contextmanager
def application(database_url: str) -> Iterator[None]:
    app = create_app(settings_of(database_url))
    with app.app_context():
        try:
            yield
        finally:
            db.engine.dispose()
