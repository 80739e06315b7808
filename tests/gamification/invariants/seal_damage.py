"""Damage to what is sealed."""

from typing import Any

from sqlalchemy import insert

from server.gamification.beacons.local import context_of
from server.gamification.beacons.models import LOCAL_CHAIN
from server.gamification.beacons.rules import link_of
from server.gamification.partners.models import PARTNER
from tests.builders.members import VAULT
from tests.builders.purchases import NOW

_ROW = {"id": "par_none", "name": "Other", "assertion_secret_sealed": "v1.AAAA", "created_at": NOW}
_END = b"e" * 32
_CHAIN = {
    "id": "lch_none",
    "length": 3,
    "tail": link_of(_END, 3).hex(),
    "sealed_end": VAULT.seal(_END.hex(), context_of("lch_none")),
    "next_number": 1,
    "published_at": NOW,
}
SEAL_DAMAGE: dict[str, list[Any]] = {
    "The secret opens the oldest and the newest of the sealed values.": [
        insert(PARTNER).values(_ROW),
        insert(LOCAL_CHAIN).values(_CHAIN | {"sealed_end": "v1.AAAA"}),
    ],
    "The secret end of a local chain leads to its published tail.": [
        insert(LOCAL_CHAIN).values(_CHAIN | {"tail": "ab" * 32}),
        insert(LOCAL_CHAIN).values(_CHAIN | {"length": 4}),
        insert(LOCAL_CHAIN).values(_CHAIN | {"sealed_end": "v1.AAAA"}),
    ],
}
