"""Refusals of tickets."""

from server.core.errors import Refusal


class TicketLimitReached(Refusal):
    """The member holds as many tickets as one may; `params.limit` says how many."""

    code, status, title = "ticket_limit_reached", 409, "You have all the tickets one may have"


class FreeEntryUsed(Refusal):
    """The member has entered for nothing in this period already."""

    code, status, title = "free_entry_used", 409, "You have entered for nothing already"


class AgeRestricted(Refusal):
    """The member is too young, or the date of birth is not known; `params.age_min` says more."""

    code, status, title = "age_restricted", 403, "This is for people of a certain age"


class EntryUnknown(Refusal):
    """The member has made no such entry."""

    code, status, title = "entry_unknown", 404, "No such entry"
