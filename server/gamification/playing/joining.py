"""Joining: the welcome gift, and the stars with which cards begin."""

from datetime import datetime

from sqlalchemy import Connection

from server.gamification.definitions.benefits import Benefit, read_benefits
from server.gamification.definitions.reading import Reader
from server.gamification.grants.service import give
from server.gamification.grants.types import Given, Reason
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import Programme
from server.gamification.star_cards.queries import get_star_cards
from server.gamification.star_cards.service import begin_cards

REASON = "welcome"
NAMES = {"en": "Welcome gift", "ru": "Приветственный подарок", "et": "Tervituskingitus"}


def welcome(tx: Connection, member_id: str, actor: str, now: datetime) -> Given | None:
    """Give a new member what the shop welcomes with; once for ever. None where it gives nothing.

    Raise `DefinitionInvalid` when the setting `welcome` is not a list of benefits.
    """
    programme = get_programme(tx)
    begin_cards(tx, member_id, get_star_cards(tx, programme.revision), actor, now)
    benefits = welcome_of(programme)
    if not benefits:
        return None
    return give(tx, member_id, benefits, Reason(REASON, REASON, NAMES), actor, now)


def welcome_of(programme: Programme) -> tuple[Benefit, ...]:
    """Return what new members are given. Raise `DefinitionInvalid`."""
    reader = Reader({"welcome": [*programme.policies.welcome]})
    benefits = read_benefits(reader, "welcome")
    reader.close()
    return benefits
