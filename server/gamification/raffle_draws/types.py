"""The words of sealed and drawn raffles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.gamification.beacons.types import Round
from server.gamification.draws.proof import Sealed, VoidList
from server.gamification.draws.types import Drawn, Ticket


class Draw(StrEnum):
    """In which of the two draws a prize was won."""

    MAIN = "main"
    SECOND = "second"


class WinState(StrEnum):
    """What became of a prize that was won.

    A main prize is claimed by its winner and then given; unclaimed it lapses, and two people can
    void it: then the next in order has it. A consolation prize is given by itself.
    """

    WON = "won"
    CLAIMED = "claimed"
    GIVEN = "given"
    LAPSED = "lapsed"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Pool:
    """The tickets of a raffle under pseudonyms, and who is behind these."""

    tickets: Sequence[Ticket]
    members: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A draw worked out, not yet stored: all that the proof is made of, and who is behind names."""

    sealed: Sealed
    round: Round
    seed: bytes
    drawn: Drawn
    void: VoidList
    members: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Win:
    """A prize that a member won, as stored; `prize_place` is the main prize, None in the second
    chance.
    """

    id: str
    raffle_id: str
    draw: Draw
    place: int
    ticket: str | None
    entrant: str
    member_id: str
    prize_place: int | None
    state: WinState
    why: str
    ref_id: str | None
    warned_hours: int
    won_at: datetime
    claim_by_at: datetime | None
    claimed_at: datetime | None
    ended_at: datetime | None
