"""Why a file, or one cell of it, cannot be used."""


class FileUnusable(Exception):  # noqa: N818 - reads as what is the matter
    """The file cannot be imported as it is; the message says what to do."""


class ImportBusy(Exception):  # noqa: N818 - reads as what is the matter
    """Another process imports the same file at this moment."""


class CellRefused(Exception):  # noqa: N818 - a refusal, but of a cell
    """A cell cannot be read: `code` of the fix, the field, and what is wrong in a few words."""

    def __init__(self, field: str, code: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.code, self.reason = field, code, reason
