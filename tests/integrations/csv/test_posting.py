"""Drafts become purchases: each row posted, known or refused, and nothing else moves."""

import pytest
from sqlalchemy import func, select

from server.core.db import reading, transaction
from server.gamification.activities.models import ACTIVITY
from server.gamification.invariants.service import check_all
from server.gamification.ledger.models import LOT, WALLET
from server.gamification.members.models import MEMBER
from server.gamification.members.service import block_member
from server.gamification.presets.service import apply_preset
from server.integrations.csv.fixes import FIXES, by_fix
from server.integrations.csv.posting import post
from server.integrations.csv.types import Tally
from tests.builders.imports import SAMPLE, counter, read_file, stage, write_file
from tests.builders.members import NOW
from tests.fixtures.tables import rows_of

POSTED = Tally(posted=6, duplicate=1, refused=2, enrolled=2, points=2 + 1 + 10 + 125)


@pytest.fixture
def shop(app):
    with app.app_context(), transaction() as tx:
        apply_preset(tx, "points_only", NOW)
    with app.app_context():
        yield app


def bring(path, desk_of=counter):
    """Import all drafts of a file as one batch."""
    drafts, _ = read_file(path)
    with transaction() as tx:
        return post(tx, desk_of(tx), drafts)


def test_every_row_is_read_or_refused_with_its_reason():
    drafts, rejections = read_file(SAMPLE)
    assert [(one.record, one.line, one.code, one.field) for one in rejections] == [
        (6, 7, "amount_decimals", "amount"),
        (7, 8, "amount_negative", "amount"),
        (8, 9, "customer_missing", "customer"),
        (9, 10, "date_impossible", "date"),
        (12, 13, "receipt_missing", "receipt"),
    ]
    assert [draft.record for draft in drafts] == [1, 2, 3, 4, 5, 10, 11, 13, 14]
    assert drafts[-1].purchase.amount_minor == 125050


def test_rows_are_posted_known_or_refused(shop):
    tally, rejections = bring(SAMPLE)
    assert tally == POSTED
    assert [(one.record, one.code) for one in rejections] == [
        (10, "transaction_duplicate_mismatch"),
        (13, "transaction_in_future"),
    ]
    with reading() as tx:
        assert check_all(tx, NOW) == []
        joined = tx.execute(select(MEMBER.c.joined_source)).scalars().all()
        days = tx.execute(select(func.min(ACTIVITY.c.occurred_at))).scalar_one()
    assert joined == ["import", "import"]
    assert (days.year, days.month) == (2024, 2)


def test_nobody_is_enrolled_for_refused_rows(shop):
    bring(SAMPLE)
    with reading() as tx:
        assert tx.execute(select(func.count()).select_from(MEMBER)).scalar_one() == 2
        assert tx.execute(select(func.count()).select_from(WALLET)).scalar_one() == 2


def test_importing_again_changes_nothing(shop):
    bring(SAMPLE)
    before = rows_of(shop)
    again, _ = bring(SAMPLE)
    assert again == Tally(posted=0, duplicate=7, refused=2, enrolled=0, points=0)
    assert rows_of(shop) == before


def test_a_rehearsal_says_what_the_import_does_and_writes_nothing(shop):
    before = rows_of(shop)
    rehearsed = bring(SAMPLE, stage)
    assert rows_of(shop) == before
    assert rehearsed[0] == bring(SAMPLE)[0]
    again = bring(SAMPLE, stage)
    assert again[0] == Tally(duplicate=7, refused=2)
    assert [one.code for one in again[1]] == [one.code for one in rehearsed[1]]


def test_a_rehearsal_remembers_its_own_newcomers(shop, tmp_path):
    first, _ = read_file(write_file(tmp_path / "1.csv", "R1,C-1,2024-03-01,1,10.00"))
    second, _ = read_file(
        write_file(tmp_path / "2.csv", "R2,C-1,2024-03-02,1,10.00", "R1,C-1,2024-03-01,1,10.00")
    )
    with reading() as tx:
        desk = stage(tx)
        tallies = [post(tx, desk, drafts)[0] for drafts in (first, second)]
    assert [tally.enrolled for tally in tallies] == [1, 0]
    assert [tally.duplicate for tally in tallies] == [0, 1]


def test_a_refused_member_stops_nobody_else(shop, tmp_path):
    bring(SAMPLE)
    with transaction() as tx:
        blocked = tx.execute(select(ACTIVITY.c.member_id).where(ACTIVITY.c.external_id == "R-001"))
        block_member(tx, blocked.scalar_one(), "test", "stolen", NOW)
    more = write_file(
        tmp_path / "more.csv",
        "R-100,C-1,2024-04-01,1,20.00",
        "R-101,C-2,2024-04-01,1,20.00",
        "R-102,C-9,2024-04-01,1,20.00",
    )
    tally, rejections = bring(more)
    assert (tally.posted, tally.refused, tally.enrolled, tally.points) == (2, 1, 1, 4)
    assert [(one.line, one.code) for one in rejections] == [(2, "member_blocked")]


def test_points_of_old_purchases_get_the_grace_period(app, tmp_path):
    with app.app_context():
        with transaction() as tx:
            apply_preset(tx, "four_metals", NOW)
        bring(write_file(tmp_path / "old.csv", "R1,C-1,1997-01-01,1,29.33"))
        with reading() as tx:
            [lot] = tx.execute(select(LOT)).all()
            assert check_all(tx, NOW) == []
    assert (lot.amount, lot.earned_at.year) == (2, 1996)
    assert lot.expires_at.isoformat() == "2026-12-06T22:00:00+00:00"


def test_refused_rows_are_grouped_by_the_fix_they_need():
    _, rejections = read_file(SAMPLE)
    groups = by_fix([*rejections, *rejections[:1]])
    assert (groups[0].code, groups[0].count, groups[0].lines) == ("amount_decimals", 2, [7, 7])
    assert groups[0].example == "'12.345' has 3 decimals, EUR has 2"
    assert {group.code for group in groups} <= set(FIXES)
