"""Asking one mirror for one round. Whatever it answers is checked by whoever asks."""

import http.client
import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from server.gamification.beacons.errors import RoundLate, RoundWrong
from server.gamification.beacons.types import Round, Source

TIMEOUT_SECONDS = 10.0
BODY_BYTES_MAX = 4096
_LATE = (404, 408, 425, 429, 500, 502, 503, 504)
"""A mirror that has not got the round yet, or is in trouble."""
_HEX = re.compile(r"[0-9a-f]+")


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any, **_named: Any) -> None:
        """Follow nothing: a mirror answers itself or not at all."""


_OPENER = build_opener(_NoRedirect)


def ask(mirror: str, chain_hash: str, number: int, seconds: float = TIMEOUT_SECONDS) -> Round:
    """Return what a mirror says the round is, not verified. Raise `RoundLate` or `RoundWrong`."""
    url = f"{mirror}/{chain_hash}/public/{number}"
    host = urlsplit(mirror).hostname
    try:
        body = _read(url, seconds)
    except HTTPError as error:
        refused = RoundLate if error.code in _LATE else RoundWrong
        raise refused(f"{host} answered {error.code}") from error
    except (OSError, http.client.HTTPException) as error:
        raise RoundLate(f"{host} cannot be reached: {type(error).__name__}") from error
    return _parsed(body, chain_hash, number, str(host))


def _read(url: str, seconds: float) -> bytes:
    """Return the body, at most a few kilobytes, within so many seconds in all."""
    until = time.perf_counter() + seconds
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310 - http(s) by config
    with _OPENER.open(request, timeout=seconds) as answer:
        return _drained(answer.read1, until)


def _drained(read: Callable[[int], bytes], until: float) -> bytes:
    body = b""
    while piece := read(BODY_BYTES_MAX):
        body += piece
        if len(body) > BODY_BYTES_MAX:
            break  # no round is that long; what is cut off cannot be parsed
        if time.perf_counter() > until:
            raise TimeoutError("the answer takes too long")
    return body


def _parsed(body: bytes, chain_hash: str, number: int, host: str) -> Round:
    try:
        fields = json.loads(body)
        given = Round(
            Source.DRAND, chain_hash, fields["round"], fields["signature"], fields["randomness"]
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RoundWrong(f"{host} answered something else than a round") from error
    if given.number != number or type(given.number) is not int:
        raise RoundWrong(f"{host} answered another round")
    if not all(_is_hex(text) for text in (given.signature, given.randomness)):
        raise RoundWrong(f"{host} answered something else than a round")
    return given


def _is_hex(text: object) -> bool:
    return isinstance(text, str) and _HEX.fullmatch(text) is not None
