"""From the text of a cell to an amount, an instant, a number of pieces: exact or refused."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from server.core.clock import start_of_day
from server.integrations.csv.errors import CellRefused, FileUnusable
from server.integrations.csv.types import DateOrder, Field

AMOUNT_MINOR_MAX = 10**12 - 1
ITEMS_MAX = 100_000
RECEIPT_LENGTH_MAX = 100
YEAR_MIN = 1900
_QUOTED_MAX = 40
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "RUB": "₽"}
_BLANKS = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " "))
_NEGATIVE = re.compile(r"[-\u2212\u2013(].*[0-9].*|.*[0-9].*[-\u2212\u2013)]")
_NUMBER = re.compile(r"\+?[0-9]+(?:[ .,'\u2019][0-9]+)*")
_WHOLE = re.compile(r"[0-9]+|[0-9]{1,3}(?P<mark>[ .,'\u2019])[0-9]{3}(?:(?P=mark)[0-9]{3})*")
_DAY = re.compile(
    r"(?:(?P<y>\d{4})(?:(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})|(?P<md>\d{4}))"
    r"|(?P<a>\d{1,2})(?P<t>[-/.])(?P<b>\d{1,2})(?P=t)(?P<z>\d{4}))",
    re.ASCII,
)
_TIME = re.compile(
    r"(?:[T ,]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"\s*(?P<half>[ap]m)?\s*(?P<offset>Z|UTC|[+-]\d{2}:?\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)


def minor_units(text: str, currency_code: str, precision: int) -> int:
    """Return an amount of money in minor units, exactly as written.

    Both `1,234.50` and `1 234,50` are read; one mark before exactly three digits could mean
    either and is refused, like more decimals than the currency has, signs and anything else.
    Raises CellRefused.
    """
    bare = _without_currency(text.translate(_BLANKS).strip(), currency_code)
    if not bare:
        raise _refused(Field.AMOUNT, "amount_missing", "there is no amount")
    if _NEGATIVE.fullmatch(bare):
        raise _refused(Field.AMOUNT, "amount_negative", f"{_quoted(text)} is negative")
    if not _NUMBER.fullmatch(bare):
        raise _refused(Field.AMOUNT, "amount_not_a_number", f"{_quoted(text)} is no amount")
    whole, fraction = _parts(bare.removeprefix("+"))
    if len(fraction) > precision:
        reason = f"{_quoted(text)} has {len(fraction)} decimals, {currency_code} has {precision}"
        raise _refused(Field.AMOUNT, "amount_decimals", reason)
    if not _WHOLE.fullmatch(whole):
        raise _refused(Field.AMOUNT, "amount_not_a_number", f"{_quoted(text)} is no amount")
    digits = re.sub(r"[^0-9]", "", whole) + fraction.ljust(precision, "0")
    if len(digits.lstrip("0")) > len(str(AMOUNT_MINOR_MAX)):
        raise _refused(Field.AMOUNT, "amount_too_large", f"{_quoted(text)} is too large")
    return int(digits)


def _parts(number: str) -> tuple[str, str]:
    """Split a number at its decimal mark: the last mark, unless it groups thousands."""
    marks = [char for char in number if char in ".,"]
    if not marks or (len(marks) > 1 and len(set(marks)) == 1):
        return number, ""
    whole, _, fraction = number.rpartition(marks[-1])
    return whole, fraction


def _without_currency(text: str, currency_code: str) -> str:
    """Take the programme's currency off either end; another one stays and is refused."""
    for mark in (currency_code, _SYMBOLS.get(currency_code, currency_code)):
        text = text.removeprefix(mark).removesuffix(mark).strip()
    return text


def currency_of(text: str, default: str) -> str:
    """Return the currency code in a cell, `default` for an empty one. Raises CellRefused."""
    code = text.strip().upper() or default
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise _refused(Field.CURRENCY, "currency_unknown", f"{_quoted(text)} is no currency code")
    return code


