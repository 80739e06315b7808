"""Refusals of badges."""

from server.core.errors import Refusal


class BadgeUnknown(Refusal):
    """There is no such badge in force, or it has no such level."""

    code, status, title = "badge_unknown", 404, "No such badge"


class BadgeHeld(Refusal):
    """The member holds the badge already."""

    code, status, title = "badge_held", 409, "The member has this badge already"


class BadgeNotGrantable(Refusal):
    """People may not give this badge: it is earned."""

    code, status, title = "badge_not_grantable", 409, "This badge is earned, not given"


class BadgeQuotaSpent(Refusal):
    """As many as people may give in this period were given; `quota` and `next_on` say more."""

    code, status, title = "badge_quota_spent", 409, "No more of this badge can be given now"


class BadgeLocked(Refusal):
    """The member lacks badges that come before this one; `missing` has their keys."""

    code, status, title = "badge_locked", 409, "Another badge comes first"


class BadgeNotBackfillable(Refusal):
    """The badge is earned by an activity, which counters do not remember."""

    code, status, title = "badge_not_backfillable", 409, "This badge cannot be given afterwards"
