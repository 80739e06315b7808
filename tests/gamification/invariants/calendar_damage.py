"""Damage to what happens by date: nights and greetings."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import insert

from server.gamification.greetings.models import YEARLY_GRANT
from server.gamification.nights.models import NIGHTLY_RUN
from tests.builders.purchases import NOW
from tests.builders.shop_life import LATER


def night(day: int, finished_at: datetime | None = LATER) -> dict[str, Any]:
    """A row of a night in November."""
    row = {"night_on": date(2026, 11, day), "begins_at": NOW, "zone": "UTC", "steps": {}}
    return row | {"fence": 1, "started_at": NOW, "finished_at": finished_at}


def greeting(year: int) -> dict[str, Any]:
    """A row of a greeting to nobody."""
    row = {"member_id": "mem_none", "kind": "birthday", "year": year, "grant_id": "grt_none"}
    return row | {"due_on": date(year, 1, 1)}


CALENDAR_DAMAGE: dict[str, list[Any]] = {
    "A greeting is a grant to the member greeted.": [insert(YEARLY_GRANT).values(greeting(2026))],
    "A greeting is announced once.": [
        "INSERT INTO yearly_grant (member_id, kind, year, due_on, grant_id)"
        " SELECT member_id, 'birthday', 2026, '2026-11-22', id FROM benefit_grant"
        " WHERE ref_kind = 'test' AND ref_id = 'kept'"
    ],
    "Each night is over, with all its steps, before the next begins.": [
        insert(NIGHTLY_RUN).values([night(1), night(3)]),
        insert(NIGHTLY_RUN).values([night(1, None), night(2)]),
        insert(NIGHTLY_RUN).values(
            night(1) | {"steps": {"expire": {"count": 1, "is_done": False}}}
        ),
    ],
}
