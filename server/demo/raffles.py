"""The café's raffles: one that was drawn a moment ago, and one that members can enter."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from server.core.crypto import Vault
from server.core.errors import Refusal
from server.gamification.beacons.port import FixtureBeacon
from server.gamification.definitions.service import install
from server.gamification.raffle_draws.drawing import fixed_of, work_out
from server.gamification.raffle_draws.sealing import close_raffle
from server.gamification.raffle_prizes.giving import finish_draw, give_consolations
from server.gamification.raffles.publishing import RAFFLES
from server.gamification.tickets.entering import buy_tickets, enter_free
from server.gamification.tickets.types import Asked

OPEN_DAYS = 14
DRAWN_AFTER = timedelta(minutes=2)
_COMMON: dict[str, Any] = {
    "who": {"age_min": 0},
    "consolation": {"amount": 60, "value_minor": 60},
    "regions": ["EE"],
    "organiser": {"name": "Kohvik Täht", "contact": "eva@example.com"},
    "receiving": {
        "en": "In the café, by showing the app.",
        "ru": "Прямо в кафе, показав приложение.",
        "et": "Kohvikus rakendust näidates.",
    },
}
_BREAKFAST: dict[str, Any] = {
    "names": {"en": "Breakfast draw", "ru": "Розыгрыш завтраков", "et": "Hommikusöögi loos"},
    "cap": 1,
    "free_entry": {"tickets": 1},
    "prizes": [
        {
            "names": {"en": "Breakfast for two", "ru": "Завтрак на двоих", "et": "Hommik kahele"},
            "value_minor": 24_00,
        }
    ],
    "budget": 600,
    "entrants_min": 5,
    "beacon": "fixture",
    "complaint_days": 0,
}
_DINNER: dict[str, Any] = {
    "names": {"en": "Dinner draw", "ru": "Розыгрыш ужинов", "et": "Õhtusöögi loos"},
    "cap": 10,
    "price": {"amount": 50},
    "free_entry": {"tickets": 1, "period": "week"},
    "purchases": {"per_minor": 10_00, "tickets": 1, "most": 3},
    "prizes": [
        {
            "names": {"en": "Dinner for two", "ru": "Ужин на двоих", "et": "Õhtusöök kahele"},
            "quantity": 3,
            "value_minor": 60_00,
        }
    ],
    "budget": 6000,
    "entrants_min": 20,
    "accepted": {"findings": ["return_above_price"], "by": "Eva"},
}


def hold_raffles(
    tx: Connection, vault: Vault, member_ids: Sequence[str], actor: str, now: datetime
) -> None:
    """Let the members win breakfasts, and enter the raffle of dinners as far as points go."""
    began_at, ended_at = now - timedelta(minutes=10), now - timedelta(minutes=5)
    settings = _dated(_BREAKFAST, began_at, ended_at)
    breakfast = install(tx, RAFFLES, "breakfast", settings, actor, began_at).id
    for member_id in member_ids:
        enter_free(tx, _asked(member_id, breakfast), began_at)
    _draw(tx, vault, breakfast, actor, ended_at)
    give_consolations(tx, now, len(member_ids))
    settings = _dated(_DINNER, now, now + timedelta(days=OPEN_DAYS))
    dinner = install(tx, RAFFLES, "dinner", settings, actor, now).id
    for number, member_id in enumerate(member_ids):
        with suppress(Refusal):  # too few points
            buy_tickets(tx, _asked(member_id, dinner, 1 + number % 3), now)


def _draw(tx: Connection, vault: Vault, raffle_id: str, actor: str, at: datetime) -> None:
    """Seal a raffle and draw it by a recorded round: a demonstration waits for nobody."""
    beacon = FixtureBeacon()
    if close_raffle(tx, raffle_id, beacon, vault, actor, at) is None:
        return
    drawn_at = at + DRAWN_AFTER
    found = beacon.fetch(fixed_of(tx, raffle_id, drawn_at))
    finish_draw(tx, work_out(tx, raffle_id, found, vault), actor, drawn_at)


def _dated(settings: dict[str, Any], opens_at: datetime, closes_at: datetime) -> dict[str, Any]:
    dates = {"opens_at": opens_at.isoformat(), "closes_at": closes_at.isoformat()}
    return _COMMON | settings | dates


def _asked(member_id: str, raffle_id: str, tickets: int = 1) -> Asked:
    return Asked(member_id, raffle_id, tickets, f"member:{member_id}")
