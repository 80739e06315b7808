"""Damage to what is sealed."""

from typing import Any

from sqlalchemy import insert

from server.gamification.partners.models import PARTNER
from tests.builders.purchases import NOW

_ROW = {"id": "par_none", "name": "Other", "assertion_secret_sealed": "v1.AAAA", "created_at": NOW}
SEAL_DAMAGE: dict[str, list[Any]] = {
    "The secret opens the oldest and the newest of the sealed values.": [
        insert(PARTNER).values(_ROW)
    ]
}
