"""From the rows of a file to drafts of purchases, or to rejections with a reason."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from server.core.errors import ValidationFailed
from server.gamification.activities.types import Purchase, PurchaseLine
from server.gamification.members.rules import index_text, normal_identifier
from server.gamification.members.types import Identifier
from server.integrations.csv import rules
from server.integrations.csv.errors import CellRefused
from server.integrations.csv.types import DateOrder, Draft, Field, Record, Rejection, Terms


class Reader:
    """Reads rows of one file: `columns` are positions by field, `width` is that of the header."""

    def __init__(self, columns: Mapping[Field, int], width: int, terms: Terms) -> None:
        self._columns, self._width, self._terms = dict(columns), width, terms

    def read(self, record: Record) -> Draft | Rejection:
        """Return what a row says, or why it cannot be read."""
        try:
            return self._draft(record)
        except CellRefused as refused:
            return Rejection(
                record.number, record.line, refused.code, refused.field, refused.reason
            )

    def _draft(self, record: Record) -> Draft:
        self._check_shape(record)
        terms, cell = self._terms, self._cells(record)
        customer = self._customer(cell(Field.CUSTOMER))
        currency_code = rules.currency_of(cell(Field.CURRENCY), terms.currency_code)
        amount = rules.minor_units(cell(Field.AMOUNT), currency_code, terms.precision)
        purchase = Purchase(
            member_id="",
            source=terms.source,
            external_id=rules.receipt_number(cell(Field.RECEIPT)),
            occurred_at=rules.instant_of(cell(Field.DATE), terms.zone, terms.date_order),
            amount_minor=amount,
            currency_code=currency_code,
            lines=(PurchaseLine(amount, rules.pieces(cell(Field.ITEMS))),),
        )
        return Draft(record.number, record.line, customer, index_text(customer), purchase)

    def _cells(self, record: Record) -> Callable[[Field], str]:
        def cell(field: Field) -> str:
            position = self._columns.get(field)
            if position is None or position >= len(record.cells):
                return ""
            return record.cells[position]

        return cell

    def _check_shape(self, record: Record) -> None:
        """Cells beyond the header mean that the row was cut at the wrong places."""
        extra = record.cells[self._width :]
        if any(cell.strip() for cell in extra):
            reason = f"{len(record.cells)} cells under {self._width} columns"
            raise CellRefused("row", "row_shape", reason)

    def _customer(self, text: str) -> Identifier:
        terms = self._terms
        if not text.strip():
            raise CellRefused(Field.CUSTOMER, "customer_missing", "there is no customer")
        try:
            return normal_identifier(terms.customer_kind, text, terms.phone_region)
        except ValidationFailed as refusal:
            reason = refusal.errors[0]["detail"]
            raise CellRefused(Field.CUSTOMER, "customer_invalid", reason) from refusal


def survey(
    records: Iterable[Record], position: int, said: DateOrder | None
) -> tuple[int, DateOrder | None]:
    """Walk through all rows once: return how many there are and how their dates are meant.

    Raises FileUnusable when the dates in column `position` do not tell and nothing was `said`.
    """
    count = 0

    def texts() -> Iterator[str]:
        nonlocal count
        for record in records:
            count += 1
            yield record.cells[position] if position < len(record.cells) else ""

    order = rules.date_order(texts()) if said is None else said
    if said is not None:
        count = sum(1 for _ in records)
    return count, order
