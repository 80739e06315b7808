"""The floor: the leanest program that does by hand what the hot paths of Fairstar do.

Bare Flask, raw psycopg with one connection per thread, prepared statements, one statement after
the other. It writes the same rows and answers the same bytes, with the shop's rules and texts
written into the code; it validates nothing, knows one tier and one language, and logs nothing.
"""

import hmac
import os
import threading
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any

import orjson
import psycopg
from flask import Flask, Response, request

from tests.benchmarks import floor_statements as sql

app = Flask(__name__)
_OF_THREAD = threading.local()
_TEMPLATE: dict[str, Any] = orjson.loads(Path(os.environ["FLOOR_TEMPLATE"]).read_bytes())
_TOKEN_KEY = bytes.fromhex(os.environ["FLOOR_TOKEN_KEY"])
_OPERATION = "createTransaction"
_KEEP = timedelta(days=35)
Row = tuple[Any, ...]


@app.get("/trivial")
def answer_nothing() -> Response:
    """A route that does nothing."""
    return Response(b"{}", content_type="application/json")


@app.post("/v1/partner/transactions")
def add_purchase() -> Response:
    """Record a purchase with all it brings, in one transaction."""
    key, now = _holder_of_key(), datetime.now(UTC)  # noqa: TID251 - the floor has no clock seam
    raw = request.get_data()
    of = (f"partner:{key[1]}", _OPERATION, request.headers["Idempotency-Key"])
    fingerprint = sha256(orjson.dumps([*of[:2], orjson.loads(raw)])).hexdigest()
    run = _cursor().execute
    run("BEGIN")
    try:
        record = run(sql.RECORD, of).fetchone()
        if record is None:
            body = _purchase(orjson.loads(raw), key, now)
            run(sql.ADD_RECORD, (*of, fingerprint, body.decode(), now, now + _KEEP))
        else:
            body = record[2].encode()
        run("COMMIT")
    except BaseException:
        run("ROLLBACK")
        raise
    return Response(body, 201, content_type="application/json")


@app.post("/v1/partner/quotes")
def quote() -> Response:
    """Say what a purchase would bring: five reads and the same bytes."""
    _holder_of_key()
    body = orjson.loads(request.get_data())
    member = body["member_id"]
    facts = _one(sql.FACTS, member)
    _one(sql.CAP, member, _cap_key(datetime.now(UTC)))  # noqa: TID251
    wallet = _one(sql.BALANCES, member)
    _all(sql.EXPIRING, member)
    answer = dict(_TEMPLATE["quote"], points=_points(body, is_visit=False), spendable=wallet[1])
    answer["tier"] = _tier(answer["tier"], facts[4])
    return Response(orjson.dumps(answer), content_type="application/json")


@app.get("/v1/me/home")
def show_home() -> Response:
    """Answer the first screen: one read for each thing on it."""
    member = _member_of_token()
    profile, card = _one(sql.MEMBER, member), _one(sql.CARD, member)
    balances, expiring = _all(sql.BALANCES, member), _all(sql.EXPIRING, member)
    facts, answer = _one(sql.FACTS, member), dict(_TEMPLATE["home"])
    greeting = f"Good morning, {profile[0]}"
    answer["member"] = {"id": member, "first_name": profile[0], "greeting": greeting}
    answer["card"] = dict(answer["card"], number=card[0])
    answer["balances"] = [
        dict(
            answer["balances"][0],
            unit=unit,
            amount=amount,
            pending=pending,
            reserved=held,
            debt=debt,
            display=f"{amount} points",
            expiring=dict(answer["balances"][0]["expiring"], amount=int(expiring[0][1])),
        )
        for unit, amount, pending, held, debt in balances
    ]
    answer["tier"] = _tier(answer["tier"], facts[4])
    response = Response(orjson.dumps(answer), content_type="application/json")
    response.headers["ETag"] = sha256(response.data).hexdigest()
    return response


def _purchase(body: dict[str, Any], key: Row, now: datetime) -> bytes:
    """Read, reckon and write one purchase; return the answer."""
    member, amount, receipt = body["member_id"], body["total"]["amount_minor"], body["external_id"]
    wallet, facts = _one(sql.WALLET, member), _one(sql.FACTS, member)
    _one(sql.RECEIPT, key[1], receipt)
    cap_key = _cap_key(now)
    _one(sql.CAP, member, cap_key)
    points = _points(body, is_visit=facts[6] != now.date())
    ids = {kind: _new_id(kind, now) for kind in ("act", "trf", "lot", "evt")}
    actor, expires_at = f"key:{key[0]}", _TEMPLATE["expires_at"]
    trace = dict(_TEMPLATE["trace"], points=points, transfer_id=ids["trf"])
    run = _cursor().execute
    run(
        sql.ADD_ACTIVITY,
        (
            *(ids["act"], member, key[1], receipt, now, now, actor, amount, points),
            orjson.dumps(trace).decode(),
        ),
    )
    _add_points(wallet, (ids["trf"], ids["lot"], ids["act"]), points, actor, now)
    run(sql.ADD_TO_CAP, (member, cap_key, 4))
    new = (facts[0] + 1, facts[1], facts[2] + 4, facts[3] + amount, facts[4] + points)
    run(sql.SET_FACTS, (member, *new, facts[5], now, now.date()))
    payload = {"activity_id": ids["act"], "unit": "points", "amount": points}
    payload |= {"available_at": trace["available_at"], "expires_at": expires_at}
    run(sql.ADD_EVENT, (ids["evt"], member, orjson.dumps(payload).decode(), now, now))
    return _answer(ids["act"], member, amount, wallet[1] + points, new[4])


