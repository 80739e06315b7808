"""Signing in and out: one-time codes, partner assertions, refresh, the list of sessions."""

from typing import Any

from flask import request

from server.api.endpoint import Call, Reply
from server.api.mobile import member, token_issuer
from server.api.schemas import Boolean, Choice, Instant, Integer, Items, Nested, RequestSchema, Text
from server.api.schemas import ResponseSchema as Out
from server.core.errors import ValidationFailed
from server.gamification.members.errors import EnrolmentClosed, MemberBlocked, MemberMerged
from server.gamification.members.rules import EMAIL_LENGTH_MAX, normal_identifier
from server.gamification.members.types import IdentifierKind
from server.gamification.partners.assertions import accept_assertion
from server.gamification.partners.errors import AssertionInvalid, AssertionReplayed
from server.gamification.playing.joining import welcome
from server.gamification.programme.queries import get_programme
from server.gamification.sessions.challenges import answer_challenge, start_challenge
from server.gamification.sessions.errors import (
    OtpExpired,
    OtpInvalid,
    OtpTooMany,
    RefreshReused,
    SessionEnded,
)
from server.gamification.sessions.queries import OpenSession, list_open_sessions
from server.gamification.sessions.rules import ACCESS_MINUTES, OTP_ATTEMPTS_MAX, OTP_MINUTES
from server.gamification.sessions.service import end_session, open_session, refresh_session
from server.gamification.sessions.sign_in import member_of_address, member_of_customer
from server.gamification.sessions.types import Installation, Tokens
from server.notifications.mail.service import queue_mail
from server.notifications.mail.texts import sign_in_code

NO_STORE = {"Cache-Control": "no-store"}
GRANTS = {
    "otp": ("challenge_id", "code"),
    "partner_assertion": ("assertion",),
    "refresh": ("refresh_token",),
}


class OtpChallengeIn(RequestSchema):
    """Where to send a one-time code."""

    example = {"kind": "email", "email": "visitor@example.com"}

    kind = Choice("email", required=True)
    email = Text(required=True, most=EMAIL_LENGTH_MAX)


class OtpChallengeOut(Out):
    """A code that is on its way. The answer is the same whether the address is known or not."""

    id = Text(required=True)
    kind = Choice("email", required=True)
    sent_to = Text(required=True, metadata={"description": "The address, masked."})
    attempts_max = Integer(required=True)
    expires_at = Instant(required=True)


class SessionIn(RequestSchema):
    """A sign-in: `kind` says which of the other fields are needed.

    `otp` needs `challenge_id` and `code`, `partner_assertion` needs `assertion`, `refresh` needs
    `refresh_token`. `installation_id` is made by the app once and kept; a refresh token works only
    with the one it was given to.
    """

    example = {
        "kind": "otp",
        "installation_id": "my-phone-1",
        "challenge_id": "the-id-of-the-challenge",
        "code": "123456",
    }

    kind = Choice(*GRANTS, required=True)
    installation_id = Text(required=True, most=64, pattern="[A-Za-z0-9._-]{8,64}")
    challenge_id = Text(load_default=None, allow_none=True, most=40)
    code = Text(load_default=None, allow_none=True, most=6, pattern="[0-9]{6}")
    assertion = Text(load_default=None, allow_none=True, most=4096)
    refresh_token = Text(load_default=None, allow_none=True, most=200)


class SignedInMember(Out):
    """Who signed in; `is_new` is true when the member joined by this sign-in."""

    id = Text(required=True)
    is_new = Boolean(required=True)


class SessionOut(Out):
    """The tokens of a session. Keep the refresh token in the phone's secure storage."""

    session_id = Text(required=True)
    member = Nested(SignedInMember, required=True)
    token_type = Text(required=True)
    access_token = Text(required=True)
    access_expires_in = Integer(required=True, metadata={"description": "Seconds."})
    access_expires_at = Instant(required=True)
    refresh_token = Text(required=True)
    refresh_expires_at = Instant(required=True)


class SessionItem(Out):
    """One place where the member is signed in."""

    id = Text(required=True)
    is_current = Boolean(required=True)
    user_agent = Text(required=True)
    created_at = Instant(required=True)
    last_seen_at = Instant(required=True)


class SessionList(Out):
    """Where the member is signed in, newest first."""

    items = Items(Nested(SessionItem), required=True)