def pieces(text: str) -> int:
    """Return a number of pieces, 1 for an empty cell. Raises CellRefused."""
    found = re.fullmatch(r"([0-9]{1,9})(?:[.,]0+)?", text.strip() or "1")
    if found is None or not 1 <= int(found[1]) <= ITEMS_MAX:
        reason = f"{_quoted(text)} is no number of pieces from 1 to {ITEMS_MAX}"
        raise _refused(Field.ITEMS, "items_invalid", reason)
    return int(found[1])


def receipt_number(text: str) -> str:
    """Return a receipt's number without blanks around it. Raises CellRefused."""
    number = text.strip()
    if not number:
        raise _refused(Field.RECEIPT, "receipt_missing", "there is no receipt number")
    if len(number) > RECEIPT_LENGTH_MAX or not number.isprintable():
        reason = f"use 1 to {RECEIPT_LENGTH_MAX} printable characters"
        raise _refused(Field.RECEIPT, "receipt_invalid", reason)
    return number


@lru_cache(maxsize=8192)
def instant_of(text: str, zone: ZoneInfo, order: DateOrder | None) -> datetime:
    """Return the instant (UTC) that a cell means; clocks without an offset are those of `zone`.

    A date without a time of day is the start of that day. In the hour that clocks show twice the
    first one is meant. Raises CellRefused.
    """
    stripped = text.translate(_BLANKS).strip()
    day = _DAY.match(stripped)
    time = _TIME.fullmatch(stripped, day.end()) if day else None
    if day is None or time is None:
        code = "date_missing" if not stripped else "date_unreadable"
        reason = f"{_quoted(text)} is no date that we can read" if stripped else "there is no date"
        raise _refused(Field.DATE, code, reason)
    try:
        on = _day_of(day, order)
        if time["hour"] is None:
            return start_of_day(on, zone)
        return _moment(on, time, zone)
    except ValueError as error:
        reason = f"{_quoted(text)} is not in the calendar"
        raise _refused(Field.DATE, "date_impossible", reason) from error


def _day_of(found: re.Match[str], order: DateOrder | None) -> date:
    if found["md"]:
        year, month, day = int(found["y"]), int(found["md"][:2]), int(found["md"][2:])
    elif found["y"]:
        year, month, day = int(found["y"]), int(found["m"]), int(found["d"])
    else:
        year, day, month = int(found["z"]), int(found["a"]), int(found["b"])
        if found["t"] != "." and order is DateOrder.MDY:
            day, month = month, day
    if year < YEAR_MIN:
        raise ValueError("before our time")
    return date(year, month, day)


def _moment(on: date, time: re.Match[str], zone: ZoneInfo) -> datetime:
    hour, minute, second = int(time["hour"]), int(time["minute"]), int(time["second"] or 0)
    if time["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("no such hour")
        hour = hour % 12 + 12 * (time["half"].lower() == "pm")
    local = datetime(on.year, on.month, on.day, hour, minute, second, tzinfo=zone)
    return local.replace(tzinfo=_offset(time["offset"]) or zone).astimezone(UTC)


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text.upper() in {"Z", "UTC"}:
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def date_order(texts: Iterable[str]) -> DateOrder | None:
    """Tell from a whole column how its 03/04/2026 is meant; None when no date needs it.

    Raises FileUnusable when the column says both or nothing.
    """
    first, second, unclear = False, False, False
    for text in texts:
        found = _DAY.match(text.strip())
        if found and found["a"] and found["t"] != ".":
            a, b = int(found["a"]), int(found["b"])
            first, second, unclear = first or a > 12, second or b > 12, unclear or a != b
    if first and second:
        raise FileUnusable("Some dates put the day first and others the month; use one form.")
    if first or second:
        return DateOrder.DMY if first else DateOrder.MDY
    if unclear:
        raise FileUnusable("Dates such as 03/04/2026 can be read two ways: say --date-order.")
    return None


def _refused(field: Field, code: str, reason: str) -> CellRefused:
    return CellRefused(field, code, reason)


def _quoted(text: str) -> str:
    short = text.strip()
    return repr(short if len(short) <= _QUOTED_MAX else short[:_QUOTED_MAX] + "…")
