"""A surface: one audience of the API, its prefix, its authentication and its endpoints."""

import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Unpack

from flask import Flask, Request
from sqlalchemy import Connection

from server.api.endpoint import Endpoint, Options, View, declare
from server.api.execution import view_of
from server.api.principals import AUTHENTICATION, Principal
from server.core.errors import Refusal

Authenticate = Callable[[Connection, Request, datetime], Principal]
Declare = Callable[[View], View]


@dataclass(eq=False)
class Surface:
    """One audience of the API; its endpoints declare themselves with `get`, `post` and so on.

    `name` names the OpenAPI document ("member", "partner") and the rate limit; `package` is the
    package whose modules declare the endpoints (all of them are imported when needed);
    `lenient_query` ignores unknown query parameters; `dry_run` offers `Loyalty-Dry-Run` on writes;
    `web_origins` answers CORS for the allow-listed origins; `auth_refuses` are the refusals the
    authenticator may raise; `description` is Markdown for the reference.
    """

    name: str
    prefix: str
    title: str
    authenticate: Authenticate
    package: str | None = None
    description: str = ""
    lenient_query: bool = False
    dry_run: bool = False
    web_origins: bool = False
    auth_refuses: Sequence[type[Refusal]] = AUTHENTICATION
    endpoints: list[Endpoint] = field(default_factory=list)

    def get(self, rule: str, operation_id: str, **options: Unpack[Options]) -> Declare:
        """Declare a read."""
        return self._declare("GET", rule, operation_id, options)

    def post(self, rule: str, operation_id: str, **options: Unpack[Options]) -> Declare:
        """Declare a creation or another action."""
        return self._declare("POST", rule, operation_id, options)

    def put(self, rule: str, operation_id: str, **options: Unpack[Options]) -> Declare:
        """Declare the setting of a thing whose address the client knows."""
        return self._declare("PUT", rule, operation_id, options)

    def patch(self, rule: str, operation_id: str, **options: Unpack[Options]) -> Declare:
        """Declare a partial change."""
        return self._declare("PATCH", rule, operation_id, options)

    def delete(self, rule: str, operation_id: str, **options: Unpack[Options]) -> Declare:
        """Declare a removal."""
        return self._declare("DELETE", rule, operation_id, options)

    def _declare(self, method: str, rule: str, operation_id: str, options: Options) -> Declare:
        def add(view: View) -> View:
            self.endpoints.append(declare(self, method, rule, (operation_id, view), options))
            return view

        return add

    def load(self) -> None:
        """Import every module of the surface's package, so that all endpoints are declared."""
        if self.package is None:
            return
        path = import_module(self.package).__path__
        for module in sorted(info.name for info in pkgutil.iter_modules(path)):
            import_module(f"{self.package}.{module}")

    def register(self, app: Flask) -> None:
        """Add the URL rules of all declared endpoints to `app`."""
        self.load()
        for endpoint in self.endpoints:
            app.add_url_rule(
                endpoint.path.replace("{", "<").replace("}", ">"),
                endpoint=f"{self.name}.{endpoint.operation_id}",
                view_func=view_of(endpoint),
                methods=[endpoint.method],
                provide_automatic_options=False,
            )
