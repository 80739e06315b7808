"""Refusals of the programme."""

from server.core.errors import Refusal


class ProgrammeMissing(Refusal):
    """The installation has no programme yet; `fairstar programme setup` makes one."""

    code, status, title = "programme_missing", 503, "The programme is not set up yet"
    stored = False


class PresetUnknown(Refusal):
    """There is no preset of that name."""

    code, status, title = "preset_unknown", 404, "Unknown preset"


class ProgrammeExists(Refusal):
    """The programme is already set up and in use; a preset would replace its rules."""

    code, status, title = "programme_exists", 409, "The programme is already set up"


class ProgrammeNameInvalid(Refusal):
    """The name of the programme is empty or longer than `params.most` characters."""

    code, status, title = "programme_name_invalid", 422, "The name of the programme does not fit"
