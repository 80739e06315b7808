"""A book: the working copy of one locked wallet, in which movements are written down.

Services lock a wallet, open a book on it, move points, and save the book; nothing here touches
the database. Every movement becomes one transfer row, numbered and chained, and changes the
wallet's four buckets by double entry: what is debited falls, what is credited rises.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from server.core.ids import new_id
from server.gamification.ledger import rules
from server.gamification.ledger.chain import GENESIS, chained_hash, note_hash
from server.gamification.ledger.types import (
    INACTIVITY,
    Account,
    Bucket,
    Cause,
    Clawback,
    Due,
    Hold,
    Kind,
    Lot,
    LotDraw,
    Term,
    Turn,
    Wallet,
)

_SOURCES = {
    Kind.ACCRUAL: Account.ISSUANCE,
    Kind.ADJUSTMENT: Account.ADJUSTMENT,
    Kind.TRANSFER: Account.TRANSFER,
}
_TARGETS: dict[Kind, str] = {
    Kind.REDEMPTION: Account.REDEMPTION,
    Kind.HOLD: Bucket.HELD,
    Kind.ADJUSTMENT: Account.ADJUSTMENT,
    Kind.DONATION: Account.DONATION,
    Kind.TRANSFER: Account.TRANSFER,
    Kind.ENTRY: Account.RAFFLE,
}


class Book:
    """One wallet, its lots as far as they are needed, and the movements written so far.

    `lots` may be left out when points are only added; everything else needs all open lots.
    Points given back to a lot that has ended, or will by `kept_until`, live on to `grace_until`.
    """

    def __init__(self, wallet: Wallet, lots: Iterable[Lot] = ()) -> None:
        self.wallet = wallet
        self.grace_until: datetime | None = None
        self.kept_until: datetime | None = None
        self.lots: dict[str, Lot] = {lot.id: lot for lot in lots}
        self.transfers: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []
        self.draws: list[dict[str, Any]] = []
        self.new_lots: dict[str, Lot] = {}
        self.touched_lots: set[str] = set()
        self._sealed = 0
        self._clock = (wallet.idle_at, wallet.idled_at)

    def accrue(self, amount: int, cause: Cause, term: Term, kind: Kind = Kind.ACCRUAL) -> str:
        """Add `amount` as a new lot and return the transfer's id.

        The lot is pending when its term starts later than `cause.recorded_at` or waits for
        confirmation. Debt is settled from points that are available at once. Where points expire
        for inactivity, they do so from now on if nothing counted down yet.
        """
        rules.check_amount(amount)
        pending = term.available_at is None or term.available_at > cause.recorded_at
        bucket = Bucket.PENDING if pending else Bucket.AVAILABLE
        transfer_id = self._post(kind, _SOURCES[kind], bucket, amount, cause)
        earned_at = term.earned_at or cause.occurred_at
        lot = self._open_lot(transfer_id, amount, earned_at, term.expires_at)
        lot.is_pending, lot.available_at = pending, term.available_at
        lot.replaces_id = term.replaces_id
        if self.wallet.idle_at is None:
            self.wallet.idle_at = term.idle_at
        if kind is Kind.ACCRUAL:
            self.wallet.lifetime_earned += amount
        self._absorb_debt([lot], cause)
        return transfer_id

    def settle(self, now: datetime, *, until_matured: bool = False) -> None:
        """Write down what has happened by itself, in the order of time: maturity and expiry.

        One transfer per instant; after it the wallet's balances are exact at `now`. With
        `until_matured` only up to the last maturity: what expires later is left for later.
        """
        steps = rules.due_steps(self.lots.values(), now, self.wallet.idle_at)
        while until_matured and steps and steps[-1].turn is not Turn.MATURITY:
            steps.pop()
        for due in steps:
            if due.turn is Turn.MATURITY:
                self._mature(due.lots, due.at, now)
            else:
                self._expire([lot for lot in due.lots if lot.remaining], due, now)
        if not until_matured or (steps and steps[-1].at > (self.wallet.idle_at or now)):
            self._stop_clock(now)

    def put_off_idling(self, until: datetime | None) -> None:
        """Note a purchase: the wallet's points do not expire for inactivity before `until`."""
        idle_at = self.wallet.idle_at
        if until is not None and (idle_at is None or idle_at < until):
            self.wallet.idle_at = until

    def has_lapsed(self, lot: Lot, now: datetime) -> bool:
        """Tell whether nothing can come back to a lot: past its date, or expired with the rest."""
        return rules.is_expired(lot, now) or rules.has_idled(lot, self.wallet.idled_at)

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to save."""
        clock = (self.wallet.idle_at, self.wallet.idled_at)
        return bool(self.transfers) or clock != self._clock

    def confirm(self, lots: Sequence[Lot], cause: Cause) -> None:
        """Make pending `lots` available now, whatever their date."""
        amount = sum(lot.remaining for lot in lots)
        if not amount:
            return
        self._post(Kind.MATURITY, Bucket.PENDING, Bucket.AVAILABLE, amount, cause)
        for lot in lots:
            lot.is_pending = False
            self.touched_lots.add(lot.id)
        self._absorb_debt(lots, cause)

    def spend(self, amount: int, cause: Cause, kind: Kind = Kind.REDEMPTION) -> str:
        """Take `amount` from the lots that expire soonest and return the transfer's id.

        Raise `BalanceInsufficient` when fewer points can be spent at `cause.recorded_at`.
        """
        rules.check_amount(amount)
        draws = rules.draw_lots(rules.spendable(self.lots.values(), cause.recorded_at), amount)
        transfer_id = self._post(kind, Bucket.AVAILABLE, _TARGETS[kind], amount, cause)
        self._draw(transfer_id, draws)
        return transfer_id

    def hold(self, amount: int, cause: Cause) -> str:
        """Set `amount` aside and return the transfer's id; the very lots are reserved.

        `cause` refers to the hold. Raise `BalanceInsufficient`.
        """
        return self.spend(amount, cause, Kind.HOLD)

    def capture(self, hold: Hold, amount: int, draws: Sequence[LotDraw], cause: Cause) -> str:
        """Spend `amount` of a hold for good, return the rest to its lots; return the transfer id.

        `draws` are the hold's draws in spend order; `cause` refers to the hold.
        """
        transfer_id = self._post(Kind.CAPTURE, Bucket.HELD, Account.REDEMPTION, amount, cause)
        if amount < hold.amount:
            rest = hold.amount - amount
            released = self._post(Kind.RELEASE, Bucket.HELD, Bucket.AVAILABLE, rest, cause)
            self._refill(released, rules.returned_draws(draws, rest), cause)
        return transfer_id

    def release(self, hold: Hold, draws: Sequence[LotDraw], cause: Cause, kind: Kind) -> str:
        """Return all of a hold to its lots (`kind` is release or lapse).

        A lot that expired meanwhile is replaced by a grace lot, but a grace lot by none: else
        points would live for ever by being held at the right moment.
        """
        transfer_id = self._post(kind, Bucket.HELD, Bucket.AVAILABLE, hold.amount, cause)
        self._refill(transfer_id, rules.returned_draws(draws, hold.amount), cause)
        return transfer_id

    def restore(self, amount: int, draws: Sequence[LotDraw], cause: Cause, of: Kind) -> str:
        """Give points spent by a transfer of the kind `of` back to their lots, or to grace lots.

        `cause.reverses_id` names the spending transfer and `draws` are its net draws still out.
        """
        back = rules.returned_draws(draws, amount)
        transfer_id = self._post(Kind.REVERSAL, _TARGETS[of], Bucket.AVAILABLE, amount, cause)
        self._refill(transfer_id, back, cause, is_refund=True)
        return transfer_id

    def claw_back(self, amount: int, cause: Cause, *, as_debt: bool) -> Clawback:
        """Take back `amount` that the accrual `cause.reverses_id` gave.

        Taken first from that accrual's own pending lot, then from its own available lot, then
        from other available points in spend order. What is left becomes debt, or with
        `as_debt=False` stays a shortfall for the caller to settle; but what the member holds
        back in open holds is owed in any case, or a hold would be a way around the clawback.
        """
        transfer_id = cause.reverses_id
        own = [lot for lot in self.lots.values() if lot.source_transfer_id == transfer_id]
        pending = [lot for lot in own if lot.is_pending and lot.remaining]
        live = rules.spendable(self.lots.values(), cause.recorded_at)
        live.sort(key=lambda lot: lot.source_transfer_id != transfer_id)
        taken = 0
        for bucket, lots in ((Bucket.PENDING, pending), (Bucket.AVAILABLE, live)):
            draws = rules.draw_at_most(lots, amount - taken)
            part = sum(draw.amount for draw in draws)
            if part:
                self._draw(self._post_clawback(bucket, part, cause), draws)
            taken += part
        shortfall = amount - taken
        owed = shortfall if as_debt else min(shortfall, self.wallet.held)
        if owed:
            self._post_clawback(Bucket.DEBT, owed, cause)
        self.wallet.lifetime_earned -= taken + owed
        return Clawback(taken, owed, shortfall if as_debt else shortfall - owed)

    def _post_clawback(self, bucket: str, amount: int, cause: Cause) -> str:
        return self._post(Kind.REVERSAL, bucket, Account.ISSUANCE, amount, cause)

    def _mature(self, lots: list[Lot], instant: datetime, now: datetime) -> None:
        self.confirm(lots, Cause("lot", lots[0].id, "system:maturity", instant, now))

    def _expire(self, lots: list[Lot], due: Due, now: datetime) -> None:
        if not lots:  # what matured on the way went to pay a debt
            return
        actor = INACTIVITY if due.turn is Turn.INACTIVITY else "system:expiry"
        cause = Cause("lot", lots[0].id, actor, due.at, now)
        amount = sum(lot.remaining for lot in lots)
        transfer_id = self._post(Kind.EXPIRY, Bucket.AVAILABLE, Account.BREAKAGE, amount, cause)
        self._draw(transfer_id, [LotDraw(lot.id, lot.remaining) for lot in lots])

    def _stop_clock(self, now: datetime) -> None:
        """Once idle points have expired nothing counts down until there are points again."""
        idle_at = self.wallet.idle_at
        if idle_at is not None and idle_at <= now:
            self.wallet.idle_at, self.wallet.idled_at = None, idle_at

    def _refill(
        self, transfer_id: str, back: Sequence[LotDraw], cause: Cause, *, is_refund: bool = False
    ) -> None:
        """Put returned points into their lots, or into grace lots where those have expired."""
        lots = []
        for draw in back:
            lot = self.lots[draw.lot_id]
            if self.has_lapsed(lot, self.kept_until or cause.recorded_at):
                lot = self._open_grace_lot(transfer_id, lot, draw.amount, is_refund)
            else:
                self._draw(transfer_id, [LotDraw(draw.lot_id, -draw.amount)])
            lots.append(lot)
        self._absorb_debt(lots, cause)

    def _open_grace_lot(self, transfer_id: str, lot: Lot, amount: int, is_refund: bool) -> Lot:
        has_grace = is_refund or lot.replaces_id is None
        until = self.grace_until if has_grace and self.grace_until else lot.expires_at
        grace = self._open_lot(transfer_id, amount, lot.earned_at, until)
        grace.replaces_id = lot.id
        return grace

    def _absorb_debt(self, lots: Sequence[Lot], cause: Cause) -> None:
        """Let new available points pay what the member owes."""
        if not self.wallet.debt:
            return
        live = rules.spendable(lots, cause.occurred_at)
        owed = min(self.wallet.debt, sum(lot.remaining for lot in live))
        if owed:
            draws = rules.draw_lots(live, owed)
            own = replace(cause, reverses_id=None, note=None)
            transfer_id = self._post(Kind.SETTLEMENT, Bucket.AVAILABLE, Bucket.DEBT, owed, own)
            self._draw(transfer_id, draws)

    def _open_lot(
        self, transfer_id: str, amount: int, earned_at: datetime, expires_at: datetime | None
    ) -> Lot:
        recorded_at = self.transfers[-1]["recorded_at"]
        lot = Lot(
            id=new_id("lot", recorded_at),
            amount=amount,
            remaining=amount,
            is_pending=False,
            earned_at=earned_at,
            available_at=recorded_at,
            expires_at=expires_at,
            source_transfer_id=transfer_id,
        )
        self.lots[lot.id] = self.new_lots[lot.id] = lot
        return lot

    def _draw(self, transfer_id: str, draws: Sequence[LotDraw]) -> None:
        for draw in draws:
            self.lots[draw.lot_id].remaining -= draw.amount
            self.touched_lots.add(draw.lot_id)
            row = {"transfer_id": transfer_id, "lot_id": draw.lot_id, "amount": draw.amount}
            self.draws.append(row)

    def _post(self, kind: Kind, debit: str, credit: str, amount: int, cause: Cause) -> str:
        """Write one transfer: move the buckets and number the row; `seal` chains it."""
        wallet = self.wallet
        move_bucket(wallet, debit, -amount)
        move_bucket(wallet, credit, amount)
        wallet.version += 1
        row: dict[str, Any] = {
            "id": new_id("trf", cause.recorded_at),
            "wallet_id": wallet.id,
            "wallet_version": wallet.version,
            "unit": wallet.unit,
            "kind": str(kind),
            "debit_account": str(debit),
            "credit_account": str(credit),
            "amount": amount,
            "ref_kind": cause.ref_kind,
            "ref_id": cause.ref_id,
            "reverses_id": cause.reverses_id,
            "actor": cause.actor,
            "occurred_at": cause.occurred_at,
            "recorded_at": cause.recorded_at,
            "balance_after": wallet.available,
            "note_hash": None,
        }
        if cause.note is not None:
            self._note(row, cause.note)
        self.transfers.append(row)
        return str(row["id"])

    def seal(self) -> None:
        """Chain the movements written so far; their hashes cover the lots that they opened."""
        opened: dict[str, list[Lot]] = {}
        for lot in self.new_lots.values():
            opened.setdefault(lot.source_transfer_id, []).append(lot)
        wallet = self.wallet
        for row in self.transfers[self._sealed :]:
            row["prev_hash"] = before = wallet.head_hash or GENESIS
            lots = opened.get(row["id"], ())
            row["hash"] = wallet.head_hash = chained_hash(before, row, wallet.member_id, lots)
        self._sealed = len(self.transfers)

    def _note(self, row: dict[str, Any], text: str) -> None:
        salt = secrets.token_hex(16)
        row["note_hash"] = note_hash(salt, text)
        self.notes.append({"transfer_id": row["id"], "salt": salt, "text": text})


def move_bucket(wallet: Wallet, account: str, amount: int) -> None:
    """Add `amount` to the wallet's bucket named `account`; other accounts are not the wallet's.

    The debt bucket counts what is owed, so a credit lowers it.
    """
    if account == Bucket.AVAILABLE:
        wallet.available += amount
    elif account == Bucket.PENDING:
        wallet.pending += amount
    elif account == Bucket.HELD:
        wallet.held += amount
    elif account == Bucket.DEBT:
        wallet.debt -= amount
