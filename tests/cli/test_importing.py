"""`fairstar import purchases`: previewed, interrupted, resumed, repeated, refused row by row."""

import csv
import signal
import sqlite3
import time

import pytest

from tests.builders.imports import SAMPLE, write_file
from tests.fixtures.command_line import spawn, variables
from tests.fixtures.schema import running_app
from tests.fixtures.tables import rows_of

BOOKS = """
SELECT a.external_id, a.amount_minor, a.points, a.occurred_at, w.available, w.version
FROM activity a JOIN wallet w ON w.member_id = a.member_id ORDER BY a.external_id
"""
RUN = "SELECT state, total, done, posted, duplicate, refused, enrolled, points FROM import_run"


@pytest.fixture
def query(points_only):
    """Ask the database directly, as an outsider would."""

    def ask(statement, url=points_only):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            return connection.execute(statement).fetchall()

    return ask


def test_a_file_is_imported_and_every_row_is_accounted_for(fairstar, query):
    result = fairstar("import", "purchases", SAMPLE)
    assert result.exit_code == 3
    for line in ("6 purchases posted", "1 known already", "7 rows refused", "138 points issued"):
        assert line in result.output
    assert query(RUN) == [("finished", 14, 14, 6, 1, 7, 2, 138)]
    assert query("SELECT record, fix FROM import_refusal ORDER BY record") == [
        (6, "amount_decimals"),
        (7, "amount_negative"),
        (8, "customer_missing"),
        (9, "date_impossible"),
        (10, "transaction_duplicate_mismatch"),
        (12, "receipt_missing"),
        (13, "transaction_in_future"),
    ]
    assert fairstar("check").exit_code == 0


def test_refusals_are_told_by_the_fix_they_need(fairstar):
    output = fairstar("import", "purchases", SAMPLE).output
    assert "1 x amount_negative: Leave returns out" in output
    assert "lines 8; the first: '-5.00' is negative" in output


def test_refused_rows_can_be_corrected_and_imported(fairstar, tmp_path, query):
    rejected = tmp_path / "rejected.csv"
    fairstar("import", "purchases", SAMPLE, "--rejected", rejected, "--batch", 3)
    with rejected.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["refused_line"] for row in rows] == ["7", "8", "9", "10", "11", "13", "14"]
    assert rows[0]["refused_reason"] == "'12.345' has 3 decimals, USD has 2"
    assert rows[0]["amount"] == "12.345"
    rejected.write_text(rejected.read_text().replace("12.345", "12.35"))
    again = fairstar("import", "purchases", rejected)
    assert "1 purchases posted" in again.output
    assert query("SELECT count(*) FROM activity WHERE external_id = 'R-005'") == [(1,)]


def test_a_dry_run_shows_what_would_be_and_changes_nothing(fairstar, points_only):
    with running_app(points_only) as app:
        before = rows_of(app)
    result = fairstar("import", "purchases", SAMPLE, "--dry-run", "--batch", 4)
    with running_app(points_only) as app:
        assert rows_of(app) == before
    assert result.exit_code == 3
    assert "6 purchases would be posted" in result.output
    assert "138 points would be issued" in result.output
    assert "2024-03-02 18:45" in result.output


def test_the_preview_marks_rows_that_will_be_refused(fairstar, tmp_path):
    file = write_file(
        tmp_path / "some.csv",
        "R-1,C-1,2024-05-01,1,10.00",
        "R-2,C-1,2024-05-01,1,-5.00",
        "R-1,C-2,2024-05-02,1,20.00",
    )
    output = fairstar("import", "purchases", file, "--dry-run").output
    rows = [[cell.strip() for cell in line.split("│")] for line in output.splitlines()]
    marked = {row[1]: row[7] for row in rows if len(row) == 9 and row[1].isdigit()}
    assert marked["2"] == ""
    assert marked["3"].startswith("amount")
    assert marked["4"].startswith("transaction")


def test_importing_twice_changes_nothing_but_the_record_of_it(fairstar, query):
    fairstar("import", "purchases", SAMPLE)
    books = query(BOOKS)
    again = fairstar("import", "purchases", SAMPLE)
    assert "7 known already" in again.output
    assert query(BOOKS) == books
    assert query(RUN)[1] == ("finished", 14, 14, 0, 7, 7, 0, 0)


def test_a_killed_import_goes_on_where_it_was(fairstar, points_only, query, tmp_path):
    rows = [f"K-{n:04},C-{n % 7},2024-05-{n % 28 + 1:02},1,{n}.00" for n in range(400)]
    file = write_file(tmp_path / "many.csv", *rows)
    words = ("import", "purchases", file, "--batch", 2)
    process = spawn(*words, environment=variables(points_only))
    deadline = time.monotonic() + 60
    while not (done := query("SELECT coalesce(max(done), 0) FROM import_run")[0][0]):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert 0 < done < 400
    assert query("SELECT state FROM import_run") == [("running",)]
    result = fairstar(*words)
    assert result.exit_code == 0
    expected = sum(n // 10 for n in range(400))
    assert query(RUN) == [("finished", 400, 400, 400, 0, 0, 7, expected)]
    assert query("SELECT sum(available) FROM wallet") == [(expected,)]
    assert fairstar("check").exit_code == 0


def test_columns_zone_and_kind_of_customer_can_be_said(fairstar, tmp_path, query):
    header = "No;Phone number;When;Paid in all"
    file = tmp_path / "said.csv"
    file.write_text(f"{header}\nA1;555 1234;03/04/2024 10:00;12,50\n", encoding="utf-8")
    columns = ("receipt=No", "amount=Paid in all", "customer=Phone number", "date=When")
    said = [word for column in columns for word in ("--map", column)]
    words = ("import", "purchases", file, *said, "--customers", "phone")
    unclear = fairstar(*words)
    assert unclear.exit_code == 1
    assert "say --date-order" in unclear.output
    zone = ("--date-order", "mdy", "--zone", "America/New_York", "--source", "till-7")
    assert fairstar(*words, *zone).exit_code == 0
    assert query("SELECT source, occurred_at FROM activity") == [
        ("till-7", "2024-03-04 15:00:00.000000")
    ]
    assert query("SELECT kind, hint FROM member_identifier") == [("phone", "•••1234")]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--currency", "EUR"], "The programme counts in USD"),
        (["--map", "receipt"], "is not FIELD=COLUMN"),
        (["--map", "price=amount"], "is not FIELD=COLUMN"),
        (["--map", "receipt=Nr"], "no column is called 'Nr'"),
        (["--source", "a b"], "Use 1 to 40 letters"),
        (["--encoding", "klingon"], "not text in klingon"),
    ],
)
def test_what_cannot_be_used_stops_with_a_sentence(fairstar, query, words, sentence):
    result = fairstar("import", "purchases", SAMPLE, *words)
    assert result.exit_code in {1, 2}
    assert sentence in result.output
    assert query("SELECT count(*) FROM import_run") == [(0,)]
