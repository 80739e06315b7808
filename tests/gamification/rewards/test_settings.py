"""Settings of rewards are read strictly, and every error says where it is."""

import pytest

from server.gamification.definitions.errors import DefinitionInvalid
from server.gamification.rewards.settings import read_reward
from server.gamification.rewards.types import CodeSource, Limit, Period, RewardKind, Validity
from tests.builders.rewards import coffee, donation, gift_card


def read(settings):
    return read_reward("rwd_1", "coffee", settings)


def errors_of(settings):
    with pytest.raises(DefinitionInvalid) as refused:
        read(settings)
    return [(error["pointer"], error["code"]) for error in refused.value.errors]


def test_a_reward_in_full():
    settings = coffee(
        texts={"en": "Any size."},
        instructions={"en": "Show this at the till."},
        image={"url": "https://shop.example/c.webp", "width": 640, "height": 480}
        | {"alt": {"en": "A cup"}},
        category="drinks",
        featured=True,
        price={"points": 30, "stars": {"coffee": 2}, "money_minor": 50},
        stock=20,
        limit={"total": 5, "per_period": 1, "period": "week"},
        tiers=["gold"],
        visible={"from": "2026-11-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"},
        validity={"days": 3, "until": "2026-12-31T22:00:00Z"},
        cancellable=False,
        locations=["loc_1"],
    )
    made = read(settings)
    assert made.price == {"points": 30, "coffee": 2}
    assert (made.money_minor, made.stock, made.kind) == (50, 20, RewardKind.FREE_ITEM)
    assert made.limit == Limit(5, 1, Period.WEEK)
    assert (made.validity.days, made.is_cancellable, made.location_ids) == (3, False, ("loc_1",))
    assert made.image is not None
    assert made.image.alt == {"en": "A cup"}
    assert made.value.skus == ("COFFEE",)


def test_what_is_left_out_has_its_default():
    made = read(coffee(validity=None))
    assert (made.validity, made.codes, made.stock) == (Validity(), CodeSource.GENERATED, None)
    assert (made.is_cancellable, made.tiers, made.image) == (True, (), None)


@pytest.mark.parametrize(
    ("settings", "pointer", "code"),
    [
        (coffee(names=None), "/names", "required"),
        (coffee(kind=None), "/kind", "required"),
        (coffee(kind="tickets"), "/kind", "invalid"),
        (coffee(value=None), "/value/skus", "required"),
        (coffee(kind="percent"), "/value/percent_bp", "required"),
        (coffee(kind="amount"), "/value/amount_minor", "required"),
        (gift_card(value={}), "/value/amount_minor", "required"),
        (donation(value={}), "/value/cause", "required"),
        (donation(price=None) | {"limit": {"total": 1}}, "/price", "required"),
        (donation(codes="generated"), "/codes", "invalid"),
        (donation(cancellable=True), "/cancellable", "invalid"),
        (gift_card(cancellable=True), "/cancellable", "invalid"),
        (coffee(price=None), "/price", "required"),
        (coffee(price={"points": -1}), "/price/points", "invalid"),
        (coffee(price={"points": 1, "stars": 0}), "/price/stars", "invalid"),
        (coffee(price={"points": 1, "stars": {"points": 4}}), "/price/stars", "invalid"),
        (coffee(price={"points": 1, "dollars": 1}), "/price/dollars", "unknown"),
        (coffee(stock=-1), "/stock", "invalid"),
        (coffee(validity={"days": 0}), "/validity/days", "invalid"),
        (coffee(limit={"period": "hour"}), "/limit/period", "invalid"),
        (
            coffee(visible={"from": "2026-12-01T00:00:00Z", "until": "2026-11-01T00:00:00Z"}),
            "/visible/until",
            "invalid",
        ),
        (
            coffee(image={"url": "javascript:x", "width": 1, "height": 1, "alt": {"en": "x"}}),
            "/image/url",
            "invalid",
        ),
        (coffee(colour="red"), "/colour", "unknown"),
    ],
)
def test_what_is_wrong_is_told(settings, pointer, code):
    settings = {name: value for name, value in settings.items() if value is not None}
    assert (pointer, code) in errors_of(settings)


@pytest.mark.parametrize(
    "free", [{"gift_only": True}, {"limit": {"total": 1}}, {"limit": {"per_period": 1}}]
)
def test_a_free_reward_needs_a_limit_or_is_given_only(free):
    assert read(coffee(price=None, **free)).price == {}
