"""Putting a preset in force."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from server.core.ids import new_id
from server.core.texts import one_line
from server.gamification.definitions.service import install
from server.gamification.definitions.types import Definition
from server.gamification.earning.models import EARN_RULE
from server.gamification.presets.kinds import KINDS
from server.gamification.presets.queries import get_preset
from server.gamification.programme.errors import ProgrammeExists, ProgrammeNameInvalid
from server.gamification.programme.models import PROGRAMME
from server.gamification.programme.queries import current_revision
from server.gamification.programme.service import begin_revision
from server.gamification.tiers.models import TIER
from server.gamification.tiers.types import MULTIPLIER_ONE

NAME_LENGTH_MAX = 120
_RULE_COLUMNS = ("key", "kind", "names", "points", "per_minor")


def apply_preset(
    tx: Connection, key: str, now: datetime, changes: Mapping[str, Any] | None = None
) -> str:
    """Set the programme up from a preset and return its revision.

    `changes` overrides fields of the programme (`name`, `currency_code`, `zone`, ...). Raise
    `PresetUnknown`, `ProgrammeNameInvalid`, or `ProgrammeExists` when there is a programme: its
    rules are not replaced.
    """
    preset = get_preset(key)
    if tx.execute(select(PROGRAMME.c.id)).first():
        raise ProgrammeExists
    revision = new_id("rev", now)
    fields = {**preset["programme"], **(changes or {})}
    fields["name"] = _name(fields["name"])
    row = {"id": 1, "settings": preset["settings"], "revision": revision, "updated_at": now}
    tx.execute(insert(PROGRAMME), fields | row)
    tiers = [_tier_row(tier, rank, now) for rank, tier in enumerate(preset.get("tiers", ()))]
    if tiers:
        tx.execute(insert(TIER), tiers)
    install_definitions(tx, preset, f"preset:{key}", now)
    return current_revision(tx)


def install_definitions(
    tx: Connection, told: Mapping[str, Any], actor: str, now: datetime
) -> list[Definition]:
    """Publish everything that `told` has in tables of the known kinds, such as `[[badges]]`,
    and its `[[earn_rules]]`.

    Each entry has a `key`; the rest are its settings. Raise `DefinitionInvalid`,
    `DefinitionKeyTaken`.
    """
    rules = [_rule_row(rule, now) for rule in told.get("earn_rules", ())]
    if rules:
        begin_revision(tx, now)
        tx.execute(insert(EARN_RULE), rules)
    made = []
    for table, kind in KINDS.items():
        for entry in told.get(table, ()):
            settings = {name: _plain(value) for name, value in entry.items() if name != "key"}
            made.append(install(tx, kind, entry["key"], settings, actor, now))
    return made


def _plain(value: Any) -> Any:
    """Return a value of a TOML file as JSON has it: dates and instants are texts."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _rule_row(rule: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "id": new_id("rul", now),
        "version": 1,
        "kind": rule["kind"],
        "names": _names(rule["names"]),
        "points": rule["points"],
        "per_minor": rule.get("per_minor", 0),
        "conditions": {name: rule[name] for name in rule if name not in _RULE_COLUMNS},
        "created_at": now,
        "archived_at": None,
    }


def _tier_row(tier: Mapping[str, Any], rank: int, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id("tier", now),
        "key": tier["key"],
        "rank": rank,
        "names": _names(tier["names"]),
        "entry": tier["entry"],
        "threshold": tier["threshold"],
        "earn_multiplier_bp": tier.get("earn_multiplier_bp", MULTIPLIER_ONE),
        "discount_bp": tier.get("discount_bp", 0),
        "benefits": tier.get("benefits", []),
        "archived_at": None,
    }


def _names(names: Mapping[str, str]) -> dict[str, str]:
    return {locale: one_line(text) for locale, text in names.items()}


def _name(text: str) -> str:
    name = one_line(text)
    if not 0 < len(name) <= NAME_LENGTH_MAX:
        raise ProgrammeNameInvalid(most=NAME_LENGTH_MAX)
    return name
