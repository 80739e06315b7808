"""Which column means what: said by the user, or recognised by its name in three languages."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from server.integrations.csv.errors import FileUnusable
from server.integrations.csv.types import REQUIRED, Field

NAMES: Mapping[Field, tuple[str, ...]] = {
    Field.RECEIPT: (
        *("receipt", "receipt_id", "receipt_no", "receipt_number", "external_id"),
        *("transaction_id", "transaction", "order_id", "order_no", "order_number", "order"),
        *("invoice_id", "invoice_no", "invoice_number", "invoice", "ticket", "check_number"),
        *("kviitung", "kviitungi_number", "tšekk", "tšeki_number", "arve", "arve_number"),
        *("чек", "номер_чека", "квитанция", "заказ", "номер_заказа"),
    ),
    Field.CUSTOMER: (
        *("customer", "customer_id", "customer_no", "customer_number", "client", "client_id"),
        *("member", "member_id", "buyer", "buyer_id", "klient", "kliendi_id", "kliendi_number"),
        *("клиент", "код_клиента", "id_клиента", "покупатель"),
    ),
    Field.DATE: (
        *("occurred_at", "date_time", "datetime", "timestamp", "date", "purchase_date"),
        *("purchased_at", "transaction_date", "order_date", "invoice_date", "sold_at"),
        *("kuupäev", "aeg", "дата", "дата_и_время", "дата_покупки"),
    ),
    Field.AMOUNT: (
        *("amount", "total", "total_amount", "amount_paid", "paid", "sum", "value", "price"),
        *("summa", "kokku", "сумма", "итого"),
    ),
    Field.ITEMS: (
        *("items", "quantity", "qty", "pieces", "units", "item_count"),
        *("kogus", "количество", "кол_во"),
    ),
    Field.CURRENCY: ("currency", "currency_code", "valuuta", "валюта"),
}


def mapped_columns(header: Sequence[str], said: Mapping[str, str]) -> dict[Field, int]:
    """Return the position of each field's column: first as said, then by name.

    Raises FileUnusable when a required field has no column, naming the columns there are.
    """
    found = {Field(field): _position(header, column) for field, column in said.items()}
    for field in Field:
        position = _recognised(header, field, set(found.values()))
        if field not in found and position is not None:
            found[field] = position
    missing = [field for field in REQUIRED if field not in found]
    if missing:
        raise FileUnusable(
            f"No column is recognised as {', '.join(missing)}. The columns are: "
            f"{', '.join(header)}. Say which one it is: --map {missing[0]}=COLUMN"
        )
    return found


def plain_name(name: str) -> str:
    """Return a column's name in lower case with one underscore between words."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", unicodedata.normalize("NFC", name.strip()))
    return re.sub(r"[\W_]+", "_", spaced.casefold()).strip("_")


def _position(header: Sequence[str], column: str) -> int:
    plain = [plain_name(name) for name in header]
    for names, wanted in ((list(header), column.strip()), (plain, plain_name(column))):
        if names.count(wanted) == 1:
            return names.index(wanted)
    several = "several columns are" if plain_name(column) in plain else "no column is"
    raise FileUnusable(f"In --map, {several} called {column!r}: {', '.join(header)}.")


def _recognised(header: Sequence[str], field: Field, taken: set[int]) -> int | None:
    """Return the free column with the best known name for `field`."""
    plain = [plain_name(name) for name in header]
    for name in NAMES[field]:
        places = [place for place, own in enumerate(plain) if own == name and place not in taken]
        if len(places) > 1:
            raise FileUnusable(f"Several columns are called {header[places[0]]!r}; rename one.")
        if places:
            return places[0]
    return None
