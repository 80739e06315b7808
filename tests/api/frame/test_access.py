"""Nobody does anything without being let in: every endpoint of both surfaces, reads and writes."""

import re

import pytest

from server.api.mobile import member
from server.api.partner import partner
from tests.builders.tills import Json, code_of
from tests.fixtures.tables import rows_of

FOREIGN = {
    "member": {"as_shop": "token_invalid", "as_dan": "token_invalid"},
    "partner": {"as_ana": "app_key_invalid"},
}


def send(client, endpoint, headers):
    """Send an endpoint next to nothing; each from elsewhere, so that no limit speaks first."""
    here = {"REMOTE_ADDR": f"10.0.0.{1 + endpoint.surface.endpoints.index(endpoint)}"}
    path = re.sub(r"{\w+}", "nothing", endpoint.path)
    keyed = headers | {"Idempotency-Key": "one"}
    body: Json | None = None if endpoint.method in ("GET", "DELETE") else {}
    asked = {"method": endpoint.method, "json": body, "headers": keyed}
    return code_of(client.open(path, environ_base=here, **asked))


def refuse_strangers(app, client, cast, endpoint):
    assert send(client, endpoint, {}) == (401, "token_missing")
    for who, code in FOREIGN[endpoint.surface.name].items():
        assert send(client, endpoint, getattr(cast, who)) == (401, code), endpoint.path


@pytest.mark.parametrize("surface", [member, partner], ids=["member", "partner"])
def test_strangers_are_refused_everywhere_and_change_nothing(app, client, cast, surface):
    surface.load()
    before = rows_of(app)
    closed = [endpoint for endpoint in surface.endpoints if not endpoint.public]
    assert len(closed) > 20
    for endpoint in closed:
        refuse_strangers(app, client, cast, endpoint)
    assert rows_of(app) == before
