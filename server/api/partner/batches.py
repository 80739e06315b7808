"""Batches of purchases, such as a till that was offline sends: a result for each row."""

from dataclasses import dataclass
from typing import Any

from server.api.endpoint import Call, Reply
from server.api.partner import partner
from server.api.partner.receipts import TransactionIn, purchase_of
from server.api.partner.transactions import (
    PostedTransaction,
    present_posted,
    recording_of,
)
from server.api.payloads import load
from server.api.presenters.tiers import TierView
from server.api.schemas import Boolean, Integer, Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.api.user_messages import user_message
from server.api.views import tier_view_of
from server.core.errors import Refusal, ValidationFailed
from server.gamification.activities.types import Outcome, Purchase
from server.gamification.playing.service import record_purchases

ROWS_MAX = 500
LINES_MAX = 5_000
ROW_ERRORS_MAX = 10


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was read: its receipt's number, if it has one, and its body or what is wrong."""

    external_id: str | None
    body: dict[str, Any] | Refusal
    lines: int


class Rowwise(Nested):
    """An object that is documented here and read by itself: a bad one does not spoil the others.

    Rows are read with the body of the request, before anything is locked.
    """

    def deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> Row:
        """Return the row as it was read."""
        sent = value if isinstance(value, dict) else {}
        number, lines = sent.get("external_id"), sent.get("lines")
        return Row(
            number if isinstance(number, str) else None,
            _body_of(value),
            len(lines) if isinstance(lines, list) else 0,
        )


def _body_of(value: Any) -> dict[str, Any] | Refusal:
    try:
        body = load(_SCHEMA, value)
        if body["apply"]:
            raise ValidationFailed.at("/apply", "not_in_batch", "A batch cannot spend points.")
    except Refusal as refusal:
        return refusal
    return body


_SCHEMA = TransactionIn()


class BatchIn(RequestSchema):
    """Up to 500 purchases. They may not apply redemptions: offline, nothing is spent."""

    example = {"transactions": [TransactionIn.example]}

    transactions = Items(Rowwise(TransactionIn), required=True, least=1, most=ROWS_MAX)


class RowFieldError(Out):
    """What is wrong with one field; `pointer` starts at the row."""

    pointer = Text(required=True)
    code = Text(required=True)
    detail = Text(required=True)


class RowError(Out):
    """Why a row was refused; the same codes as everywhere."""

    code = Text(required=True)
    detail = Text(required=True)
    user_message = Text(required=True)
    errors = Items(Nested(RowFieldError), required=True)
    retryable = Boolean(required=True)


class RowResult(Out):
    """What became of one row: `created`, `duplicate` or `refused`."""

    index = Integer(required=True)
    external_id = Text(required=True, allow_none=True)
    status = Text(required=True)
    result = Nested(PostedTransaction, required=True, allow_none=True)
    error = Nested(RowError, required=True, allow_none=True)


class BatchResult(Out):
    """A result for each row, in the order sent, and how many of each kind."""

    created = Integer(required=True)
    duplicates = Integer(required=True)
    refused = Integer(required=True)
    results = Items(Nested(RowResult), required=True)


@partner.post(
    "/transaction-batches",
    "createTransactionBatch",
    scope="transactions:write",
    body=BatchIn,
    answers={200: BatchResult},
    idempotency="required",
)
def create_transaction_batch(call: Call) -> Reply:
    """Record many purchases at once.

    Each row succeeds or is refused by itself. Receipts known already are duplicates, so a batch
    can simply be sent again.
    """
    rows: list[Row] = call.body["transactions"]
    _refuse_too_many_lines(rows)
    read = [_read(call, row) for row in rows]
    recording = recording_of(call)
    good = [purchase for purchase in read if isinstance(purchase, Purchase)]
    outcomes = iter(record_purchases(call.tx, good, recording) if good else ())
    results = [next(outcomes) if isinstance(each, Purchase) else each for each in read]
    view = tier_view_of(call)
    shown = [_present(view, index, rows[index], result) for index, result in enumerate(results)]
    return Reply(_count(shown) | {"results": shown})


def _refuse_too_many_lines(rows: list[Row]) -> None:
    """Raise ValidationFailed: what is worked out under the write lock is bounded."""
    if sum(row.lines for row in rows) > LINES_MAX:
        detail = f"A batch has at most {LINES_MAX} lines in all."
        raise ValidationFailed.at("/transactions", "too_many_lines", detail)


def _read(call: Call, row: Row) -> Purchase | Refusal:
    """Return the purchase of a row, or what is wrong with it."""
    if isinstance(row.body, Refusal):
        return row.body
    try:
        return purchase_of(call, row.body)
    except Refusal as refusal:
        return refusal


def _present(view: TierView, index: int, row: Row, result: Outcome | Refusal) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "index": index,
        "external_id": row.external_id,
        "result": None,
        "error": None,
    }
    if isinstance(result, Refusal):
        return shown | {"status": "refused", "error": _present_refusal(result, view.locale)}
    status = "duplicate" if result.is_duplicate else "created"
    return shown | {"status": status, "result": present_posted(result, view)}


def _present_refusal(refusal: Refusal, locale: str) -> dict[str, Any]:
    return {
        "code": refusal.code,
        "detail": refusal.detail,
        "user_message": user_message(refusal, locale),
        "errors": refusal.errors[:ROW_ERRORS_MAX] if isinstance(refusal, ValidationFailed) else [],
        "retryable": refusal.retryable,
    }


def _count(shown: list[dict[str, Any]]) -> dict[str, int]:
    statuses = [row["status"] for row in shown]
    return {
        "created": statuses.count("created"),
        "duplicates": statuses.count("duplicate"),
        "refused": statuses.count("refused"),
    }
