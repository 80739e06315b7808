"""Raffles that many have entered, sealed and drawn through the services."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from server.gamification.beacons.local import LocalBeacon
from server.gamification.beacons.port import Beacon, FixtureBeacon
from server.gamification.beacons.types import Round, Source
from server.gamification.draws.types import Manifest, Scope, Void
from server.gamification.raffle_draws.drawing import fixed_of, work_out
from server.gamification.raffle_draws.queries import list_wins
from server.gamification.raffle_draws.sealing import close_raffle
from server.gamification.raffle_draws.types import Draw, Drawing, Win
from server.gamification.raffle_draws.voiding import entrant_name
from server.gamification.raffle_prizes.acts import (
    approve,
    ask_substitute,
    ask_void,
    ask_void_prize,
)
from server.gamification.raffle_prizes.claiming import claim_prize, lapse_prizes
from server.gamification.raffle_prizes.giving import finish_draw, give_consolations
from server.gamification.raffle_prizes.substituting import Substitute
from tests.builders.members import VAULT
from tests.builders.purchases import NOW, add_member, give
from tests.builders.raffles import CLOSES_AT, DAY, EVA, enter, open_raffle, standing
from tests.builders.rewards import offer

DAN = "staff:dan"
HOUR = timedelta(hours=1)
FEW = {"findings": ["return_above_price", "entrants_min_low"], "by": "Eva Kask"}
DRAWS_AT = CLOSES_AT + timedelta(seconds=120)


def enter_many(tx: Connection, raffle_id: str, entrants: int = 12) -> list[str]:
    """Let so many new members enter, with 1, 2, 3, 1, 2, 3, ... tickets; return them."""
    members = [add_member(tx) for _ in range(entrants)]
    for number, member_id in enumerate(members):
        give(tx, member_id, 500)
        enter(tx, member_id, raffle_id, 1 + number % 3)
    return members


def crowded_raffle(tx: Connection, entrants: int = 12, key: str = "xmas", **changes: Any) -> str:
    """Open a raffle that is decided by a recorded round, and let many enter."""
    raffle_id = open_raffle(tx, key, **{"beacon": "fixture"} | changes)
    enter_many(tx, raffle_id, entrants)
    return raffle_id


def beacon_for(tx: Connection, raffle_id: str) -> Beacon:
    """The beacon of a raffle's source, without the net."""
    is_local = standing(tx, raffle_id).source == Source.LOCAL
    return LocalBeacon(tx, VAULT) if is_local else FixtureBeacon()


def seal(tx: Connection, raffle_id: str, now: datetime = CLOSES_AT) -> Manifest:
    """Seal a raffle that enough have entered."""
    manifest = end(tx, raffle_id, now)
    assert manifest is not None
    return manifest


def end(tx: Connection, raffle_id: str, now: datetime = CLOSES_AT) -> Manifest | None:
    """Seal a raffle, or cancel it for want of entrants."""
    return close_raffle(tx, raffle_id, beacon_for(tx, raffle_id), VAULT, EVA, now)


def round_for(tx: Connection, raffle_id: str) -> Round:
    """The round that decides a sealed raffle."""
    return beacon_for(tx, raffle_id).fetch(fixed_of(tx, raffle_id, DRAWS_AT))


def worked_out(tx: Connection, raffle_id: str) -> Drawing:
    """The draw of a sealed raffle, not stored."""
    return work_out(tx, raffle_id, round_for(tx, raffle_id), VAULT)


def draw(tx: Connection, raffle_id: str, now: datetime = DRAWS_AT) -> bool:
    """Draw a sealed raffle."""
    return finish_draw(tx, worked_out(tx, raffle_id), EVA, now)


def drawn_raffle(tx: Connection, entrants: int = 12, key: str = "xmas", **changes: Any) -> str:
    """A raffle that was entered, sealed and drawn."""
    raffle_id = crowded_raffle(tx, entrants, key, **changes)
    seal(tx, raffle_id)
    draw(tx, raffle_id)
    return raffle_id


def main_wins(tx: Connection, raffle_id: str) -> list[Win]:
    """The main prizes that were won, by place."""
    return list_wins(tx, raffle_id, Draw.MAIN)


def second_wins(tx: Connection, raffle_id: str) -> list[Win]:
    """The consolation prizes that were won, by place."""
    return list_wins(tx, raffle_id, Draw.SECOND)


def draw_four(tx: Connection) -> str:
    """Five enter a raffle that ends in an hour, one is void, four win: a mug is given, another is
    passed on and kept, and there is a pie for the cake.
    """
    offer(tx, "drawn", stock=2)
    mugs = {"names": {"en": "Mug"}, "value_minor": 9_00, "quantity": 2, "reward": "drawn"}
    prizes = [mugs, {"names": {"en": "Cake"}, "value_minor": 3_00}]
    small: dict[str, Any] = {"entrants_min": 3, "accepted": FEW, "beacon": "fixture"}
    small |= {"claim_days": 1, "complaint_days": 0, "closes_at": (NOW + HOUR).isoformat()}
    raffle_id = open_raffle(tx, "four", prizes=prizes, **small)
    void = enter_many(tx, raffle_id, 5)[0]
    seal(tx, raffle_id, NOW + HOUR)
    who = Void(Scope.ENTRANT, entrant_name(tx, raffle_id, void), "Works here.")
    ask_void(tx, raffle_id, who, EVA, NOW + HOUR)
    at = NOW + HOUR + timedelta(seconds=120)
    draw(tx, raffle_id, at)
    give_consolations(tx, at, 10)
    instead = Substitute(3, {"en": "Pie"}, 3_00, "The cake fell.")
    approve(tx, ask_substitute(tx, raffle_id, instead, EVA, at).id, DAN, at)
    first, _, third = main_wins(tx, raffle_id)
    for win in (first, third):
        claim_prize(tx, win.member_id, win.id, at)
    lapse_prizes(tx, at + DAY, 10)
    act = ask_void_prize(tx, main_wins(tx, raffle_id)[3].id, "Works here.", EVA, at + DAY)
    approve(tx, act.id, DAN, at + DAY)
    return raffle_id
