"""Reports and star cards that many send at once: counted once, exchanged as often as full."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from server.gamification.activities.errors import DuplicateMismatch
from server.gamification.activities.models import ACTIVITY
from server.gamification.activities.types import Outcome, Return, ReturnOutcome
from server.gamification.activity_types.errors import ActivityTooOften
from server.gamification.activity_types.settings import ACTIVITY_TYPES
from server.gamification.challenges.errors import ChallengeNotCompleted
from server.gamification.challenges.queries import get_challenge
from server.gamification.challenges.service import Claimed, claim
from server.gamification.definitions.benefits import Benefit, BenefitKind
from server.gamification.definitions.service import install
from server.gamification.grants.service import give
from server.gamification.grants.types import Reason
from server.gamification.ledger.models import WALLET
from server.gamification.playing.returning import cancel_report, return_purchase
from server.gamification.playing.service import record_purchase, report_activity
from server.gamification.programme.queries import current_revision
from server.gamification.reports.service import Report
from server.gamification.star_cards import service as star_cards
from server.gamification.star_cards.errors import StarCardNotFull
from server.gamification.star_cards.queries import get_star_card
from server.gamification.star_cards.settings import STAR_CARDS
from tests.builders.playing import open_challenge
from tests.builders.purchases import (
    NOW,
    add_member,
    add_rule,
    open_shop,
    purchase,
    recording,
)
from tests.concurrency.crowd import assert_sound, once, refused, rush
from tests.gamification.star_cards.test_rules import COFFEE

CROWD = 20
EVA = "staff:eva"


def a_shop(app, members, often="always"):
    """A shop in which a greeting gives five points; return its members' ids."""

    def make(tx):
        open_shop(tx)
        add_rule(tx, "action", 5, activity="hello", uses_tier_multiplier=False)
        settings = {"names": {"en": "Hello"}, "often": often, "is_visit": True}
        install(tx, ACTIVITY_TYPES, "hello", settings, EVA, NOW)
        return [add_member(tx) for _ in range(members)]

    return once(app, make)


def reporting(member_id, external_id, at=NOW):
    report = Report(member_id, "hello", "web", external_id, at, None, {})
    return lambda tx: report_activity(tx, report, recording(tx))


def count_activities(tx):
    return tx.execute(select(func.count()).select_from(ACTIVITY)).scalar_one()


def held(tx, member_id):
    rows = tx.execute(select(WALLET).where(WALLET.c.member_id == member_id))
    return {row.unit: row.available for row in rows}


@pytest.mark.parametrize("often", ["once", "daily", "weekly", "monthly"])
def test_what_counts_once_in_a_period_counts_once_for_a_crowd(app, often):
    (ana,) = a_shop(app, 1, often)
    works = [reporting(ana, f"number-{n}") for n in range(CROWD)]
    results = rush(app, works)
    assert len(refused(results, ActivityTooOften)) == CROWD - 1
    assert once(app, lambda tx: (held(tx, ana), count_activities(tx))) == ({"points": 5}, 1)
    assert_sound(app, NOW)


def test_one_report_sent_by_a_crowd_is_counted_once(app):
    (ana,) = a_shop(app, 1, "daily")
    results = rush(app, [reporting(ana, "one")] * CROWD)
    assert sorted(one.is_duplicate for one in results) == [False] + [True] * (CROWD - 1)
    assert len({one.activity_id for one in results}) == 1
    assert once(app, lambda tx: (held(tx, ana), count_activities(tx))) == ({"points": 5}, 1)
    assert_sound(app, NOW)


def test_a_number_that_two_members_report_at_once_belongs_to_one(app):
    members = a_shop(app, 2)
    results = rush(app, [reporting(who, "one") for who in members] * 6)
    assert len(refused(results, DuplicateMismatch)) == 6
    found = once(app, lambda tx: [held(tx, who).get("points", 0) for who in members])
    assert sorted(found) == [0, 5]
    assert_sound(app, NOW)


def test_a_report_cancelled_by_a_crowd_is_taken_back_once(app):
    (ana,) = a_shop(app, 1)
    first, _ = (once(app, reporting(ana, name)) for name in ("one", "two"))
    works = [lambda tx: cancel_report(tx, first.activity_id, recording(tx))] * CROWD
    results = rush(app, works)
    assert sorted(one.is_duplicate for one in results) == [False] + [True] * (CROWD - 1)
    assert {one.points_taken for one in results} == {5}
    assert once(app, lambda tx: held(tx, ana)) == {"points": 5}
    assert_sound(app, NOW)


def test_a_report_is_cancelled_while_the_next_one_of_the_day_comes(app):
    (ana,) = a_shop(app, 1, "daily")
    first = once(app, reporting(ana, "one"))
    works = [lambda tx: cancel_report(tx, first.activity_id, recording(tx))]
    results = rush(app, works + [reporting(ana, f"next-{n}") for n in range(8)])
    counted = [one for one in results if isinstance(one, Outcome)]
    assert len(counted) in {0, 1}
    assert len(refused(results, ActivityTooOften)) == 8 - len(counted)
    assert once(app, lambda tx: held(tx, ana)) == {"points": 5 * len(counted)}
    assert_sound(app, NOW)


@pytest.mark.parametrize("full", [1, 3])
def test_a_crowd_exchanges_the_full_star_cards_and_no_more(app, full):
    (ana,) = a_shop(app, 1)

    def fill(tx):
        install(tx, STAR_CARDS, "cups", COFFEE, EVA, NOW)
        stars = [Benefit(BenefitKind.STARS, 10 * full + 2, "stars")]
        give(tx, ana, stars, Reason("test", "stars", {}), EVA, NOW)

    def exchange(tx):
        card = get_star_card(tx, current_revision(tx), "cups")
        return star_cards.claim(tx, ana, card, "member:ana", NOW)

    once(app, fill)
    results = rush(app, [exchange] * CROWD)
    missed = refused(results, StarCardNotFull)
    numbers = sorted(one.number for one in results if isinstance(one, star_cards.Claimed))
    assert (numbers, len(missed)) == (list(range(1, full + 1)), CROWD - full)
    assert {one.params["missing"] for one in missed} == {8}
    assert once(app, lambda tx: held(tx, ana)) == {"points": 50 * full, "stars": 2}
    assert_sound(app, NOW)


@pytest.mark.parametrize("attempt", range(3))
def test_a_purchase_goes_back_while_the_challenge_it_completed_is_claimed(app, attempt):
    (ana,) = a_shop(app, 1)
    challenge = once(app, lambda tx: open_challenge(tx, key="first", target=1)).id
    bought = once(app, lambda tx: record_purchase(tx, purchase(ana, 10_00), recording(tx)))
    later = NOW + timedelta(minutes=1)

    def give_back(tx):
        return return_purchase(tx, bought.activity_id, Return("refund"), recording(tx, later))

    def take(tx):
        return claim(tx, ana, get_challenge(tx, challenge), "member:ana", later)

    results = rush(app, [take, give_back] * 2)
    backs = [one for one in results if isinstance(one, ReturnOutcome)]
    assert sorted(one.is_duplicate for one in backs) == [False, True]
    claims = [one for one in results if isinstance(one, Claimed)]
    assert len(claims) <= 1
    if not claims:
        assert len(refused(results, ChallengeNotCompleted)) == 2
    assert once(app, lambda tx: held(tx, ana)) == {"points": 0}
    assert_sound(app, later)
