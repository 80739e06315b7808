"""What purchases would bring if they were recorded one after the other; nothing is written."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from server.core.clock import local_date
from server.core.errors import Refusal
from server.gamification.activities import queries
from server.gamification.activities.errors import DuplicateMismatch
from server.gamification.activities.pipeline import cap_keys, decide
from server.gamification.activities.queries import Receipt, note_caps
from server.gamification.activities.saving import Batch
from server.gamification.activities.types import Purchase, Recording, Shopper
from server.gamification.earning.queries import caps_used
from server.gamification.facts.types import Facts
from server.gamification.ledger.book import Book
from server.gamification.ledger.types import Wallet
from server.gamification.members.types import Status
from server.gamification.programme.types import POINTS
from server.gamification.standings.climbing import load_days
from server.gamification.tiers.types import Source, Standing
from server.integrations.csv.types import Given

_Content = tuple[str, int, str]
"""What must be the same when a receipt comes again: member, amount, currency."""


class Rehearsal:
    """Works purchases out as `record_purchases` does, on members' counters kept in memory.

    Tiers, caps and repeated receipts carry over from one call to the next. Memory grows with the
    members and receipts met.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._shoppers: dict[str, Shopper] = {}
        self._told: dict[Receipt, _Content] = {}

    def welcome(self, member_ids: Iterable[str]) -> None:
        """Take ids that nobody has yet as those of new members."""
        for member_id in member_ids:
            standing = Standing(None, None, Source.EARNED)
            facts, joined_at = Facts(member_id), self.recording.now
            shopper = Shopper(member_id, Status.ACTIVE, None, facts, standing, joined_at)
            self._shoppers.setdefault(member_id, shopper)

    def rehearse(self, tx: Connection, purchases: Sequence[Purchase]) -> list[Given | Refusal]:
        """Return what each of these purchases would bring, in their order; reads only."""
        self._gather(tx, purchases)
        return [self._rehearse(purchase) for purchase in purchases]

    def _gather(self, tx: Connection, purchases: Sequence[Purchase]) -> None:
        gathered = queries.gather(tx, purchases)
        ladder, now = self.recording.configuration.ladder, self.recording.now
        today = local_date(now, ladder.scheme.zone)
        load_days(tx, gathered.shoppers.values(), ladder, today)
        self._shoppers = gathered.shoppers | self._shoppers
        rows = queries.list_activities(tx, list(gathered.known.values()))
        for receipt, activity_id in gathered.known.items():
            row = rows[activity_id]
            self._told[receipt] = (row.member_id, row.amount_minor, row.currency_code)
        buyers = {purchase.member_id for purchase in purchases}
        present = {one: self._shoppers[one] for one in buyers if one in self._shoppers}
        note_caps(present, caps_used(tx, list(present), cap_keys(purchases, self.recording)))

    def _rehearse(self, purchase: Purchase) -> Given | Refusal:
        receipt = (purchase.source, purchase.external_id)
        content = (purchase.member_id, purchase.amount_minor, purchase.currency_code)
        if receipt in self._told:
            same = self._told[receipt] == content
            return Given(0, is_duplicate=True) if same else DuplicateMismatch()
        books = {purchase.member_id: Book(Wallet("", purchase.member_id, POINTS))}
        shopper = self._shoppers.get(purchase.member_id)
        outcome = decide(Batch(self.recording, known={}), purchase, shopper, books, ())
        if isinstance(outcome, Refusal):
            return outcome
        self._told[receipt] = content
        return Given(books[purchase.member_id].wallet.lifetime_earned)
