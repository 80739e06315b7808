"""Reading the programme, once per revision and process."""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from server.gamification.programme.errors import ProgrammeMissing
from server.gamification.programme.models import PROGRAMME
from server.gamification.programme.types import (
    POINTS,
    ClawbackPolicy,
    ClosedDays,
    ExpiryKind,
    ExpiryPolicy,
    ExpiryRounding,
    MessagePolicy,
    Policies,
    Programme,
    Rounding,
    TaxBasis,
    TransferPolicy,
    Unit,
)

T = TypeVar("T")
_REVISION = select(PROGRAMME.c.revision)
_ROW = select(PROGRAMME)
_KEPT_MAX = 16


def _message_policy(stored: Mapping[str, Any]) -> MessagePolicy:
    """Turn the stored policy for messages into its type; categories without caps keep theirs."""
    known = {name: stored[name] for name in MessagePolicy.__dataclass_fields__ if name in stored}
    caps = {name: (day, week) for name, (day, week) in stored.get("caps", {}).items()}
    return MessagePolicy(**known | {"caps": MappingProxyType({**MessagePolicy().caps, **caps})})


_CASTS: Mapping[str, Callable[[Any], Any]] = {
    "rounding": Rounding,
    "tax_basis": TaxBasis,
    "clawback": ClawbackPolicy,
    "welcome": tuple,
    "transfers": lambda stored: None if stored is None else transfer_policy(stored),
    "messages": _message_policy,
    "expiry": lambda policies: tuple(expiry_policy(policy) for policy in policies),
    "unit_expiry": lambda stored: MappingProxyType(
        {unit: tuple(expiry_policy(one) for one in stored[unit]) for unit in stored}
    ),
    "closed_days": lambda stored: ClosedDays(
        frozenset(stored.get("weekdays", ())), frozenset(stored.get("dates", ()))
    ),
}


class RevisionCache(Generic[T]):
    """Values loaded once per programme revision in this process; a few revisions are kept.

    Revisions are unique ids, so a cached value never has to be invalidated.
    """

    def __init__(self, load: Callable[[Connection, str], T]) -> None:
        self._load = load
        self._values: dict[str, T] = {}

    def get(self, tx: Connection, revision: str) -> T:
        """Return the value at `revision`, loading it when this process has not seen it."""
        if revision not in self._values:
            if len(self._values) >= _KEPT_MAX:
                self._values.clear()
            self._values[revision] = self._load(tx, revision)
        return self._values[revision]


def current_revision(tx: Connection) -> str:
    """Return the revision in force; raise `ProgrammeMissing` before the first set-up."""
    revision = tx.execute(_REVISION).scalar_one_or_none()
    if revision is None:
        raise ProgrammeMissing
    return str(revision)


def get_programme(tx: Connection, revision: str | None = None) -> Programme:
    """Return the programme at `revision` (by default the one in force)."""
    return _CACHE.get(tx, revision or current_revision(tx))


def _load_programme(tx: Connection, _revision: str) -> Programme:
    row = tx.execute(_ROW).mappings().one_or_none()
    if row is None:
        raise ProgrammeMissing
    return programme_of(row)


def programme_of(row: Mapping[Any, Any]) -> Programme:
    """Build the snapshot from a row of `programme` (also used on unsaved settings)."""
    settings = dict(row["settings"])
    units = settings.pop("units", {})
    return Programme(
        revision=row["revision"],
        name=row["name"],
        currency_code=row["currency_code"],
        zone=ZoneInfo(row["zone"]),
        default_locale=row["default_locale"],
        locales=tuple(row["locales"]),
        policies=policies_of(settings),
        units=MappingProxyType({key: Unit(key, **units[key]) for key in _in_order(units)}),
    )


def _in_order(units: Mapping[str, Any]) -> list[str]:
    """Return the codes of units, points first: a database keeps no order of keys."""
    return sorted(units, key=lambda code: (code != POINTS, code))


def policies_of(settings: Mapping[str, Any]) -> Policies:
    """Turn stored policy settings into `Policies`; what is absent keeps its default."""
    known = {name: settings[name] for name in Policies.__dataclass_fields__ if name in settings}
    return Policies(**{name: _CASTS.get(name, _same)(value) for name, value in known.items()})


def expiry_policy(stored: Mapping[str, Any]) -> ExpiryPolicy:
    """Turn a stored expiry policy into its type."""
    return ExpiryPolicy(
        kind=ExpiryKind(stored["kind"]),
        months=stored.get("months", 0),
        round_to=ExpiryRounding(stored.get("round_to", "day")),
        on=date.fromisoformat(stored["on"]) if stored.get("on") else None,
    )


def transfer_policy(stored: Mapping[str, Any]) -> TransferPolicy:
    """Turn the stored policy for transfers between members into its type."""
    known = {name: stored[name] for name in TransferPolicy.__dataclass_fields__ if name in stored}
    return TransferPolicy(**known | {"units": tuple(known.get("units", (POINTS,)))})


def _same(value: Any) -> Any:
    return value


_CACHE = RevisionCache(_load_programme)
