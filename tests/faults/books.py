"""Two installations with the same history, compared: everything but ids and when it was noted."""

import re

from flask import Flask

from tests.fixtures.tables import rows_of

WORK = ("job", "job_run", "job_slot")
"""Tables of how the work was done, not of what was done."""
NOTED = {
    *("created_at", "recorded_at", "updated_at", "started_at", "finished_at"),
    *("lease_ends_at", "fence", "hash", "prev_hash", "head_hash"),
}
_ID = re.compile(r"[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}")
_RECEIPT = re.compile(r"receipt-\d+")


def books_of(app: Flask) -> dict[str, list[str]]:
    """Every row of every table as text, with members numbered in the order of joining."""
    rows = rows_of(app, but=WORK)
    members = sorted(row["id"] for row in rows["member"])
    names = {member: f"member {number}" for number, member in enumerate(members)}
    names |= {row["id"]: f"wallet of {names[row['member_id']]}" for row in rows["wallet"]}

    def told(table: str, row: dict[str, object]) -> str:
        dropped = NOTED | ({"available_at"} if table == "outbox" else set())
        text = repr({name: row[name] for name in row if name not in dropped})
        text = _ID.sub(lambda found: names.get(found[0], found[0].partition("_")[0]), text)
        return _RECEIPT.sub("receipt", text)

    return {table: sorted(told(table, row) for row in found) for table, found in rows.items()}
