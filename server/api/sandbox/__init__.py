"""The sandbox: what whoever builds an app tries things out with, in test mode only."""

from datetime import datetime

from flask import Request
from sqlalchemy import Connection

from server.api.partner import authenticate_partner
from server.api.principals import DeviceRevoked, KeyInvalid, Principal, TokenInvalid, TokenMissing
from server.api.surface import Surface
from server.core.sandbox_clock import SandboxClosed, refuse_outside_test_mode

ABOUT = """Only in installations that run in test mode (`FAIRSTAR_MODE=test`); others answer
`sandbox_closed`. Send a key with the scope `sandbox` as `Authorization: Bearer`.
"""


def authenticate_sandbox(tx: Connection, request: Request, now: datetime) -> Principal:
    """Return the partner of the key. Raises SandboxClosed, TokenMissing, KeyInvalid."""
    refuse_outside_test_mode()
    return authenticate_partner(tx, request, now)


sandbox = Surface(
    "sandbox",
    prefix="/v1/sandbox",
    title="Fairstar sandbox API",
    authenticate=authenticate_sandbox,
    package="server.api.sandbox",
    description=ABOUT,
    auth_refuses=(TokenMissing, TokenInvalid, KeyInvalid, DeviceRevoked, SandboxClosed),
)
