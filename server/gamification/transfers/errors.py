"""Refusals of transfers between members."""

from server.core.errors import Refusal


class FeatureDisabled(Refusal):
    """The programme does not offer this; `params.feature` names what is switched off."""

    code, status, title = "feature_disabled", 404, "This is not offered here"


class RecipientUnknown(Refusal):
    """Nobody can be given points under this card, code, phone or address.

    The answer is the same for somebody who is blocked: it tells nothing about people.
    """

    code, status, title = "recipient_unknown", 404, "Nobody can be given points under this"


class TransferToSelf(Refusal):
    """The recipient is the sender."""

    code, status, title = "transfer_to_self", 422, "This is your own account"


class TransferTooSmall(Refusal):
    """Less than may be given at once; `params.least` says how much."""

    code, status, title = "transfer_too_small", 422, "Too little to be given"


class TransferTooLarge(Refusal):
    """More than may be given at once; `params.most` says how much."""

    code, status, title = "transfer_too_large", 422, "Too much to be given at once"


class TransferLimitReached(Refusal):
    """More than may be given on one day; `params.left` says how much is left of today's."""

    code, status, title = "transfer_limit_reached", 409, "Too much for one day"


class TransferTooEarly(Refusal):
    """The account is too young to give; `params.days` says how old it must be."""

    code, status, title = "transfer_too_early", 403, "This account is too young to give"
