"""Grants in the history: what was given besides what purchases earn, and for which reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from server.api.presenters.purchases import effect, points_awarded
from server.api.presenters.rewards_given import BenefitView, given_text
from server.api.presenters.tiers import TierView
from server.core.clock import rfc3339
from server.core.i18n import gettext
from server.gamification.definitions.benefits import BenefitKind
from server.gamification.grants.queries import given_of
from server.gamification.grants.types import Part, PartState
from server.gamification.programme.types import POINTS
from server.gamification.screens.history import expiries_of

_HAD = (PartState.GIVEN, PartState.KEPT)
_MOVED = (BenefitKind.POINTS, BenefitKind.STARS)


@dataclass(frozen=True, slots=True)
class HistoryView:
    """How the history is read: tiers and amounts, all that can be given, and names of activities.

    `kinds` has the names of types of activities that are in force or paused, by key.
    """

    tiers: TierView
    benefits: BenefitView
    kinds: Mapping[str, Mapping[str, str]]


def grant_item(row: Any, view: HistoryView) -> dict[str, Any]:
    """Return a grant as an entry; what was taken back, or could not be given, counts no more."""
    had = _had(row)
    points = sum(part.benefit.amount for part in had if part.benefit.key == POINTS)
    return {
        "id": row.id,
        "kind": "greeting" if row.ref_kind == "greeting" else "gift",
        "state": "returned" if row.state == "taken_back" else "settled",
        "title": view.tiers.name(row.names),
        "occurred_at": row.given_at,
        "location_id": None,
        "total": None,
        "points": points,
        "points_spent": 0,
        "text": _text(had, view.benefits),
    }


def grant_detail(tx: Connection, row: Any, view: HistoryView) -> dict[str, Any]:
    """Return what the grant brought about, each with its own words; the reason is the title."""
    had = _had(row)
    transfers = [part.ref for part in had if part.ref and part.benefit.kind in _MOVED]
    expiries = expiries_of(tx, transfers)
    return {"effects": [_effect(part, expiries.get(part.ref or ""), row, view) for part in had]}


def _had(row: Any) -> list[Part]:
    return [part for part in given_of(row).parts if part.state in _HAD]


def _text(had: list[Part], view: BenefitView) -> str:
    """Say what it gave: "+20 points, A badge"."""
    return ", ".join(given_text(part.benefit, view) for part in had) or gettext(
        view.locale, "+{points}", points=view.text(0)
    )


def _effect(part: Part, expires_at: datetime | None, row: Any, view: HistoryView) -> dict[str, Any]:
    benefit = part.benefit
    if benefit.kind in _MOVED:
        ends = rfc3339(expires_at) if expires_at else None
        moved = {"points": benefit.amount, "available_at": rfc3339(row.given_at)}
        return points_awarded(moved | {"expires_at": ends}, view.tiers.of_unit(benefit.key))
    return effect(f"{benefit.kind}_given", given_text(benefit, view.benefits))
