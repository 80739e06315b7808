"""Refusals of definitions."""

from typing import ClassVar

from server.core.errors import FieldError, Refusal, ValidationFailed


class DefinitionInvalid(ValidationFailed):
    """Settings that cannot be used; `errors` says where and why."""

    code: ClassVar[str] = "definition_invalid"
    title: ClassVar[str] = "These settings cannot be used"

    @classmethod
    def of(cls, errors: list[FieldError]) -> "DefinitionInvalid":
        """Return a refusal that tells all `errors` in its detail too."""
        told = "; ".join(f"{error['pointer'] or '/'}: {error['detail']}" for error in errors)
        return cls(errors, told)


class DefinitionUnknown(Refusal):
    """There is no definition of that kind with this id or key."""

    code, status, title = "definition_unknown", 404, "No such definition"


class DefinitionKeyTaken(Refusal):
    """Another definition of the kind has this key."""

    code, status, title = "definition_key_taken", 409, "This key is taken"


class VersionConflict(Refusal):
    """Somebody has changed it meanwhile; read it again."""

    code, status, title = "version_conflict", 412, "It was changed meanwhile"


class DefinitionStateWrong(Refusal):
    """This cannot be done in its present state."""

    code, status, title = "definition_state_wrong", 409, "Not possible in this state"
