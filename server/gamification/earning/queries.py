"""Reading earn rules and how much of their caps is used."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from server.core.columns import among
from server.core.statements import Prepared
from server.gamification.earning.models import EARN_COUNTER, EARN_RULE
from server.gamification.earning.types import (
    CapPeriod,
    EarnRule,
    Qualifies,
    RuleKind,
    Scope,
)
from server.gamification.programme.queries import RevisionCache

_LIVE = select(EARN_RULE).where(EARN_RULE.c.archived_at.is_(None)).order_by(EARN_RULE.c.id)
_NAMES = Prepared(
    select(EARN_RULE.c.id, EARN_RULE.c.version, EARN_RULE.c.names).where(
        among(EARN_RULE.c.id, "rule_ids")
    )
)
_USED = Prepared(
    select(EARN_COUNTER).where(
        among(EARN_COUNTER.c.member_id, "member_ids"), among(EARN_COUNTER.c.cap_key, "cap_keys")
    )
)


def get_rules(tx: Connection, revision: str) -> tuple[EarnRule, ...]:
    """Return the published earn rules at a programme revision, in the order of their ids."""
    return _CACHE.get(tx, revision)


def names_of(
    tx: Connection, versions: Collection[tuple[str, int]]
) -> dict[tuple[str, int], Mapping[str, str]]:
    """Return the names of rules by id and version, as they were then."""
    rows = _NAMES.all(tx, {"rule_ids": list({rule_id for rule_id, _ in versions})})
    return {(row.id, row.version): row.names for row in rows}


def caps_used(
    tx: Connection, member_ids: Sequence[str], cap_keys: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Return points already given, by member and cap key; asks nothing when no rule is capped."""
    used: dict[str, dict[str, int]] = {}
    if cap_keys:
        keys = {"member_ids": list(member_ids), "cap_keys": list(cap_keys)}
        for row in _USED.all(tx, keys):
            used.setdefault(row.member_id, {})[row.cap_key] = row.points
    return used


def rule_of(row: Mapping[Any, Any]) -> EarnRule:
    """Build a rule from a row of `earn_rule` (also used on unsaved rules)."""
    conditions = dict(row["conditions"])
    scope = {name: tuple(conditions.pop(name, ())) for name in Scope.__dataclass_fields__}
    for name in ("starts_at", "ends_at"):
        if conditions.get(name):
            conditions[name] = datetime.fromisoformat(conditions[name])
    conditions["weekdays"] = tuple(conditions.get("weekdays", ()))
    conditions["location_ids"] = tuple(conditions.get("location_ids", ()))
    conditions["cap_period"] = CapPeriod(conditions.get("cap_period", CapPeriod.DAY))
    conditions["qualifies"] = Qualifies(conditions.get("qualifies", Qualifies.FULL))
    return EarnRule(
        id=row["id"],
        version=row["version"],
        kind=RuleKind(row["kind"]),
        names=row["names"],
        points=row["points"],
        per_minor=row["per_minor"],
        scope=Scope(**scope),
        **conditions,
    )


def _load_rules(tx: Connection, _revision: str) -> tuple[EarnRule, ...]:
    return tuple(rule_of(row) for row in tx.execute(_LIVE).mappings())


_CACHE = RevisionCache(_load_rules)
