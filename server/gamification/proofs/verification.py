"""Walking the ledger: every wallet's chain of hashes, its versions, and its balances replayed."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any

from sqlalchemy import Connection

from server.gamification.ledger.book import move_bucket
from server.gamification.ledger.chain import GENESIS, chained_hash
from server.gamification.ledger.types import AMOUNT_MAX, Account, Kind, Wallet
from server.gamification.proofs import queries
from server.gamification.proofs.types import Fault

_CHUNK = 500
_Movement = tuple[Any, Sequence[Any]]
"""A row of `transfer` with the rows of `lot` that it opened."""
_BALANCES = ("available", "pending", "held", "debt", "lifetime_earned", "version", "head_hash")


class Replay:
    """A wallet made anew from its transfers, by double entry."""

    def __init__(self, wallet_id: str, owner_id: str = "", unit: str = "") -> None:
        self.wallet = Wallet(wallet_id, owner_id, unit, head_hash=GENESIS)
        self.covers_lots = False

    def why_not(self, row: Any, lots: Sequence[Any] = ()) -> str | None:
        """Apply the next transfer, which opened `lots`; return what is wrong with it, or None."""
        wallet = self.wallet
        if row.wallet_version != wallet.version + 1:
            return f"movement {wallet.version + 1} is missing before {row.wallet_version}"
        if row.prev_hash != wallet.head_hash:
            return "the hash before it is not the one of the movement before"
        if not isinstance(row.amount, int) or not 0 < row.amount <= AMOUNT_MAX:
            return f"the amount {row.amount} is no whole number from 1 to 2^53 - 1"
        if row.unit != wallet.unit:
            return f"its unit {row.unit} is not the wallet's"
        if not self._gives_hash(row, lots):
            return "its content, its lots or its owner do not give its hash"
        self._apply(row)
        if min(wallet.available, wallet.pending, wallet.held, wallet.debt) < 0:
            return "a balance falls below zero"
        if row.balance_after != wallet.available:
            return f"the balance after it is {wallet.available}, not {row.balance_after}"
        return None

    def _gives_hash(self, row: Any, lots: Sequence[Any]) -> bool:
        """Tell whether the content gives the hash; once lots are covered they always are."""
        wallet, content = self.wallet, dict(row._mapping)
        if row.hash == chained_hash(wallet.head_hash, content, wallet.member_id, lots):
            self.covers_lots = self.covers_lots or bool(lots)
            return True
        is_of_before = bool(lots) and not self.covers_lots
        return is_of_before and row.hash == chained_hash(wallet.head_hash, content)

    def _apply(self, row: Any) -> None:
        wallet = self.wallet
        wallet.version, wallet.head_hash = row.wallet_version, row.hash
        move_bucket(wallet, row.debit_account, -row.amount)
        move_bucket(wallet, row.credit_account, row.amount)
        if row.kind == Kind.ACCRUAL:
            wallet.lifetime_earned += row.amount
        elif row.kind == Kind.REVERSAL and row.credit_account == Account.ISSUANCE:
            wallet.lifetime_earned -= row.amount

    def why_not_stored(self, stored: Any) -> str | None:
        """Return in what the stored wallet differs from this one, or None."""
        for name in _BALANCES:
            made, kept = getattr(self.wallet, name), getattr(stored, name)
            if made != (kept or GENESIS if name == "head_hash" else kept):
                return f"{name} is stored as {kept}, but the transfers give {made}"
        return None


def ledger_faults(
    tx: Connection,
    moved_since: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Iterator[Fault]:
    """Yield the first fault of every wallet that has one, by wallet id.

    With `moved_since` only wallets that moved after that checkpoint are walked. `on_progress` is
    told how many more transfers were looked at. Memory stays flat, however long the ledger is.
    """
    rows = _counted(queries.walk_transfers(tx, moved_since), on_progress)
    histories = groupby(_with_lots(tx, rows), lambda movement: str(movement[0].wallet_id))
    wallets = queries.walk_wallets(tx, moved_since)
    for wallet_id, stored, history in _side_by_side(wallets, histories):
        fault = _wallet_fault(wallet_id, stored, history)
        if fault is not None:
            yield fault


def _with_lots(tx: Connection, rows: Iterator[Any]) -> Iterator[_Movement]:
    while chunk := list(islice(rows, _CHUNK)):
        opened = queries.opened_lots(tx, [row.id for row in chunk])
        yield from ((row, opened.get(row.id, ())) for row in chunk)


def _wallet_fault(wallet_id: str, stored: Any, history: Iterator[_Movement]) -> Fault | None:
    if stored is None:
        return Fault("there are transfers but no wallet", wallet_id)
    replay = Replay(wallet_id, stored.member_id, stored.unit)
    for row, lots in history:
        what = replay.why_not(row, lots)
        if what is not None:
            return Fault(what, wallet_id, row.id)
    what = replay.why_not_stored(stored)
    return Fault(what, wallet_id) if what else None


def _side_by_side(
    wallets: Iterator[Any], histories: Iterator[tuple[str, Iterator[_Movement]]]
) -> Iterator[tuple[str, Any, Iterator[_Movement]]]:
    """Join two streams in the order of wallet ids; a side that lacks one gives None or nothing."""
    wallet, history = next(wallets, None), next(histories, None)
    while wallet is not None or history is not None:
        ids = [wallet.id] if wallet is not None else []
        first = min([*ids, history[0]] if history is not None else ids)
        stored = None
        rows: Iterator[_Movement] = iter(())
        if wallet is not None and wallet.id == first:
            stored, wallet = wallet, next(wallets, None)
        if history is not None and history[0] == first:
            rows = history[1]
        yield first, stored, rows
        if history is not None and history[0] == first:
            history = next(histories, None)


def _counted(rows: Iterator[Any], on_progress: Callable[[int], None] | None) -> Iterator[Any]:
    for number, row in enumerate(rows, 1):
        if on_progress is not None and number % 1000 == 0:
            on_progress(1000)
        yield row
