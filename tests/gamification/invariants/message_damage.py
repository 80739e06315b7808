"""What can be wrong with messages, by the sentence of the invariant that finds it."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from server.notifications.models import DELIVERY
from tests.builders.shop_life import LATER

_SENT = update(DELIVERY).where(DELIVERY.c.cleared_at.is_not(None))
MESSAGE_DAMAGE: dict[str, list[Any]] = {
    "No message goes out in the quiet hours of its member.": [
        _SENT.values(cleared_at=LATER + timedelta(hours=8)),
    ],
    "Nobody gets more messages of a category than its caps allow.": [
        "UPDATE message SET category = 'news'"
    ],
    "A delivery is of a message of its member.": [
        "UPDATE message SET member_id = (SELECT min(id) FROM member)"
    ],
    "A delivery that went out had been let go, and one at its end ended.": [
        "UPDATE delivery SET sender = NULL",
        "UPDATE delivery SET cleared_at = NULL",
        "UPDATE delivery SET cleared_at = finished_at",
        "UPDATE delivery SET finished_at = NULL",
        "UPDATE delivery SET state = 'queued', bundle_id = NULL",
    ],
    "A bundled delivery went along with another of its member.": [
        "UPDATE delivery SET bundle_id = 'dlv_none' WHERE state = 'bundled'",
        "UPDATE delivery SET bundle_id = id WHERE state = 'bundled'",
    ],
}
