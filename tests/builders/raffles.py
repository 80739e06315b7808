"""Raffles of a shop and members who enter them, through the services."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from server.gamification.definitions.service import install
from server.gamification.raffles.publishing import RAFFLES
from server.gamification.raffles.queries import get_standing
from server.gamification.raffles.types import Standing
from tests.builders.purchases import NOW

EVA = "staff:eva"
DAY = timedelta(days=1)
CLOSES_AT = NOW + 10 * DAY


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


def open_raffle(tx: Connection, key: str = "xmas", now: datetime = NOW, **changes: Any) -> str:
    """Publish a raffle (or `settings`) and return its id."""
    settings = changes.pop("settings", None) or christmas(**changes)
    return install(tx, RAFFLES, key, settings, EVA, now).id


def standing(tx: Connection, raffle_id: str) -> Standing:
    """How far a raffle is."""
    return get_standing(tx, raffle_id)
