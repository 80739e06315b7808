"""What a person reads when a request is refused: one sentence per code, safe to show.

A code without a sentence here shows the translated title of its refusal. The sentences may use
the `params` of the refusal.
"""

from collections.abc import Mapping
from typing import Any

from server.core.errors import Refusal
from server.core.i18n import format_number, gettext, message

SENTENCES: dict[str, str] = {
    "validation_failed": message("Please check what you entered."),
    "not_found": message("We could not find this."),
    "rate_limited": message("That was a little fast. Please wait a moment and try again."),
    "token_missing": message("Please sign in."),
    "token_invalid": message("Please sign in again."),
    "token_expired": message("Please sign in again."),
    "session_ended": message("Please sign in again."),
    "refresh_reused": message("Please sign in again."),
    "assertion_invalid": message("Signing in did not work. Please try again."),
    "assertion_replayed": message("Signing in did not work. Please try again."),
    "app_key_invalid": message("This device is not connected. Please ask the owner of the shop."),
    "device_revoked": message("This device was disconnected. Please ask the owner of the shop."),
    "pairing_token_invalid": message("This pairing code does not work. Please make a new one."),
    "scope_missing": message("This device is not allowed to do that."),
    "forbidden": message("You are not allowed to do that."),
    "request_in_progress": message("This is still being done. Please wait a moment."),
    "busy": message("We are very busy just now. Please try again in a moment."),
    "upstream_unavailable": message("We cannot be reached just now. Please try again soon."),
    "internal": message("Something went wrong on our side. Please try again."),
    "programme_missing": message("The loyalty programme is not open yet."),
    "balance_insufficient": message("You do not have enough for this yet: {missing} are missing."),
    "star_card_not_full": message("The card is not full yet: {missing} are missing."),
    "member_blocked": message("This account is blocked. Please ask the shop."),
    "member_merged": message("This account was joined with another one."),
    "member_exists": message("There is already an account with these details."),
    "enrolment_closed": message("Please ask in the shop to join."),
    "lookup_ambiguous": message("More than one account matches. Please use the card."),
    "field_locked": message("This can be set only once. Please ask the shop to change it."),
    "card_blocked": message("This card is no longer in use. Please show the new one."),
    "otp_invalid": message("That code is not right. Please check it and try again."),
    "otp_expired": message("That code is too old. Please ask for a new one."),
    "otp_too_many": message("Too many attempts. Please ask for a new code."),
    "spoken_code_expired": message("That code is too old. Please show a new one."),
    "qr_stale": message("This code is too old to spend with. Please open the card again."),
    "qr_replayed": message("This code was used already. Please wait for the next one."),
    "transaction_in_future": message("The date of this purchase lies in the future."),
    "transaction_too_old": message("This purchase is too old to be counted."),
    "return_exceeds_sale": message("More is being returned than was bought."),
    "currency_mismatch": message("Points are counted in {expected} here, not in {got}."),
    "assurance_too_low": message("To pay with points, please show the code in the app."),
    "spend_too_small": message("At least {least} points are needed to pay with."),
    "spend_share_exceeded": message("At most {most} points can be used for this bill."),
    "reward_sold_out": message("Sold out just now. More may come."),
    "reward_limit_reached": message("You have had as many of these as one may have."),
    "tier_too_low": message("This is for members of another tier: {names}."),
    "raffle_closed": message("This raffle is not open now."),
    "raffle_full": message("This raffle is full. Maybe the next one?"),
    "ticket_limit_reached": message("You have all the tickets one may have: {limit}."),
    "free_entry_used": message("You have entered for nothing already. Thank you!"),
    "age_restricted": message("This is for people from {age_min} years of age."),
    "not_eligible": message("This cannot be had just now."),
    "no_plays_left": message("No plays are left for now."),
    "game_not_open": message("This game cannot be played just now."),
    "code_unknown": message("There is no voucher with this code. Please check it."),
    "code_exhausted": message("There are no codes left just now."),
    "voucher_used": message("This voucher was used already."),
    "voucher_expired": message("The time of this voucher is over."),
    "voucher_ended": message("This voucher is no longer good."),
    "voucher_wrong_location": message("This voucher is good at other places."),
    "voucher_not_cancellable": message("This voucher cannot be given back."),
    "undo_too_late": message("It is too late to undo this."),
    "fulfilment_step_wrong": message("This gift is not that far yet."),
    "profile_incomplete": message("Please complete your profile first."),
    "feature_disabled": message("This is not offered here."),
    "recipient_unknown": message("We found nobody there to give points to. Please check it."),
    "transfer_to_self": message("This is your own account."),
    "transfer_too_small": message("At least {least} can be given at once."),
    "transfer_too_large": message("At most {most} can be given at once."),
    "transfer_limit_reached": message("Today you can give {left} more."),
    "transfer_too_early": message("Giving is possible {days} days after joining."),
    "hold_not_found": message("These points are not set aside."),
    "hold_resolved": message("These points are no longer set aside."),
}
BY_STATE: dict[str, dict[str, str]] = {
    "hold_resolved": {
        "captured": message("These points were spent already."),
        "released": message("These points went back to the account already."),
        "lapsed": message("The time ran out: these points go back to the account."),
    },
}
"""Sentences that say more where the refusal names a state in its `params`."""


def _in_words(params: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """Return the params with their whole numbers as they are written in `locale`."""
    return {
        name: format_number(locale, value) if type(value) is int else value
        for name, value in params.items()
    }


def user_message(refusal: Refusal, locale: str) -> str:
    """Return the sentence for `refusal` in `locale`."""
    told = SENTENCES.get(refusal.code, refusal.title)
    state = BY_STATE.get(refusal.code, {}).get(refusal.params.get("state", ""), told)
    sentence = gettext(locale, state)
    try:
        return sentence.format_map(_in_words(refusal.params, locale))
    except (KeyError, ValueError):  # a number is missing: the title says less and is never wrong
        return gettext(locale, refusal.title)
