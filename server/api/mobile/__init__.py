"""The member API: what the app on a member's phone calls."""

from datetime import datetime

from flask import Request
from sqlalchemy import Connection

from server.api.principals import (
    Principal,
    TokenExpired,
    TokenInvalid,
    TokenMissing,
    bearer_token,
)
from server.api.surface import Surface
from server.core.installation import installation
from server.gamification.members.errors import MemberBlocked, MemberMerged
from server.gamification.members.rules import why_not_served
from server.gamification.members.types import Status
from server.gamification.sessions.queries import find_signed_in
from server.gamification.sessions.tokens import Issuer, read_access_token

ABOUT = """What a member's app needs: sign-in, the first screen, the card, balances, tier, history;
what to play (challenges, streaks, badges, star cards, games, raffles), and rewards with their
vouchers.

Access tokens live for twenty minutes; on 401 `token_expired` or `token_invalid` exchange the
refresh token once at `POST /v1/auth/sessions`, and sign in again when that is refused.
"""


def authenticate_member(tx: Connection, request: Request, now: datetime) -> Principal:
    """Return the member of the access token; session, member and revision in one statement.

    Raises TokenMissing, TokenInvalid, TokenExpired, MemberBlocked, MemberMerged.
    """
    claims = read_access_token(token_issuer(), bearer_token(request))
    if claims is None:
        raise TokenInvalid
    if now >= claims.expires_at:
        raise TokenExpired
    row = find_signed_in(tx, claims.session_id, claims.member_id)
    if row is None or row.revoked_at is not None or row.status == Status.ERASED:
        raise TokenInvalid("The session has ended.")
    refusal = why_not_served(row.status, row.merged_into_id)
    if refusal is not None:
        raise refusal
    return Principal(
        "member",
        claims.member_id,
        revision=row.revision or "",
        locale=row.locale,
        extra={"session_id": claims.session_id, "zone": row.zone},
    )


def token_issuer() -> Issuer:
    """Return the signer of this installation's access tokens."""
    held = installation()
    return Issuer(held.vault, held.settings.base_url)


member = Surface(
    "member",
    prefix="/v1",
    title="Fairstar member API",
    authenticate=authenticate_member,
    package="server.api.mobile",
    description=ABOUT,
    lenient_query=True,
    web_origins=True,
    auth_refuses=(TokenMissing, TokenInvalid, TokenExpired, MemberBlocked, MemberMerged),
)
