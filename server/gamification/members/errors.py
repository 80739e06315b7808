"""Refusals about members."""

from server.core.errors import Refusal


class MemberBlocked(Refusal):
    """The member's account is blocked: no sign-in, no earning, no spending."""

    code, status, title = "member_blocked", 403, "This account is blocked"


class MemberMerged(Refusal):
    """The member was merged into another; `params.new_member_id` is the one to use."""

    code, status, title = "member_merged", 410, "This account was merged into another"


class MemberExists(Refusal):
    """A phone, e-mail, external id or card is taken; `params.member_id` names the member."""

    code, status, title = "member_exists", 409, "This person is already a member"


class FieldLocked(Refusal):
    """A field that can be set once is set already; `params.field` names it."""

    code, status, title = "field_locked", 409, "This field can no longer be changed"


class LookupAmbiguous(Refusal):
    """Several members have this external id, each at another partner."""

    code, status, title = "lookup_ambiguous", 409, "Several members match"


class EnrolmentClosed(Refusal):
    """The programme takes new members only at the till or by import."""

    code, status, title = "enrolment_closed", 403, "New members join in the shop"
