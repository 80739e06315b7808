"""Recording a batch of drafts: customers are recognised or enrolled, purchases recorded."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from sqlalchemy import Connection

from server.core.crypto import Vault
from server.core.errors import Refusal
from server.gamification.activities.errors import DuplicateMismatch
from server.gamification.activities.queries import Receipt, known_receipts
from server.gamification.activities.rules import check_purchase
from server.gamification.activities.types import Purchase, Recording
from server.gamification.members.queries import owners_of
from server.gamification.members.rules import index_text
from server.gamification.members.service import enrol_all
from server.gamification.members.types import Enrolment, Identifier, Source
from server.gamification.playing.joining import welcome
from server.gamification.playing.service import record_purchases
from server.integrations.csv.rehearsal import Rehearsal
from server.integrations.csv.types import Draft, Given, Rejection, Tally


class Desk(Protocol):
    """Where drafts become purchases: for good, or in a rehearsal."""

    recording: Recording

    def enrol(self, tx: Connection, customers: Sequence[Identifier]) -> list[str]:
        """Make members of new customers and return their ids in order."""

    def owners(self, tx: Connection, customers: Sequence[Identifier]) -> dict[Identifier, str]:
        """Return the ids of the customers who are members."""

    def record(self, tx: Connection, purchases: Sequence[Purchase]) -> list[Given | Refusal]:
        """Record purchases in their order and return what became of each."""


class Counter:
    """The desk that records for good."""

    def __init__(self, vault: Vault, recording: Recording) -> None:
        self._vault, self.recording = vault, recording

    def enrol(self, tx: Connection, customers: Sequence[Identifier]) -> list[str]:
        """Enrol customers, each with a card."""
        enrolments = [Enrolment(Source.IMPORT, identifiers=(one,)) for one in customers]
        made = enrol_all(tx, self._vault, enrolments, self.recording.now)
        if self.recording.configuration.programme.policies.welcome:
            for member_id in made:
                welcome(tx, member_id, self.recording.actor, self.recording.now)
        return made

    def owners(self, tx: Connection, customers: Sequence[Identifier]) -> dict[Identifier, str]:
        """Look customers up by their sealed identifiers."""
        return owners_of(tx, self._vault, customers)

    def record(self, tx: Connection, purchases: Sequence[Purchase]) -> list[Given | Refusal]:
        """Record purchases through the pipeline."""
        outcomes = record_purchases(tx, purchases, self.recording) if purchases else []
        return [
            outcome
            if isinstance(outcome, Refusal)
            else Given(0 if outcome.is_duplicate else outcome.trace["points"], outcome.is_duplicate)
            for outcome in outcomes
        ]


class Stage:
    """The desk that only rehearses: it writes nothing and remembers whom it would have enrolled."""

    def __init__(self, vault: Vault, recording: Recording) -> None:
        self._vault, self.recording = vault, recording
        self._rehearsal = Rehearsal(recording)
        self._newcomers: dict[str, str] = {}

    def enrol(self, tx: Connection, customers: Sequence[Identifier]) -> list[str]:
        """Remember customers under ids of their own."""
        before = len(self._newcomers)
        ids = [f"new_{before + place}" for place in range(len(customers))]
        self._newcomers |= zip(map(index_text, customers), ids, strict=True)
        self._rehearsal.welcome(ids)
        return ids

    def owners(self, tx: Connection, customers: Sequence[Identifier]) -> dict[Identifier, str]:
        """Look customers up among the members and those remembered."""
        owners = owners_of(tx, self._vault, customers)
        for customer in customers:
            if index_text(customer) in self._newcomers:
                owners[customer] = self._newcomers[index_text(customer)]
        return owners

    def record(self, tx: Connection, purchases: Sequence[Purchase]) -> list[Given | Refusal]:
        """Work purchases out on counters in memory."""
        return self._rehearsal.rehearse(tx, purchases) if purchases else []


def post(tx: Connection, desk: Desk, drafts: Sequence[Draft]) -> tuple[Tally, list[Rejection]]:
    """Record a batch of drafts; unknown customers are enrolled with their first purchase.

    A refused draft has no effect and stops no other; nobody is enrolled for it.
    """
    customers: dict[str, Identifier] = {}
    for draft in drafts:
        customers.setdefault(draft.customer_key, draft.customer)
    owners = desk.owners(tx, list(customers.values()))
    members = {key: owners[one] for key, one in customers.items() if one in owners}
    refused = _strangers_refused(tx, desk, [d for d in drafts if d.customer_key not in members])
    wanted = {d.customer_key for d in drafts if d.record not in refused}
    new = [key for key in customers if key in wanted and key not in members]
    members |= zip(new, desk.enrol(tx, [customers[key] for key in new]), strict=True)
    good = [draft for draft in drafts if draft.record not in refused]
    purchases = [replace(d.purchase, member_id=members[d.customer_key]) for d in good]
    results = dict(zip((d.record for d in good), desk.record(tx, purchases), strict=True))
    return _summed(drafts, results | refused, len(new))


def _strangers_refused(
    tx: Connection, desk: Desk, drafts: Sequence[Draft]
) -> dict[int, Given | Refusal]:
    """Return the refusals, by record, of drafts for which nobody should be enrolled.

    A stranger has bought nothing before, so a receipt that is known belongs to somebody else.
    """
    if not drafts:
        return {}
    known = known_receipts(tx, [draft.purchase for draft in drafts])
    first: dict[Receipt, str] = {}
    refused: dict[int, Given | Refusal] = {}
    for draft in drafts:
        receipt = (draft.purchase.source, draft.purchase.external_id)
        refusal = _why_not(draft.purchase, desk.recording)
        if refusal is None and first.setdefault(receipt, draft.customer_key) != draft.customer_key:
            refusal = DuplicateMismatch()
        if receipt in known:
            refusal = DuplicateMismatch(transaction_id=known[receipt])
        if refusal is not None:
            refused[draft.record] = refusal
    return refused


def _why_not(purchase: Purchase, recording: Recording) -> Refusal | None:
    try:
        check_purchase(purchase, recording)
    except Refusal as refusal:
        return refusal
    return None


def _summed(
    drafts: Sequence[Draft], results: dict[int, Given | Refusal], enrolled: int
) -> tuple[Tally, list[Rejection]]:
    tally, rejections = Tally(enrolled=enrolled), []
    for draft in drafts:
        result = results[draft.record]
        if isinstance(result, Refusal):
            tally.refused += 1
            reason = result.detail
            rejections.append(Rejection(draft.record, draft.line, result.code, "row", reason))
        else:
            tally.duplicate += result.is_duplicate
            tally.posted += not result.is_duplicate
            tally.points += result.points
    return tally, rejections
