"""How each kind of benefit is given and taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from server.gamification.badges.service import RETURNED, award, revoke
from server.gamification.badges.types import Origin, Source
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.games.credits import give_plays, take_plays
from server.gamification.games.queries import get_known_game
from server.gamification.grants.types import Reason
from server.gamification.ledger.service import open_book, save_book
from server.gamification.ledger.types import Cause
from server.gamification.points.rules import term_of
from server.gamification.programme.queries import current_revision, get_programme
from server.gamification.standings.assigning import Assignment, assign_tier
from server.gamification.tickets.entering import receive_tickets
from server.gamification.tickets.leaving import withdraw_entry
from server.gamification.tickets.types import Asked
from server.gamification.vouchers.ending import withdraw
from server.gamification.vouchers.redeeming import Reason as VoucherReason
from server.gamification.vouchers.redeeming import issue


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who is given what for, by whom, when, and as which grant.

    `depth` is 0 for a grant by an activity or a person, 1 for what a given badge brings.
    """

    member_id: str
    reason: Reason
    actor: str
    now: datetime
    grant_id: str = ""
    depth: int = 0

    def cause(self, reverses_id: str | None = None) -> Cause:
        """Return what the ledger writes down as the cause."""
        return Cause("grant", self.grant_id, self.actor, self.now, self.now, reverses_id)


class Giver(Protocol):
    """Gives one kind of benefit."""

    def give(self, tx: Connection, benefit: Benefit, on: Occasion) -> str | None:
        """Give it and return what it became. A refusal means that it could not be given."""

    def take_back(self, tx: Connection, benefit: Benefit, ref: str, on: Occasion) -> bool:
        """Take it back; False when the member keeps it."""


class UnitGiver:
    """Points and stars: an accrual in the ledger, taken back as a clawback that leaves a debt."""

    def give(self, tx: Connection, benefit: Benefit, on: Occasion) -> str | None:
        """Accrue the amount and return the transfer's id."""
        book = open_book(tx, on.member_id, benefit.key, on.now)
        term = term_of(get_programme(tx), on.now, on.now, benefit.key)
        transfer_id = book.accrue(benefit.amount, on.cause(), term)
        save_book(tx, book)
        return transfer_id

    def take_back(self, tx: Connection, benefit: Benefit, ref: str, on: Occasion) -> bool:
        """Claw the amount back; what was spent is owed."""
        book = open_book(tx, on.member_id, benefit.key, on.now)
        book.claw_back(benefit.amount, on.cause(ref), as_debt=True)
        save_book(tx, book)
        return True


class TierGiver:
    """A tier, as a floor under what the member earns; nobody loses it with the reason."""

    def give(self, tx: Connection, benefit: Benefit, on: Occasion) -> str | None:
        """Assign the tier named by the key. Raise `TierUnknown`."""
        why = on.reason.names.get("en") or on.reason.ref_kind
        assign_tier(tx, on.member_id, Assignment(benefit.key, why, on.actor), on.now)
        return benefit.key

    def take_back(self, tx: Connection, benefit: Benefit, ref: str, on: Occasion) -> bool:
        """Leave it: a tier is ended by people (`unlock_tier`)."""
        return False


class BadgeGiver:
    """A badge at the level that is the benefit's amount; no condition is asked."""

    def give(self, tx: Connection, benefit: Benefit, on: Occasion) -> str | None:
        """Award the badge and return the award's id. Raise `BadgeUnknown`, `BadgeHeld`."""
        origin = Origin(Source.GRANT, on.actor, on.reason.activity_id)
        return award(tx, on.member_id, benefit.key, benefit.amount, origin, on.now).id

    def take_back(self, tx: Connection, benefit: Benefit, ref: str, on: Occasion) -> bool:
        """Revoke the award; False when it was revoked before."""
        return revoke(tx, ref, RETURNED, on.now) is not None


class RewardGiver:
    """A reward of the catalogue, as a voucher for nothing; withdrawn while it is unused."""

    def give(self, tx: Connection, benefit: Benefit, on: Occasion) -> str | None:
        """Issue the voucher and return its id. Raise `NotFound`, `RewardSoldOut`."""
        return issue(
            tx, on.member_id, benefit.key, VoucherReason("grant", on.grant_id, on.actor), on.now
        ).id

    def take_back(self, tx: Connection, benefit: Benefit, ref: str, on: Occasion) -> bool:
        """Withdraw the voucher; False when it was used or is over."""
        return withdraw(tx, ref, on.actor, on.now)


class PlaysGiver:
    """Plays of a game, kept until they are used or over; what is unused is taken back."""

    def give(self, tx: Connection, benefit: Benefit, on: Occasion) -> str | None:
        """Give as many plays as the amount says and return their credit. Raise `NotFound`."""
        game = get_known_game(tx, current_revision(tx), benefit.key)
        return give_plays(tx, on.member_id, game, (on.grant_id, benefit.amount), on.now)

    def take_back(self, tx: Connection, benefit: Benefit, ref: str, on: Occasion) -> bool:
        """Take back the plays that are left; False when none is."""
        return take_plays(tx, ref)


class TicketGiver:
    """Tickets of a raffle, as many as a member may still have; withdrawn until it closes."""

    def give(self, tx: Connection, benefit: Benefit, on: Occasion) -> str | None:
        """Let the member enter and return the entry's id. Raise why the member may not."""
        asked = Asked(on.member_id, benefit.key, benefit.amount, on.actor)
        return receive_tickets(tx, asked, on.grant_id, on.now).id

    def take_back(self, tx: Connection, benefit: Benefit, ref: str, on: Occasion) -> bool:
        """Withdraw the tickets; False when the raffle has closed."""
        return withdraw_entry(tx, ref, on.actor, on.now)


GIVERS: Mapping[BenefitKind, Giver] = {
    BenefitKind.POINTS: UnitGiver(),
    BenefitKind.STARS: UnitGiver(),
    BenefitKind.TIER: TierGiver(),
    BenefitKind.BADGE: BadgeGiver(),
    BenefitKind.REWARD: RewardGiver(),
    BenefitKind.PLAYS: PlaysGiver(),
    BenefitKind.TICKETS: TicketGiver(),
}
