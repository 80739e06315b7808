"""Whoever calls the partner API: a till or a shop's backend. All through HTTP."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.gamification.members.types import Member

Json = dict[str, Any]
_numbers = count(1)


def money(minor: int, currency: str = "EUR") -> Json:
    """An amount of money."""
    return {"amount_minor": minor, "currency": currency}


def receipt(member: Member | str, minor: int, **fields: Any) -> Json:
    """The body of a purchase with a receipt number of its own."""
    member_id = member if isinstance(member, str) else member.id
    body = {"member_id": member_id, "external_id": f"receipt-{next(_numbers)}"}
    return body | {"total": money(minor)} | fields


def item(minor: int, quantity: int = 1, **fields: Any) -> Json:
    """A line of a receipt."""
    return {"quantity": quantity, "amount": money(minor)} | fields


def code_of(answer: TestResponse) -> tuple[int, str]:
    """The status and the code of a refusal."""
    return answer.status_code, answer.get_json()["code"]


class Till:
    """A caller of the partner API; every post has a key of its own unless one is given."""

    def __init__(self, client: FlaskClient, headers: Mapping[str, str]) -> None:
        self.client, self.headers = client, dict(headers)

    def speaking(self, language: str) -> "Till":
        """The same caller in another language."""
        return Till(self.client, self.headers | {"Accept-Language": language})

    def post(
        self, path: str, body: Any = None, key: str | None = None, **more: str
    ) -> TestResponse:
        """Send a write with an idempotency key; `more` are further headers (X_Y for X-Y)."""
        headers = self.headers | {"Idempotency-Key": key or f"key-{next(_numbers)}"}
        headers |= {name.replace("_", "-"): text for name, text in more.items()}
        return self.client.post(f"/v1/partner{path}", json=body or {}, headers=headers)

    def get(self, path: str) -> TestResponse:
        """Read something."""
        return self.client.get(f"/v1/partner{path}", headers=self.headers)

    def buy(self, member: Member | str, minor: int, **fields: Any) -> Json:
        """Record a purchase that is new and good; return the answer."""
        return good(self.post("/transactions", receipt(member, minor, **fields)), 201)

    def give_back(self, bought: Json, minor: int | None = None, **fields: Any) -> Json:
        """Return `minor` of a purchase (None: `lines`, or all that is left)."""
        body: Json = {"external_id": f"return-{next(_numbers)}"} | fields
        if minor is not None:
            body["amount"] = money(minor)
        return good(self.post(f"/transactions/{id_of(bought)}/returns", body), 201)

    def hold(self, member: Member | str, points: int) -> str:
        """Set points aside as a backend does; return the redemption's id."""
        member_id = member if isinstance(member, str) else member.id
        held = good(self.post("/redemptions", {"member_id": member_id, "points": points}), 201)
        return str(held["redemption"]["id"])


def good(answer: TestResponse, status: int = 200) -> Json:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, answer.text
    body: Json = answer.get_json()
    return body


def id_of(bought: Json) -> str:
    """The id of a purchase."""
    return str(bought["transaction"]["id"])


def points_of(answer: Json) -> int:
    """The balance after a write."""
    return int(answer["updates"]["balances"][0]["amount"])
