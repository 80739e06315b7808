"""The earn rules of the benchmark: ten of every kind, and as many more as are asked for."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from server.core.ids import new_id
from server.gamification.earning.models import EARN_RULE
from server.gamification.programme.models import PROGRAMME

MONTH_CAP = 100_000
SMALL_CAP = 3


def put_rules_in_force(tx: Connection, count: int, now: datetime) -> None:
    """Replace the earn rules by `count` active ones (at least ten), under a new revision."""
    rules = ten_rules(now) + [_never_matching(number) for number in range(count - 10)]
    tx.execute(delete(EARN_RULE))
    tx.execute(insert(EARN_RULE), [_row(rule, now) for rule in rules])
    tx.execute(update(PROGRAMME).values(revision=new_id("rev", now)))


def ten_rules(now: datetime) -> list[dict[str, Any]]:
    """Return ten rules, of which a usual basket meets five."""
    past, future = now - timedelta(days=30), now + timedelta(days=30)
    return [
        _rule("amount", 1, 1000),
        _rule(
            "item", 2, categories=["coffee"], points_per_period_max=MONTH_CAP, cap_period="month"
        ),
        _rule("visit", 5, uses_tier_multiplier=False),
        _rule("amount", 1, 500, categories=["books"], uses_tier_multiplier=False),
        _rule(
            "amount", 1, 100, excluded_categories=["gift-cards"], points_per_purchase_max=SMALL_CAP
        ),
        _rule("amount", 1, 1000, location_ids=["loc_elsewhere"]),
        _rule("amount", 1, 1000, ends_at=past.isoformat()),
        _rule("amount", 1, 1000, starts_at=future.isoformat()),
        _rule("amount", 10, 10_000, minimum_minor=100_000),
        _rule("item", 1, skus=["sku-nobody-buys"]),
    ]


def _never_matching(number: int) -> dict[str, Any]:
    return _rule("amount", 1, 1000, categories=[f"category-{number}"])


def _rule(kind: str, points: int, per_minor: int = 0, **conditions: Any) -> dict[str, Any]:
    return {"kind": kind, "points": points, "per_minor": per_minor, "conditions": conditions}


def _row(rule: dict[str, Any], now: datetime) -> dict[str, Any]:
    names = {"en": "A rule of the shop", "ru": "Правило магазина", "et": "Poe reegel"}
    fixed = {"id": new_id("rul", now), "version": 1, "names": names, "created_at": now}
    return rule | fixed