def _add_points(
    wallet: Row, ids: tuple[str, str, str], points: int, actor: str, now: datetime
) -> None:
    """Write the movement with its hash, the lot and the wallet."""
    transfer_id, lot_id, activity_id = ids
    at, after, version = now.isoformat(), wallet[1] + points, wallet[6] + 1
    fields = [
        *("fairstar/transfer/v1", transfer_id, wallet[0], version, "points", "accrual"),
        *("issuance", "available", points, "activity", activity_id, None, actor, at, at, after),
    ]
    chained = sha256(bytes.fromhex(wallet[7] or "0" * 64) + orjson.dumps([*fields, None]))
    digest = chained.hexdigest()
    run = _cursor().execute
    run(
        sql.ADD_TRANSFER,
        (
            *(transfer_id, wallet[0], version, points, activity_id, actor, now, now, after),
            *(wallet[7], digest),
        ),
    )
    expires_at = _TEMPLATE["expires_at"]
    run(sql.ADD_LOT, (lot_id, wallet[0], transfer_id, points, points, now, now, expires_at))
    earned = wallet[5] + points
    run(sql.SET_WALLET, (after, *wallet[2:5], earned, version, digest, wallet[0]))


def _answer(activity_id: str, member: str, amount: int, available: int, score: int) -> bytes:
    answer = dict(_TEMPLATE["purchase"])
    total = {"amount_minor": amount, "currency": "EUR"}
    told = {"id": activity_id, "member_id": member, "total": total}
    answer["transaction"] = answer["transaction"] | told
    updates = answer["updates"]
    balance = dict(updates["balances"][0], amount=available, display=f"{available} points")
    answer["updates"] = {"balances": [balance], "tier": _tier(updates["tier"], score)}
    return orjson.dumps(answer)


def _tier(template: dict[str, Any], score: int) -> dict[str, Any]:
    following = template["next"]
    left = max(0, following["progress"]["target"] - score)
    bar = {"current": score, "remaining": left, "text": f"{left} points to Silver"}
    return dict(template, next=dict(following, progress=following["progress"] | bar))


def _points(body: dict[str, Any], *, is_visit: bool) -> int:
    """Work out the shop's rules, written out by hand."""
    total = body["total"]["amount_minor"]
    books = sum(
        line["amount"]["amount_minor"] for line in body["lines"] if line["category"] == "books"
    )
    coffees = sum(line["quantity"] for line in body["lines"] if line["category"] == "coffee")
    return int(total // 1000 + books // 500 + 2 * coffees + 3 + (5 if is_visit else 0))


def _holder_of_key() -> Row:
    token = request.headers["Authorization"][7:]
    return _one(sql.KEY, sha256(token.encode()).hexdigest())


def _member_of_token() -> str:
    signed, _, signature = request.headers["Authorization"][7:].rpartition(".")
    made = hmac.digest(_TOKEN_KEY, signed.encode(), "sha256")
    if not hmac.compare_digest(made, _decoded(signature)):
        raise PermissionError
    claims = orjson.loads(_decoded(signed.partition(".")[2]))
    _one(sql.SESSION, claims["sid"], claims["sub"])
    return str(claims["sub"])


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _cap_key(now: datetime) -> str:
    return f"{_TEMPLATE['capped_rule_id']}:{now.year}-{now.month:02}"


def _new_id(kind: str, now: datetime) -> str:
    return f"{kind}_{int(now.timestamp() * 1000):012x}{token_hex(7)}"


def _cursor() -> "psycopg.Cursor[Row]":
    found: psycopg.Cursor[Row] | None = getattr(_OF_THREAD, "cursor", None)
    if found is None:
        url = os.environ["FLOOR_DATABASE"]
        connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)
        found = _OF_THREAD.cursor = connection.cursor()
    return found


def _one(statement: bytes, *values: Any) -> Any:
    return _cursor().execute(statement, values).fetchone()


def _all(statement: bytes, *values: Any) -> list[Row]:
    return _cursor().execute(statement, values).fetchall()
