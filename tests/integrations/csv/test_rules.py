"""What a cell means: exact amounts, instants in a zone, pieces, receipt numbers."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from server.integrations.csv.errors import CellRefused, FileUnusable
from server.integrations.csv.rules import (
    currency_of,
    date_order,
    instant_of,
    minor_units,
    pieces,
    receipt_number,
)
from server.integrations.csv.types import DateOrder
from tests.builders.imports import TALLINN

NBSP, NARROW = "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("29.33", 2933),
        ("29,33", 2933),
        ("0.1", 10),
        ("0", 0),
        ("0.00", 0),
        ("+7", 700),
        ("1234", 123400),
        ("1,234.50", 123450),
        ("1.234,50", 123450),
        ("1 234,50", 123450),
        (f"1{NBSP}234{NBSP}567,89", 123456789),
        (f"12{NARROW}345.6", 1234560),
        ("1'234.50", 123450),
        ("1\u2019234.50", 123450),
        ("1,234,567", 123456700),
        ("1.234.567", 123456700),
        ("€12.50", 1250),
        ("12,50 €", 1250),
        ("EUR 12.50", 1250),
        ("12.50EUR", 1250),
        ("  8.10  ", 810),
        ("9999999999.99", 999999999999),
    ],
)
def test_amounts_are_exact_in_every_usual_form(text, minor):
    assert minor_units(text, "EUR", 2) == minor


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "amount_missing"),
        ("  ", "amount_missing"),
        ("€", "amount_missing"),
        ("-5.00", "amount_negative"),
        ("\u22125.00", "amount_negative"),
        ("5.00-", "amount_negative"),
        ("(5.00)", "amount_negative"),
        ("€-5", "amount_negative"),
        ("12.345", "amount_decimals"),
        ("12.340", "amount_decimals"),
        ("1,234", "amount_decimals"),
        ("0.001", "amount_decimals"),
        ("1234,567.8", "amount_not_a_number"),
        ("12,34.50", "amount_not_a_number"),
        ("1,23,456", "amount_not_a_number"),
        ("1.234 567,00", "amount_not_a_number"),
        ("NaN", "amount_not_a_number"),
        ("inf", "amount_not_a_number"),
        ("1e5", "amount_not_a_number"),
        ("0x10", "amount_not_a_number"),
        ("12.", "amount_not_a_number"),
        (".50", "amount_not_a_number"),
        ("$12.50", "amount_not_a_number"),
        ("12.50 USD", "amount_not_a_number"),
        ("twelve", "amount_not_a_number"),
        ("١٢", "amount_not_a_number"),
        ("10000000000.00", "amount_too_large"),
        ("9" * 400, "amount_too_large"),
    ],
)
def test_what_is_no_amount_is_refused_with_its_reason(text, code):
    with pytest.raises(CellRefused) as refused:
        minor_units(text, "EUR", 2)
    assert (refused.value.code, refused.value.field) == (code, "amount")
    assert len(refused.value.reason) < 120


def test_decimals_follow_the_currency():
    assert minor_units("1200", "JPY", 0) == 1200
    assert minor_units("1.234", "KWD", 3) == 1234
    with pytest.raises(CellRefused):
        minor_units("12.5", "JPY", 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-01", "2024-02-29T22:00"),
        ("20240301", "2024-02-29T22:00"),
        ("2024/3/1", "2024-02-29T22:00"),
        ("01.03.2024", "2024-02-29T22:00"),
        ("1.3.2024", "2024-02-29T22:00"),
        ("2024-07-01", "2024-06-30T21:00"),
        ("2024-03-01 18:45", "2024-03-01T16:45"),
        ("2024-03-01T18:45:10", "2024-03-01T16:45:10"),
        ("2024-03-01T18:45:10.123456Z", "2024-03-01T18:45:10"),
        ("2024-03-01 18:45:10,5 +02:00", "2024-03-01T16:45:10"),
        ("2024-03-01T18:45-0500", "2024-03-01T23:45"),
        ("01.03.2024 06:05 PM", "2024-03-01T16:05"),
        ("01.03.2024, 12:05 am", "2024-02-29T22:05"),
        ("13/03/2024", "2024-03-12T22:00"),
        ("1997-01-01", "1996-12-31T22:00"),
        # In Tallinn 03:30 does not exist on 31 March 2024 and comes twice on 27 October.
        ("2024-03-31 03:30", "2024-03-31T01:30"),
        ("2024-10-27 03:30", "2024-10-27T00:30"),
    ],
)
def test_dates_in_many_forms_are_instants_in_the_zone(text, expected):
    instant = instant_of(text, TALLINN, DateOrder.DMY)
    assert instant == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_month_first_is_read_when_asked_for():
    zone = ZoneInfo("America/New_York")
    assert instant_of("03/04/2024", zone, DateOrder.MDY) == datetime(2024, 3, 4, 5, tzinfo=UTC)
    assert instant_of("03/04/2024", zone, DateOrder.DMY) == datetime(2024, 4, 3, 4, tzinfo=UTC)
    # Dots always put the day first.
    assert instant_of("03.04.2024", zone, DateOrder.MDY) == datetime(2024, 4, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "date_missing"),
        ("yesterday", "date_unreadable"),
        ("01.03.24", "date_unreadable"),
        ("1709290000", "date_unreadable"),
        ("2024-03", "date_unreadable"),
        ("2024-03-01 18", "date_unreadable"),
        ("2024-03-01 18:45 CET", "date_unreadable"),
        ("2024-02-30", "date_impossible"),
        ("29.02.2023", "date_impossible"),
        ("31/13/2024", "date_impossible"),
        ("2024-03-01 25:00", "date_impossible"),
        ("2024-03-01 13:00 pm", "date_impossible"),
        ("0024-03-01", "date_impossible"),
        ("2024-03-01T18:45+99:00", "date_impossible"),
    ],
)
def test_what_is_no_date_is_refused_with_its_reason(text, code):
    with pytest.raises(CellRefused) as refused:
        instant_of(text, TALLINN, DateOrder.DMY)
    assert (refused.value.code, refused.value.field) == (code, "date")


def test_a_column_tells_which_comes_first():
    assert date_order(["03/04/2024", "13/04/2024"]) is DateOrder.DMY
    assert date_order(["03/04/2024", "04/13/2024", ""]) is DateOrder.MDY
    assert date_order(["2024-03-04", "04.03.2024", "4/4/2024", "nonsense"]) is None


def test_a_column_that_says_both_or_nothing_is_refused():
    with pytest.raises(FileUnusable, match="day first and others the month"):
        date_order(["13/04/2024", "04/13/2024"])
    with pytest.raises(FileUnusable, match="--date-order"):
        date_order(["03/04/2024", "05/06/2024"])


@pytest.mark.parametrize(("text", "number"), [("", 1), ("1", 1), (" 12 ", 12), ("3.00", 3)])
def test_pieces_are_whole_numbers(text, number):
    assert pieces(text) == number


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "two", "100001", "9" * 30, "½"])
def test_what_is_no_number_of_pieces_is_refused(text):
    with pytest.raises(CellRefused) as refused:
        pieces(text)
    assert refused.value.code == "items_invalid"


def test_receipt_numbers_are_kept_as_written():
    assert receipt_number("  00012-ä  ") == "00012-ä"
    for text, code in (
        ("", "receipt_missing"),
        ("x" * 101, "receipt_invalid"),
        ("a\tb", "receipt_invalid"),
    ):
        with pytest.raises(CellRefused) as refused:
            receipt_number(text)
        assert refused.value.code == code


def test_a_currency_is_three_letters():
    assert (currency_of("usd", "EUR"), currency_of(" ", "EUR")) == ("USD", "EUR")
    with pytest.raises(CellRefused):
        currency_of("dollars", "EUR")
