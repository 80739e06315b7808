"""Refusals of activity types."""

from server.core.errors import Refusal


class ActivityTypeUnknown(Refusal):
    """No such type of activity is declared, or not for this caller."""

    code, status, title = "activity_type_unknown", 404, "No such type of activity"


class ActivityTooOften(Refusal):
    """This was counted for the member within the time; `often` says which."""

    code, status, title = "activity_too_often", 409, "It was counted already"
