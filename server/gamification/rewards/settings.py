"""Reading the settings of a reward."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from server.core.i18n import in_language
from server.gamification.definitions.images import read_image
from server.gamification.definitions.reading import Reader
from server.gamification.definitions.types import Kind, Settings
from server.gamification.programme.types import POINTS
from server.gamification.rewards.types import (
    CodeSource,
    Limit,
    Period,
    Reward,
    RewardKind,
    Validity,
    Value,
    Window,
)

PRICE_MAX = 1_000_000_000
STOCK_MAX = 10_000_000
DAYS_MAX = 3650


def read_reward(reward_id: str, key: str, settings: Settings) -> Reward:
    """Return the reward of these settings. Raise `DefinitionInvalid`."""
    reader = Reader(settings)
    reader.required("kind")
    reward = Reward(
        id=reward_id,
        key=key,
        names=reader.localised("names", required=True),
        kind=reader.choice("kind", RewardKind, RewardKind.SERVICE),
        texts=reader.localised("texts", lines=True),
        instructions=reader.localised("instructions", lines=True),
        image=read_image(reader),
        category=reader.text("category", "", most=40),
        is_featured=reader.flag("featured"),
        value=_read_value(reader),
        stock=reader.optional_integer("stock", least=0, most=STOCK_MAX),
        tiers=reader.texts("tiers"),
        is_cancellable=reader.flag("cancellable", default=True),
        is_gift_only=reader.flag("gift_only"),
        location_ids=reader.texts("locations"),
        codes=reader.choice("codes", CodeSource, CodeSource.GENERATED),
    )
    reward = _read_terms(reader, reward)
    _check(reader, reward)
    reader.close()
    return reward


def _read_terms(reader: Reader, reward: Reward) -> Reward:
    price = reader.nested("price")
    units = {POINTS: price.integer(POINTS, most=PRICE_MAX)}
    units |= _read_stars(price)
    money = price.integer("money_minor", most=PRICE_MAX)
    price.refuse_unknown()
    return replace(
        reward,
        price=MappingProxyType({unit: amount for unit, amount in units.items() if amount}),
        money_minor=money,
        limit=_read_limit(reader),
        visible=_read_window(reader, "visible"),
        available=_read_window(reader, "available"),
        validity=_read_validity(reader),
    )


def _read_stars(price: Reader) -> dict[str, int]:
    """Read prices in other units: `{"stars": 5}`, or `{"stars": {"coffee": 5}}` by unit."""
    given = price.raw("stars")
    stars = given if isinstance(given, dict) else {} if given is None else {"stars": given}
    good = all(
        isinstance(unit, str) and type(amount) is int and 0 < amount <= PRICE_MAX
        for unit, amount in stars.items()
    )
    if not good or POINTS in stars:
        price.blame("stars", "invalid", 'Must be amounts by unit, such as {"stars": 5}.')
        return {}
    return dict(stars)


def _read_value(reader: Reader) -> Value:
    value = reader.nested("value")
    causes = value.localised("causes")
    made = Value(
        value.integer("percent_bp", most=10_000),
        value.integer("amount_minor", most=PRICE_MAX),
        value.texts("skus"),
        value.text("cause", in_language(causes, "en"), most=80),
        causes,
    )
    value.refuse_unknown()
    return made


def _read_limit(reader: Reader) -> Limit:
    limit = reader.nested("limit")
    made = Limit(
        limit.integer("total", most=PRICE_MAX),
        limit.integer("per_period", most=PRICE_MAX),
        limit.choice("period", Period, Period.MONTH),
    )
    limit.refuse_unknown()
    return made


def _read_window(reader: Reader, name: str) -> Window:
    window = reader.nested(name)
    made = Window(window.instant("from"), window.instant("until"))
    if made.from_at and made.until_at and made.from_at >= made.until_at:
        window.blame("until", "invalid", "Must be later than from.")
    window.refuse_unknown()
    return made


def _read_validity(reader: Reader) -> Validity:
    validity = reader.nested("validity")
    made = Validity(
        validity.integer("days", 30, least=1, most=DAYS_MAX),
        validity.integer("minutes", 0, least=1, most=60 * 24),
        validity.instant("until"),
    )
    validity.refuse_unknown()
    return made


_NEEDED = {
    RewardKind.PERCENT: ("percent_bp", "Say how many hundredths of a percent."),
    RewardKind.AMOUNT: ("amount_minor", "Say how much."),
    RewardKind.GIFT_CARD: ("amount_minor", "Say how much it is worth."),
    RewardKind.FREE_ITEM: ("skus", "Say which articles."),
    RewardKind.DONATION: ("cause", "Say for which cause."),
}


def _check(reader: Reader, reward: Reward) -> None:
    """Note what does not fit together."""
    needed = _NEEDED.get(reward.kind)
    if needed and not getattr(reward.value, needed[0]):
        reader.blame(f"value/{needed[0]}", "required", needed[1])
    is_free = not (reward.price or reward.money_minor or reward.is_gift_only)
    if is_free and not (reward.limit.total or reward.limit.per_period):
        reader.blame("price", "required", "Say what it costs, or how many a member may have.")
    if reward.kind is RewardKind.DONATION:
        _check_donation(reader, reward)
    if reward.is_settled_at_once and reader.has("cancellable") and reward.is_cancellable:
        reader.blame("cancellable", "invalid", "What is paid at once cannot be given back.")


def _check_donation(reader: Reader, reward: Reward) -> None:
    if reader.has("codes") and reward.codes is not CodeSource.NONE:
        reader.blame("codes", "invalid", "A donation has no code.")
    if not reward.price:
        reader.blame("price", "required", "Say how much is donated.")


REWARDS: Kind[Any] = Kind("reward", "rwd", read_reward)
