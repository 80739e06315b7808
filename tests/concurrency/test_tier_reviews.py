"""Reviews of tiers by several workers at once, and while members buy."""

from datetime import date

from sqlalchemy import func, select

from server.core.outbox import OUTBOX
from server.gamification.activities.pipeline import record_purchase
from server.gamification.standings.models import TIER_CHANGE
from server.gamification.standings.reviewing import announce_risks, review_tiers
from tests.builders.nights import at
from tests.builders.purchases import add_member, buy, open_shop, purchase, recording
from tests.concurrency.crowd import assert_sound, once, rush

START, NIGHT = at("2026-01-02"), date(2028, 1, 1)
YEARS = {"basis": "spend", "window": {"kind": "calendar", "months": 12}, "keep": "next_period"}


def golden_members(app, count):
    def join(tx):
        open_shop(tx, START, tiers=YEARS)
        members = [add_member(tx, START) for _ in range(count)]
        for member in members:
            buy(tx, member, 20_00, at("2026-05-01"))
        return members

    return once(app, join)


def reviewed(tx):
    return review_tiers(tx, NIGHT, at("2028-01-01", 0), 5)


def warned(tx):
    return announce_risks(tx, date(2027, 12, 5), at("2027-12-05", 0), 5)


def count(app, topic):
    told = select(func.count()).where(OUTBOX.c.topic == topic)
    return once(app, lambda tx: tx.execute(told).scalar_one())


def test_many_workers_review_everybody_once(app):
    golden_members(app, 12)
    while any(rush(app, [reviewed] * 3)):
        pass
    assert count(app, "tier.downgraded") == 12
    changes = select(func.count()).select_from(TIER_CHANGE)
    assert once(app, lambda tx: tx.execute(changes).scalar_one()) == 24
    assert_sound(app, at("2028-01-01"))


def test_many_workers_warn_everybody_once(app):
    golden_members(app, 12)
    while any(rush(app, [warned] * 3)):
        pass
    assert count(app, "tier.at_risk") == 12


def test_whoever_buys_during_the_review_is_reviewed_once(app):
    members = golden_members(app, 6)
    bought = [purchase(member, 5_00, at("2028-01-01")) for member in members]
    works = [
        lambda tx, item=item: record_purchase(tx, item, recording(tx, at("2028-01-01")))
        for item in bought
    ]
    rush(app, [*works, reviewed, reviewed])
    while once(app, reviewed):
        pass
    assert count(app, "tier.downgraded") == 6
    assert count(app, "tier.upgraded") == 12  # gold, and silver again in the new year
    assert_sound(app, at("2028-01-01"))