@member.post(
    "/auth/otp-challenges",
    "createOtpChallenge",
    public=True,
    body=OtpChallengeIn,
    answers={201: OtpChallengeOut},
)
def create_otp_challenge(call: Call) -> Reply:
    """Send a one-time code.

    The code has six digits, works once, for ten minutes, and allows five guesses. Whoever asks for
    too many gets the same answer and no further code; those that were sent still work.
    """
    programme = get_programme(call.tx)
    region = programme.policies.phone_region
    address = normal_identifier(IdentifierKind.EMAIL, call.body["email"], region)
    requester = request.remote_addr or ""
    challenge = start_challenge(call.tx, call.vault, address, call.now, requester)
    if challenge.code:
        letter = sign_in_code(
            call.locale, challenge.address, challenge.code, programme.name, OTP_MINUTES
        )
        queue_mail(call.tx, call.vault, letter, call.now)
    body = {
        "id": challenge.id,
        "kind": "email",
        "sent_to": challenge.address_hint,
        "attempts_max": OTP_ATTEMPTS_MAX,
        "expires_at": challenge.expires_at,
    }
    return Reply(body, 201, NO_STORE)


@member.post(
    "/auth/sessions",
    "createSession",
    public=True,
    body=SessionIn,
    answers={201: SessionOut},
    refuses=(
        OtpInvalid,
        OtpExpired,
        OtpTooMany,
        AssertionInvalid,
        AssertionReplayed,
        RefreshReused,
        SessionEnded,
        EnrolmentClosed,
        MemberBlocked,
        MemberMerged,
    ),
)
def create_session(call: Call) -> Reply:
    """Sign in, or refresh the tokens.

    A refresh token works once and is answered with its successor. If the answer is lost, the same
    token may be shown again within a minute by the same installation; any other second use ends
    the session, because somebody else has the token.
    """
    for name in GRANTS[call.body["kind"]]:
        if call.body[name] is None:
            raise ValidationFailed.at(f"/{name}", "required", "This kind of sign-in needs it.")
    tokens, is_new = _GRANTS[call.body["kind"]](call, _installation(call))
    if is_new:
        welcome(call.tx, tokens.member_id, f"member:{tokens.member_id}", call.now)
    return Reply(_present_tokens(tokens, is_new), 201, NO_STORE)


def _by_code(call: Call, installation: Installation) -> tuple[Tokens, bool]:
    body = call.body
    address = answer_challenge(call.tx, call.vault, body["challenge_id"], body["code"], call.now)
    policies = get_programme(call.tx).policies
    found, is_new = member_of_address(call.tx, call.vault, address, policies, call.now)
    return open_session(call.tx, token_issuer(), found, installation, call.now), is_new


def _by_assertion(call: Call, installation: Installation) -> tuple[Tokens, bool]:
    audience = call.settings.base_url
    customer = accept_assertion(call.tx, call.vault, call.body["assertion"], audience, call.now)
    found, is_new = member_of_customer(call.tx, call.vault, customer, call.now)
    return open_session(call.tx, token_issuer(), found, installation, call.now), is_new


def _by_refresh(call: Call, installation: Installation) -> tuple[Tokens, bool]:
    token = call.body["refresh_token"]
    return refresh_session(call.tx, token_issuer(), token, installation, call.now), False


_GRANTS = {"otp": _by_code, "partner_assertion": _by_assertion, "refresh": _by_refresh}


def _installation(call: Call) -> Installation:
    return Installation(call.body["installation_id"], request.headers.get("User-Agent", ""))


def _present_tokens(tokens: Tokens, is_new: bool) -> dict[str, Any]:
    return {
        "session_id": tokens.session_id,
        "member": {"id": tokens.member_id, "is_new": is_new},
        "token_type": "Bearer",
        "access_token": tokens.access_token,
        "access_expires_in": ACCESS_MINUTES * 60,
        "access_expires_at": tokens.access_expires_at,
        "refresh_token": tokens.refresh_token,
        "refresh_expires_at": tokens.refresh_expires_at,
    }


@member.get("/auth/sessions", "listSessions", answers={200: SessionList})
def list_sessions(call: Call) -> Reply:
    """List where the member is signed in."""
    sessions = list_open_sessions(call.tx, call.principal.id)
    current = call.principal.extra["session_id"]
    return Reply({"items": [_present_session(one, current) for one in sessions]})


def _present_session(session: OpenSession, current: str) -> dict[str, Any]:
    return {
        "id": session.id,
        "is_current": session.id == current,
        "user_agent": session.user_agent,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
    }


@member.delete("/auth/sessions/current", "deleteCurrentSession", answers={204: None})
def delete_current_session(call: Call) -> Reply:
    """Sign out here. Access and refresh tokens of this session stop working at once."""
    end_session(call.tx, call.principal.id, call.principal.extra["session_id"], call.now)
    return Reply(None, 204)


@member.delete("/auth/sessions/{session_id}", "deleteSession", answers={204: None})
def delete_session(call: Call, session_id: str) -> Reply:
    """Sign out somewhere else, for instance on a lost phone."""
    end_session(call.tx, call.principal.id, session_id, call.now)
    return Reply(None, 204)
