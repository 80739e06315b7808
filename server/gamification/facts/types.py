"""The counters of one member."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(slots=True)
class Facts:
    """What a member has done; money is in minor units of the programme's currency, net of
    returns. `qualifying_points` are points earned by activities, net of clawbacks.
    """

    member_id: str
    purchases: int = 0
    visits: int = 0
    items: int = 0
    spend_minor: int = 0
    qualifying_points: int = 0
    first_purchase_at: datetime | None = None
    last_purchase_at: datetime | None = None
    last_visit_on: date | None = None
