"""What an endpoint is: a declaration and a function from `Call` to `Reply`.

    from server.api.endpoint import Call, Reply
    from server.api.partner import partner

    @partner.post(
        "/transactions", "createTransaction",
        scope="transactions:write", body=TransactionIn,
        answers={201: TransactionOut, 200: TransactionOut},
        refuses=(MemberBlocked, CurrencyMismatch), idempotency="required",
    )
    def create_transaction(call: Call) -> Reply:
        "Post a purchase."  # the first line becomes the OpenAPI summary, the rest the description
        outcome = activities.ingest(call.tx, ..., now=call.now)
        return Reply(present_transaction(outcome), 201)

Rules of the frame:

- Path parameters are written `{transaction_id}` in the rule and arrive as keyword arguments.
- GET (and a POST declared with `reads=True`, which asks and changes nothing) runs on `reading()`;
  every other method inside one write transaction that the frame opens, commits when the function
  returns and rolls back when it raises. Functions never commit.
- `call.body` and `call.query` are the loaded dictionaries of the declared request schemas.
- A refusal (`server.core.errors.Refusal`) raised anywhere below becomes a problem document. List
  the classes an endpoint may raise in `refuses`; those of the frame itself (token_missing,
  scope_missing, validation_failed, idempotency_..., rate_limited, internal ...) are implied.
- `Reply.body` is a plain dict of JSON values; aware datetimes, dates and ids may stay as they are.
- `idempotency`: "required" where points, stock, tickets or outcomes move; "optional" (the default
  of authenticated POSTs) elsewhere; "none" for answers that carry a secret, because an
  idempotency record keeps the answer. Only writes with a principal have idempotency.
- `personal=True` seals the stored answer: it names people, and must not outlive them readably.
- `tag`: a function from `Call` to a text that changes whenever the body would. With it a GET that
  the client has already is answered 304 without running the function. Without it the tag is made
  of `Reply.tag`, or of the body.
- `Reply.tag`: the same, where it is known only after reading. The body can then be a function: it
  is called only for a client that does not have the answer yet.
- `public=True` skips authentication; `call.principal` is then `NOBODY`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from sqlalchemy import Connection

from server.api.principals import Principal
from server.api.schemas import RequestSchema, ResponseSchema
from server.config import Settings
from server.core.crypto import Vault
from server.core.errors import Refusal
from server.gamification.activities.configuration import get_configuration
from server.gamification.activities.types import Configuration
from server.gamification.partners.types import Location

if TYPE_CHECKING:
    from server.api.surface import Surface

Idempotency = Literal["required", "optional", "none"]


@dataclass(slots=True)
class Call:
    """One request, as an endpoint function sees it.

    `tx` is the open connection, `now` the one instant of the request, `locale` the negotiated
    language, `revision` the programme revision that was current when the principal was read.
    """

    tx: Connection
    now: datetime
    principal: Principal
    locale: str
    body: dict[str, Any]
    query: dict[str, Any]
    settings: Settings
    vault: Vault
    request_id: str
    key: str = ""
    """The idempotency key of a write, empty without one."""
    looked_up: dict[str, Location | None] = field(default_factory=dict)
    """The places that a request names, None for those it may not: a batch asks once for each."""

    @property
    def revision(self) -> str:
        """The revision of the programme settings, read together with the principal."""
        return self.principal.revision

    @property
    def configuration(self) -> Configuration:
        """Everything configured, at that revision. Raises ProgrammeMissing."""
        return get_configuration(self.tx, self.revision or None)


@dataclass(slots=True)
class Reply:
    """What an endpoint function answers: a JSON object (None only with 204), status, headers."""

    body: Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    tag: str | None = None

    @property
    def content(self) -> Mapping[str, Any] | None:
        """The body, made now where it waited to be needed."""
        return self.body() if callable(self.body) else self.body


View = Callable[..., Reply]


class Options(TypedDict, total=False):
    """The keyword arguments of a declaration; see the module's text."""

    public: bool
    scope: str
    body: type[RequestSchema]
    query: type[RequestSchema]
    answers: Mapping[int, type[ResponseSchema] | None]
    refuses: Sequence[type[Refusal]]
    idempotency: Idempotency
    tag: Callable[[Call], str]
    dry_run: bool
    reads: bool
    personal: bool


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One declared operation of a surface."""

    surface: "Surface"
    method: str
    rule: str
    operation_id: str
    view: View
    public: bool
    scope: str | None
    body: RequestSchema | None
    query: RequestSchema | None
    answers: Mapping[int, type[ResponseSchema] | None]
    refuses: tuple[type[Refusal], ...]
    idempotency: Idempotency
    tag: Callable[[Call], str] | None
    dry_run: bool
    reads: bool
    personal: bool

    @property
    def path(self) -> str:
        """The full path with parameters in braces, as OpenAPI writes it."""
        return self.surface.prefix + self.rule


def declare(
    surface: "Surface", method: str, rule: str, name: tuple[str, View], options: Options
) -> Endpoint:
    """Return the endpoint of a declaration with its defaults filled in.

    `name` is the operation id and the function. Raises ValueError for a contradiction.
    """
    operation_id, view = name
    public = options.get("public", False)
    reads = options.get("reads", method == "GET")
    keyed = method == "POST" and not public and not reads
    idempotency = options.get("idempotency", "optional" if keyed else "none")
    if idempotency != "none" and not keyed:
        raise ValueError(f"{operation_id}: only a POST with a principal can be idempotent by key")
    return Endpoint(
        surface=surface,
        method=method,
        rule=rule,
        operation_id=operation_id,
        view=view,
        public=public,
        scope=options.get("scope"),
        body=_instance(options.get("body")),
        query=_instance(options.get("query"), lenient=surface.lenient_query),
        answers=options.get("answers", {200: None}),
        refuses=tuple(options.get("refuses", ())),
        idempotency=idempotency,
        tag=options.get("tag"),
        dry_run=options.get("dry_run", surface.dry_run and not reads),
        reads=reads,
        personal=options.get("personal", False),
    )


def _instance(schema: type[RequestSchema] | None, *, lenient: bool = False) -> RequestSchema | None:
    if schema is None:
        return None
    return schema(unknown="exclude") if lenient else schema()
