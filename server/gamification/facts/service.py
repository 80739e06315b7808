"""Writing member facts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from server.core.statements import Prepared
from server.gamification.facts.models import MEMBER_FACTS
from server.gamification.facts.types import Facts

_COUNTERS = tuple(name for name in Facts.__dataclass_fields__ if name != "member_id")


def _upsert(dialect: Any) -> Any:
    statement = dialect.insert(MEMBER_FACTS)
    new = {name: statement.excluded[name] for name in _COUNTERS}
    return statement.on_conflict_do_update(index_elements=["member_id"], set_=new)


_UPSERT = Prepared(_upsert(postgresql), sqlite=_upsert(sqlite))


def save_facts(tx: Connection, facts: Sequence[Facts]) -> None:
    """Write the counters of these members; the caller holds their points wallets' locks."""
    rows = [{name: getattr(f, name) for name in Facts.__dataclass_fields__} for f in facts]
    _UPSERT.run(tx, rows)
