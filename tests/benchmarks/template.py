"""What Fairstar answers and stores, asked once from the running product, for the floor to copy."""

from pathlib import Path
from typing import Any

import orjson
import psycopg
import requests

from tests.benchmarks.database import plain
from tests.benchmarks.seed import Shop

_BASKET = {
    "total": {"amount_minor": 3080, "currency": "EUR"},
    "lines": [
        {"sku": sku, "category": category, "quantity": quantity, "amount": amount}
        for sku, category, quantity, amount in (
            ("coffee-250", "coffee", 2, {"amount_minor": 700, "currency": "EUR"}),
            ("book-17", "books", 1, {"amount_minor": 1850, "currency": "EUR"}),
            ("bread", "bakery", 1, {"amount_minor": 530, "currency": "EUR"}),
        )
    ],
}


def write_template(shop: Shop, address: str, path: Path) -> None:
    """Ask the product at `address` for one answer of each kind and write them to `path`."""
    key = {"Authorization": f"Bearer {shop.key}"}
    basket = _BASKET | {"member_id": shop.member_ids[0]}
    receipt = {"Idempotency-Key": "template"}
    posted = _ask(
        "POST",
        f"{address}/v1/partner/transactions",
        key | receipt,
        basket | {"external_id": "template"},
    )
    trace = _trace_of(shop, posted["transaction"]["id"])
    capped = next(one for one in trace["accruals"] if one["cap_key"])
    answers = {
        "purchase": posted,
        "trace": trace,
        "expires_at": trace["expires_at"],
        "capped_rule_id": capped["rule_id"],
        "quote": _ask("POST", f"{address}/v1/partner/quotes", key, basket),
        "home": _ask("GET", f"{address}/v1/me/home", {"Authorization": f"Bearer {shop.tokens[0]}"}),
    }
    path.write_bytes(orjson.dumps(answers))


def tags_of(shop: Shop, address: str) -> list[str]:
    """Return the entity tag of each signed-in member's first screen."""
    return [
        requests.get(
            f"{address}/v1/me/home", headers={"Authorization": f"Bearer {token}"}, timeout=10
        ).headers["ETag"]
        for token in shop.tokens
    ]


def _ask(method: str, url: str, headers: dict[str, str], body: Any = None) -> dict[str, Any]:
    response = requests.request(method, url, headers=headers, json=body, timeout=10)
    response.raise_for_status()
    answer: dict[str, Any] = response.json()
    return answer


def _trace_of(shop: Shop, activity_id: str) -> dict[str, Any]:
    with psycopg.connect(plain(shop.database_url)) as connection:
        row = connection.execute(
            "SELECT trace FROM activity WHERE id = %s", (activity_id,)
        ).fetchone()
    assert row is not None
    trace: dict[str, Any] = row[0]
    return trace
