"""Files are opened whatever their encoding and delimiter; columns are found by their names."""

import pytest

from server.integrations.csv.columns import mapped_columns
from server.integrations.csv.errors import FileUnusable
from server.integrations.csv.sheets import recognise, records
from server.integrations.csv.types import REQUIRED, Field

ROWS = "receipt;customer;date;amount\nR1;Õunake;2024-03-01;1,50\nR2;Öö;2024-03-02;2,50\n"
RUSSIAN = "чек\tклиент\tдата\tсумма\nR1\tИванова Мария\t01.03.2024\t1,50\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_recognised(tmp_path, encoding):
    path = tmp_path / "file.csv"
    path.write_bytes(ROWS.encode(encoding))
    sheet = recognise(path)
    assert (sheet.encoding, sheet.delimiter) == (encoding, ";")
    assert sheet.header == ("receipt", "customer", "date", "amount")
    assert [record.cells[1] for record in records(sheet)] == ["Õunake", "Öö"]


def test_cyrillic_of_windows_is_recognised(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(RUSSIAN.encode("cp1251"))
    sheet = recognise(path)
    assert (sheet.encoding, sheet.delimiter) == ("cp1251", "\t")
    assert next(records(sheet)).cells[1] == "Иванова Мария"
    assert mapped_columns(sheet.header, {})[Field.CUSTOMER] == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_recognised_beside_others_in_quotes(tmp_path, delimiter):
    path = tmp_path / "file.csv"
    row = delimiter.join(["R1", f'"a{delimiter}b, c; d"', "2024-03-01", "1.50"])
    path.write_text(delimiter.join(["receipt", "customer", "date", "amount"]) + "\n" + row)
    sheet = recognise(path)
    assert sheet.delimiter == delimiter
    assert [record.cells for record in records(sheet)] == [
        ("R1", f"a{delimiter}b, c; d", "2024-03-01", "1.50")
    ]


def test_rows_know_their_number_and_their_last_line(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text('a,b\n\n1,"two\nlines"\n , \n2,x\n')
    rows = list(records(recognise(path)))
    assert [(row.number, row.line, row.cells) for row in rows] == [
        (1, 4, ("1", "two\nlines")),
        (2, 6, ("2", "x")),
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"a,b\n1,\x00\n", "zero bytes"),
        (b"a,b\n1,\x81\x8d\n", "not text"),
        (b'a,b\n1,"' + b"x" * 200_000, "is not CSV"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path, content, sentence):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(FileUnusable, match=sentence):
        list(records(recognise(path)))


@pytest.mark.parametrize(
    "header",
    [
        ("receipt", "customer", "date", "amount"),
        ("Order ID", "Client-ID", "Order Date", "Total"),
        ("InvoiceNo", "CustomerID", "InvoiceDate", "Amount"),
        ("Kviitung", "Klient", "Kuupäev", "Summa"),
        ("Номер чека", "Клиент", "Дата", "Сумма"),
    ],
)
def test_columns_are_found_by_usual_names(header):
    found = mapped_columns(header, {})
    assert [found[field] for field in REQUIRED] == [0, 1, 2, 3]


def test_the_better_name_wins_and_a_said_column_first():
    header = ("invoice", "receipt", "klient", "aeg", "date", "summa", "price", "qty")
    found = mapped_columns(header, {"amount": "Price"})
    assert found == {"receipt": 1, "customer": 2, "date": 4, "amount": 6, "items": 7}


@pytest.mark.parametrize(
    ("header", "said", "sentence"),
    [
        (("R1", "C1", "2024-03-01"), {}, "recognised as receipt, customer, date, amount"),
        (("receipt", "customer", "date"), {}, "--map amount=COLUMN"),
        (("receipt", "customer", "date", "amount"), {"items": "pcs"}, "no column is called 'pcs'"),
        (("receipt", "customer", "date", "amount", "amount"), {}, "Several columns"),
        (("receipt", "customer", "date", "x", "X"), {"amount": "x "}, None),
        (("receipt", "customer", "date", "x", "x"), {"amount": "x"}, "several columns are"),
    ],
)
def test_columns_that_are_not_clear_are_asked_for(header, said, sentence):
    if sentence is None:
        assert mapped_columns(header, said)[Field.AMOUNT] == 3
        return
    with pytest.raises(FileUnusable, match=sentence):
        mapped_columns(header, said)
