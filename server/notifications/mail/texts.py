"""The words of mails, in the reader's language."""

from server.core.i18n import gettext, message
from server.notifications.mail.service import Message

_SUBJECT = message("Your sign-in code")
_BODY = message(
    "Your sign-in code for {programme}: {code}\n\n"
    "It works for {minutes} minutes, once. If you did not ask for it, ignore this mail;"
    " nobody can sign in without the code.\n"
)


def sign_in_code(locale: str, to: str, code: str, programme: str, minutes: int) -> Message:
    """Return the mail that carries a one-time code."""
    body = gettext(locale, _BODY, programme=programme, code=code, minutes=minutes)
    return Message(to, gettext(locale, _SUBJECT), body)
