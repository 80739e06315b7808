"""Giving a mail to an SMTP server (`smtp://user:password@host:port`, `smtps://…`)."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

from server.notifications.mail.service import Mail

TIMEOUT_SECONDS = 15
SUBMISSION_PORT, SMTPS_PORT = 587, 465


class MailRefused(Exception):  # noqa: N818 - reads as what happened
    """The server did not take the mail. `permanent`: trying again is pointless."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


@contextmanager
def connected(url: str) -> Iterator[smtplib.SMTP]:
    """Yield a connection to the mail server of `url`.

    `smtp://` uses STARTTLS when the server offers it and always with `?starttls=required`.
    Raises MailRefused (not permanent) when the server cannot be used.
    """
    parts = urlsplit(url)
    try:
        with _open(parts.scheme, parts.hostname or "localhost", parts.port) as server:
            _secure(server, parts.scheme, parse_qs(parts.query))
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            yield server
    except (OSError, smtplib.SMTPException) as error:
        raise MailRefused(_reason(error), permanent=False) from error


def _open(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port or SMTPS_PORT, timeout=TIMEOUT_SECONDS, context=context)
    return smtplib.SMTP(host, port or SUBMISSION_PORT, timeout=TIMEOUT_SECONDS)


def _secure(server: smtplib.SMTP, scheme: str, options: dict[str, list[str]]) -> None:
    server.ehlo_or_helo_if_needed()
    required = options.get("starttls") == ["required"]
    if scheme == "smtp" and (required or server.has_extn("starttls")):
        server.starttls(context=ssl.create_default_context())
        server.ehlo()


def give(server: smtplib.SMTP, sender: str, mail: Mail, now: datetime) -> None:
    """Give one mail to a connected server. Raises MailRefused."""
    try:
        server.send_message(_letter(sender, mail, now))
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        permanent = all(code >= 500 for code in codes)
        raise MailRefused(f"recipient refused ({codes[0]})", permanent=permanent) from error
    except smtplib.SMTPResponseException as error:
        raise MailRefused(_reason(error), permanent=error.smtp_code >= 500) from error
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise MailRefused(_reason(error), permanent=isinstance(error, ValueError)) from error


def _letter(sender: str, mail: Mail, now: datetime) -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"] = sender, mail.message.to
    letter["Subject"] = mail.message.subject
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = make_msgid(mail.id, domain=_domain(sender))
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(mail.message.body)
    return letter


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _reason(error: Exception) -> str:
    """Return why, without the text of the server: it may repeat the address."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} ({error.smtp_code})"
    return type(error).__name__
