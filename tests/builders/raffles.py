"""Raffles of a shop and members who enter them, through the services."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.definitions.service import install
from server.gamification.grants.service import give as give_benefits
from server.gamification.grants.types import Reason
from server.gamification.raffles.publishing import RAFFLES
from server.gamification.raffles.queries import get_standing
from server.gamification.raffles.types import Standing
from server.gamification.tickets.cancelling import cancel_raffle
from server.gamification.tickets.entering import buy_tickets, enter_free
from server.gamification.tickets.leaving import cancel_entry, refund_entries
from server.gamification.tickets.types import Asked, Entry
from tests.builders.purchases import NOW, add_member, give
from tests.builders.rewards import offer

EVA = "staff:eva"
DAY = timedelta(days=1)
CLOSES_AT = NOW + 10 * DAY
CAPPED: dict[str, Any] = {
    "policy": "capped",
    "consolation": None,
    "budget": None,
    "accepted": None,
    "cap": 3,
    "entrants_min": 0,
}
MUG = {"names": {"en": "Mug"}, "value_minor": 9_00, "reward": "raffled"}


def christmas(**changes: Any) -> dict[str, Any]:
    """The settings of a raffle of a dinner among at least 10; `changes` of None leave one out."""
    settings: dict[str, Any] = {
        "names": {"en": "Christmas draw", "ru": "Рождественский розыгрыш", "et": "Jõululoos"},
        "opens_at": (NOW - DAY).isoformat(),
        "closes_at": CLOSES_AT.isoformat(),
        "price": {"amount": 50},
        "cap": 10,
        "who": {"age_min": 0},
        "prizes": [{"names": {"en": "Dinner for two"}, "value_minor": 60_00}],
        "consolation": {"amount": 60, "value_minor": 60},
        "budget": 6000,
        "entrants_min": 10,
        "accepted": {"findings": ["return_above_price"], "by": "Eva Kask"},
        "regions": ["EE"],
        "organiser": {"name": "Corner Café", "contact": "eva@example.com"},
        "receiving": {"en": "In the café, by showing the app."},
    }
    settings |= changes
    return {name: value for name, value in settings.items() if value is not None}


CHEAP = christmas(price={"amount": 1}, consolation={"amount": 2, "value_minor": 2})


def open_raffle(tx: Connection, key: str = "xmas", now: datetime = NOW, **changes: Any) -> str:
    """Publish a raffle (or `settings`) and return its id."""
    settings = changes.pop("settings", None) or christmas(**changes)
    return install(tx, RAFFLES, key, settings, EVA, now).id


def standing(tx: Connection, raffle_id: str) -> Standing:
    """How far a raffle is."""
    return get_standing(tx, raffle_id)


def enter(
    tx: Connection, member_id: str, raffle_id: str, tickets: int = 1, now: datetime = NOW
) -> Entry:
    """Let a member buy tickets."""
    return buy_tickets(tx, Asked(member_id, raffle_id, tickets, f"member:{member_id}"), now)


def hold_tickets(tx: Connection, member_id: str) -> None:
    """Let a member have tickets of every kind, some given back, and one raffle cancelled."""
    give(tx, member_id, 1000)
    offer(tx, "raffled", stock=2)
    raffle = open_raffle(tx, free_entry={"tickets": 1}, given=True, prizes=[MUG])
    enter(tx, member_id, raffle, 2)
    actor = f"member:{member_id}"
    cancel_entry(tx, member_id, enter(tx, member_id, raffle, 3).id, actor, NOW)
    enter_free(tx, Asked(member_id, raffle, 1, actor), NOW)
    reason = Reason("challenge", "tickets", {"en": "A challenge"})
    give_benefits(tx, member_id, [Benefit(BenefitKind.TICKETS, 1, "xmas")], reason, EVA, NOW)
    off = open_raffle(tx, "off")
    enter(tx, member_id, off)
    cancel_raffle(tx, off, "It rains.", EVA, NOW)
    refund_entries(tx, off, NOW, 10)
    enter(tx, member_id, open_raffle(tx, "small", **CAPPED))
    for _ in range(14):
        other = add_member(tx)
        give(tx, other, 50)
        enter(tx, other, raffle)
