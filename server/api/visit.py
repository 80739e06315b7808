"""What the frame knows about the request in hand: its id, language, limit and operation."""

import re
import time
from dataclasses import dataclass, field
from typing import cast

from flask import g, request

from server.core import clock
from server.core.i18n import SOURCE, negotiate
from server.core.ids import new_id
from server.core.rate_limits import Standing

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(slots=True)
class Visit:
    """One request on its way through the frame."""

    request_id: str
    asked: str | None
    """The language that the request asks for, if it is one of ours."""
    chosen: str | None = None
    """The language that the principal has chosen once and for all."""
    started: float = field(default_factory=time.perf_counter)
    operation: str = "none"
    principal: str = ""
    standing: Standing | None = None
    code: str | None = None
    uncounted: tuple[str, str] | None = None
    """The policy and caller of a conditional read that is counted only if it is no 304."""

    @property
    def locale(self) -> str:
        """The language to answer in."""
        return self.asked or self.chosen or SOURCE


def visit() -> Visit:
    """Return the visit of the current request, begun at the first call."""
    found = g.get("visit")
    if found is None:
        found = g.visit = _begin()
    return cast(Visit, found)


def _begin() -> Visit:
    sent = request.headers.get("X-Request-Id", "")
    accepted = sent if _REQUEST_ID.fullmatch(sent) else new_id("req", clock.now())
    return Visit(accepted, negotiate(request.headers.get("Accept-Language", "")))
