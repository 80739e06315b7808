"""Refusals of proofs."""

from server.core.errors import Refusal


class CheckpointUnknown(Refusal):
    """There is no checkpoint of that number."""

    code, status, title = "checkpoint_unknown", 404, "No such checkpoint"


class CheckpointUnreadable(Refusal):
    """The file is not an exported checkpoint."""

    code, status, title = "checkpoint_unreadable", 422, "Not an exported checkpoint"
