"""Rules that gave nothing, as traces keep them: rule, version and reason, without the names.

Two hundred rules are not worth forty kilobytes in every purchase: versions of rules stay for
ever, so that the names are read when somebody asks. Traces of before hold them themselves.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from server.gamification.earning.queries import names_of

_KEY = "not_applied"


def stored_form(trace: dict[str, Any]) -> dict[str, Any]:
    """Return a trace as it is stored: refusals as `[rule_id, version, reason]` and any params."""
    return _with_refusals(trace, _compact)


def traces_of(tx: Connection, rows: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the traces of stored activities, refusals with the names of their rules.

    Both are by the ids of the activities.
    """
    versions = {tuple(one[:2]) for row in rows.values() for one in _compact_ones(row.trace)}
    names = names_of(tx, versions) if versions else {}

    def tell(refused: Any) -> dict[str, Any]:
        if isinstance(refused, dict):
            return refused
        rule_id, version, reason, *params = refused
        return {
            "rule_id": rule_id,
            "version": version,
            "names": names.get((rule_id, version), {}),
            "reason": reason,
            "params": params[0] if params else {},
        }

    return {key: _with_refusals(row.trace, tell) for key, row in rows.items()}


def trace_of_row(tx: Connection, row: Any) -> dict[str, Any]:
    """Return the trace of one stored activity, refusals with the names of the rules."""
    return traces_of(tx, {row.id: row})[row.id]


def _compact(refused: Mapping[str, Any]) -> list[Any]:
    stored = [refused["rule_id"], refused["version"], refused["reason"]]
    return [*stored, refused["params"]] if refused["params"] else stored


def _compact_ones(trace: Mapping[str, Any]) -> Iterator[list[Any]]:
    for part in (trace, *trace.get("units", {}).values()):
        yield from (one for one in part[_KEY] if isinstance(one, list))


def _with_refusals(trace: dict[str, Any], change: Any) -> dict[str, Any]:
    """Return a trace with every refusal changed, in every unit."""
    changed = {**trace, _KEY: [change(one) for one in trace[_KEY]]}
    if "units" in trace:
        units = trace["units"].items()
        changed["units"] = {unit: _with_refusals(part, change) for unit, part in units}
    return changed
