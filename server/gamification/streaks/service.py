"""What members do with streaks besides coming: buy freezes. Locks the member's points wallet."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection, insert

from server.core.ids import new_id
from server.gamification.ledger.service import open_book, save_book
from server.gamification.ledger.types import Cause, Wallet
from server.gamification.programme.types import POINTS
from server.gamification.streaks import rules
from server.gamification.streaks.errors import FreezeNoneLeft
from server.gamification.streaks.models import STREAK_FREEZE
from server.gamification.streaks.playing import Played, save_played
from server.gamification.streaks.queries import find_run
from server.gamification.streaks.types import Calendar, Run, Streak


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys, on which day of their own calendar."""

    member_id: str
    today: date
    calendar: Calendar


def buy_freeze(tx: Connection, streak: Streak, buyer: Buyer, now: datetime) -> tuple[Run, Wallet]:
    """Sell a member one freeze for points; it saves what is missed from now on, nothing before.

    Raise `FreezeNoneLeft`, `BalanceInsufficient`.
    """
    book = open_book(tx, buyer.member_id, POINTS, now)
    run = settle_run(tx, streak, buyer, now)
    price = streak.freezes.price_points
    if not price or run.freezes >= streak.freezes.most:
        raise FreezeNoneLeft(have=run.freezes, most=streak.freezes.most)
    freeze_id = new_id("frz", now)
    cause = Cause("freeze", freeze_id, f"member:{buyer.member_id}", now, now)
    transfer_id = book.spend(price, cause)
    save_book(tx, book)
    bought = replace(run, freezes=run.freezes + 1)
    played = Played(now)
    played.runs[bought.key] = bought
    save_played(tx, played)
    row = {"id": freeze_id, "member_id": run.member_id, "streak_id": run.streak_id}
    paid = {"points": price, "transfer_id": transfer_id, "bought_at": now}
    tx.execute(insert(STREAK_FREEZE), {**row, **paid})
    return bought, book.wallet


def settle_run(tx: Connection, streak: Streak, buyer: Buyer, now: datetime) -> Run:
    """Write down what became of the periods that are over, and return the run as it stands.

    The caller holds the lock of the member's points wallet.
    """
    run = find_run(tx, buyer.member_id, streak.id) or rules.begin(streak, buyer.member_id)
    settled, over = rules.settle(streak, run, buyer.today, buyer.calendar)
    played = Played(now)
    played.runs[settled.key] = settled
    played.note_gaps(settled, rules.gaps_of(over))
    save_played(tx, played)
    return settled
