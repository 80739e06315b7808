"""Refusals of vouchers."""

from server.core.errors import Refusal


class CodeUnknown(Refusal):
    """No voucher has this code."""

    code, status, title = "code_unknown", 404, "There is no voucher with this code"


class CodeExhausted(Refusal):
    """All uploaded codes of the reward have been given out."""

    code, status, title = "code_exhausted", 409, "There are no codes left"


class VoucherUsed(Refusal):
    """The voucher was used before; `params` say when and where."""

    code, status, title = "voucher_used", 409, "The voucher was used already"


class VoucherExpired(Refusal):
    """The time of the voucher is over."""

    code, status, title = "voucher_expired", 410, "The voucher has expired"


class VoucherEnded(Refusal):
    """The voucher was cancelled or withdrawn, as `params.state` says."""

    code, status, title = "voucher_ended", 409, "The voucher is no longer good"


class VoucherWrongLocation(Refusal):
    """The voucher is good at other places; `params.locations` names them."""

    code, status, title = "voucher_wrong_location", 409, "The voucher is not good here"


class VoucherNotCancellable(Refusal):
    """The voucher cannot be given back; `params.reason` says why."""

    code, status, title = "voucher_not_cancellable", 409, "The voucher cannot be given back"


class UndoTooLate(Refusal):
    """The use of a voucher can be undone only for a short time, which is over."""

    code, status, title = "undo_too_late", 409, "It is too late to undo this"


class FulfilmentStepWrong(Refusal):
    """A physical gift cannot go from `params.from` to `params.to`."""

    code, status, title = "fulfilment_step_wrong", 409, "This is not the next step"
