"""Publishing a raffle: rules frozen, the round fixed, prizes set aside."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from server.core.outbox import OUTBOX
from server.gamification.beacons.types import Source
from server.gamification.definitions.queries import get_definition
from server.gamification.definitions.service import change_draft, publish
from server.gamification.raffles.errors import RaffleRulesFixed, RaffleUnfit
from server.gamification.raffles.publishing import RAFFLES
from server.gamification.raffles.queries import get_rules, list_prizes, raffle_at
from server.gamification.raffles.rounds import round_for
from server.gamification.raffles.types import RaffleState
from tests.builders.purchases import NOW, open_shop
from tests.builders.raffles import CLOSES_AT, DAY, EVA, christmas, open_raffle, standing
from tests.builders.rewards import offer, pieces


@pytest.fixture
def shop(tx):
    open_shop(tx)


def publish_again(tx, raffle_id, now=NOW, **changes):
    found = get_definition(tx, RAFFLES.name, raffle_id)
    change_draft(tx, RAFFLES, (raffle_id, found.edit), christmas(**changes), EVA, now)
    return publish(tx, RAFFLES, raffle_id, EVA, now)


def refused(tx, **changes):
    with pytest.raises(RaffleUnfit) as refusal:
        open_raffle(tx, **changes)
    return refusal.value.params["reason"]


def test_a_published_raffle_announces_what_is_certain(tx, shop):
    raffle = open_raffle(tx)
    now = standing(tx, raffle)
    assert (now.state, now.prizes, now.consolations) == (RaffleState.SELLING, 1, 3)
    assert (now.entrants, now.tickets, now.entrants_max) == (0, 0, 1 + 4 * 100)
    assert raffle_at(tx, raffle, now.version).names["en"] == "Christmas draw"


def test_the_round_is_the_first_two_minutes_after_the_end():
    first = round_for(Source.DRAND, datetime(2026, 12, 20, 17, 0, tzinfo=UTC), NOW)
    assert first.public_at - datetime(2026, 12, 20, 17, 2, tzinfo=UTC) <= timedelta(seconds=3)
    assert first.public_at.timestamp() == 1692803367 + (first.number - 1) * 3
    assert first.chain_hash.startswith("52db9ba70e0c")


def test_a_raffle_that_opens_later_waits(tx, shop):
    raffle = open_raffle(tx, opens_at=(NOW + DAY).isoformat())
    assert standing(tx, raffle).state is RaffleState.PUBLISHED


def test_the_rules_are_frozen_with_their_hash_in_every_language(tx, shop):
    rules, digest = get_rules(tx, open_raffle(tx))
    assert hashlib.sha256(rules.encode()).hexdigest() == digest
    texts = json.loads(rules)["texts"]
    assert set(texts) == {"en", "ru", "et"}
    assert ["Corner Café", "eva@example.com"] in [one["lines"] for one in texts["et"]]
    assert "A ticket costs 50 points." in [line for one in texts["en"] for line in one["lines"]]


def test_rewards_of_the_catalogue_are_set_aside(tx, shop):
    mug = offer(tx, "mug", stock=3)
    prizes = [{"names": {"en": "Mug"}, "value_minor": 9_00, "quantity": 2, "reward": "mug"}]
    raffle = open_raffle(tx, prizes=prizes)
    assert pieces(tx, mug) == (3, 2, 0)
    assert [(row.first_place, row.reserved) for row in list_prizes(tx, raffle)] == [(1, 2)]
    publish_again(tx, raffle)
    assert pieces(tx, mug) == (3, 0, 0)


@pytest.mark.parametrize(
    ("reward", "reason"),
    [({"stock": 1}, "reward_short"), ({"price": {"money_minor": 1}}, "reward_costs")],
)
def test_prizes_that_cannot_be_given_are_refused(tx, shop, reward, reason):
    offer(tx, "mug", **reward)
    prizes = [{"names": {"en": "Mug"}, "value_minor": 9_00, "quantity": 2, "reward": "mug"}]
    assert refused(tx, prizes=prizes) == reason


def test_what_is_over_or_unknown_is_refused(tx, shop):
    assert refused(tx, now=CLOSES_AT) == "closes_at_passed"
    unknown = [{"names": {"en": "Mug"}, "value_minor": 9_00, "reward": "mug"}]
    assert refused(tx, key="mugs", prizes=unknown) == "reward_unknown"
    gems = {"price": None, "consolation": {"unit": "gems", "amount": 60, "value_minor": 60}}
    assert refused(tx, key="gems", given=True, **gems) == "unit_unknown"
    assert refused(tx, key="tier", who={"age_min": 0, "tiers": ["moon"]}) == "tier_unknown"
    dear = [{"names": {"en": "House"}, "value_minor": 100_000_00}]
    assert refused(tx, key="dear", prizes=dear) == "fund_too_large"


def test_rules_can_change_until_somebody_has_entered_but_promise_no_less(tx, shop):
    raffle = open_raffle(tx)
    publish_again(tx, raffle, cap=5)
    assert (standing(tx, raffle).cap, standing(tx, raffle).version) == (5, 2)
    with pytest.raises(RaffleRulesFixed):
        publish_again(tx, raffle, entrants_min=6)


def test_it_is_told_which_round_decides(tx, shop):
    raffle = open_raffle(tx)
    asked = select(OUTBOX.c.payload).where(OUTBOX.c.topic == "raffle.published")
    now = standing(tx, raffle)
    told = {"raffle_id": raffle, "rules_hash": now.rules_hash, "round": now.round}
    assert tx.execute(asked).scalar_one() == told
