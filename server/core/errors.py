"""Refusals: typed errors with a public code.

A rule or service refuses by raising a subclass of `Refusal`. The API turns it into an RFC 9457
problem document; the catalogue of codes is generated from these classes. Codes are stable for
ever: apps switch on them.
"""

from typing import Any, ClassVar


class Refusal(Exception):  # noqa: N818 - "refusal" is the word of the house
    """A request that was understood and is not carried out.

    `params` are the numbers and names that the localised text needs; they are public.
    `detail` is one English sentence for developers.
    """

    code: ClassVar[str]
    status: ClassVar[int] = 409
    title: ClassVar[str]
    retryable: ClassVar[bool] = False
    stored: ClassVar[bool] = True
    """Whether an idempotency key remembers this refusal as its outcome."""
    keeps_writes: ClassVar[bool] = False
    """Whether what was written before the refusal is committed (a counted guess, a revocation)."""

    def __init__(self, detail: str = "", **params: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.params = params


class NotFound(Refusal):
    """The thing named by an id or a code does not exist, or not for this caller."""

    code, status, title = "not_found", 404, "Not found"


class FieldError(dict[str, str]):
    """One entry of `errors` in a problem: `pointer` (JSON Pointer), `code`, `detail`."""


class ValidationFailed(Refusal):
    """The request has the wrong shape or an impossible value; `errors` says where."""

    code, status, title, stored = "validation_failed", 422, "Validation failed", False

    def __init__(self, errors: list[FieldError], detail: str = "") -> None:
        super().__init__(detail or "The request has invalid fields; see errors.")
        self.errors = errors

    @classmethod
    def at(cls, pointer: str, code: str, detail: str) -> "ValidationFailed":
        """Return a refusal that blames the single field at `pointer` (a JSON Pointer)."""
        return cls([FieldError(pointer=pointer, code=code, detail=detail)], detail)


def all_refusals() -> list[type[Refusal]]:
    """Return every refusal class with a public code, sorted by code."""
    found: dict[str, type[Refusal]] = {}
    pending = list(Refusal.__subclasses__())
    while pending:
        cls = pending.pop()
        pending.extend(cls.__subclasses__())
        if "code" in vars(cls):
            found[cls.code] = cls
    return [found[code] for code in sorted(found)]
