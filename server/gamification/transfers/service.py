"""Giving points to another member. Nothing here commits.

The wallets of both are locked with one statement, by their ids, so that two who give each other
something at the same time wait for one another and nothing is lost.
"""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, insert

from server.core.clock import local_date, start_of_day
from server.core.errors import NotFound
from server.core.ids import new_id
from server.core.outbox import record
from server.core.statements import Prepared
from server.gamification.ledger.book import Book
from server.gamification.ledger.queries import list_open_lots
from server.gamification.ledger.rules import draw_lots, spendable
from server.gamification.ledger.service import open_books, save_books
from server.gamification.ledger.types import Cause, Kind, Term
from server.gamification.members.queries import get_member
from server.gamification.members.rules import why_not_served
from server.gamification.members.types import Member
from server.gamification.programme.queries import get_programme
from server.gamification.programme.types import POINTS
from server.gamification.transfers import events
from server.gamification.transfers.errors import RecipientUnknown
from server.gamification.transfers.models import MEMBER_TRANSFER
from server.gamification.transfers.queries import given_since
from server.gamification.transfers.rules import check_offered, left_today, shares_of, why_not_given
from server.gamification.transfers.types import Giving, MemberTransfer

_INSERT = Prepared(insert(MEMBER_TRANSFER))


def give_away(tx: Connection, giving: Giving, now: datetime) -> MemberTransfer:
    """Move points from one member to another; what expires soonest goes first.

    They keep the dates on which they were earned and expire, and do not count as earned. Raise
    `FeatureDisabled`, `RecipientUnknown`, `MemberBlocked`, `MemberMerged`, `TransferToSelf`,
    `TransferTooEarly`, `TransferTooSmall`, `TransferTooLarge`, `TransferLimitReached`,
    `BalanceInsufficient`.
    """
    check_offered(get_programme(tx).policies.transfers, giving.unit)
    books = _lock(tx, giving, now)
    check_giving(tx, giving, now)
    sender, recipient = books[giving.sender_id], books[giving.recipient_id]
    made = MemberTransfer(new_id("mtr", now), **asdict(giving), created_at=now)
    _INSERT.run(tx, [asdict(made)])
    _move(sender, recipient, made)
    save_books(tx, [sender, recipient])
    record(tx, events.of_transfer(made), now=now)
    return made


def check_giving(tx: Connection, giving: Giving, now: datetime) -> int:
    """Return how much more the sender may give today, after this. Raise as `give_away`, except
    that nobody asks whether there are as many points.
    """
    programme = get_programme(tx)
    policy = check_offered(programme.policies.transfers, giving.unit)
    sender = _served(tx, giving.sender_id)
    today = start_of_day(local_date(now, programme.zone), programme.zone)
    given = given_since(tx, sender.id, giving.unit, today)
    refusal = why_not_given(giving, policy, given, sender.created_at, now)
    if refusal is not None:
        raise refusal
    if why_not_served(get_member(tx, giving.recipient_id).status) is not None:
        raise RecipientUnknown
    return left_today(policy, given) - giving.amount


def _served(tx: Connection, member_id: str) -> Member:
    member = get_member(tx, member_id)
    refusal = why_not_served(member.status, member.merged_into_id)
    if refusal is not None:
        raise refusal
    return member


def _lock(tx: Connection, giving: Giving, now: datetime) -> dict[str, Book]:
    """Lock what stands for both members, then the wallets of the unit; the sender's with lots."""
    both = sorted({giving.sender_id, giving.recipient_id})
    books = open_books(tx, both, POINTS, now)
    if giving.unit != POINTS:
        books = open_books(tx, both, giving.unit, now)
    if len(books) < len(both):
        raise NotFound("There is no such member.")
    sender = books[giving.sender_id]
    if not sender.lots:
        sender.lots.update({lot.id: lot for lot in list_open_lots(tx, sender.wallet.id)})
    return books


def _move(sender: Book, recipient: Book, made: MemberTransfer) -> None:
    """Write both sides down: one movement out, and one in for each lot that is touched."""
    now = made.created_at
    cause = Cause("member_transfer", made.id, f"member:{made.sender_id}", now, now)
    draws = draw_lots(spendable(sender.lots.values(), now), made.amount)
    shares = shares_of(draws, sender.lots, sender.wallet.idle_at)
    sender.spend(made.amount, cause, Kind.TRANSFER)
    for share in shares:
        grace_id = share.grace_id
        term = Term(now, share.expires_at, earned_at=share.earned_at, replaces_id=grace_id)
        recipient.accrue(share.amount, cause, term, Kind.TRANSFER)
