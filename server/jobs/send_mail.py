"""Send queued mails, or keep them here when no mail server is configured."""

from datetime import datetime

import structlog

from server.core.db import transaction
from server.core.installation import installation
from server.notifications.mail.service import (
    Mail,
    claim_mails,
    mark_failed,
    mark_kept,
    mark_sent,
)
from server.notifications.mail.smtp import MailRefused, connected, give

log = structlog.get_logger(__name__)


def run(*, now: datetime, limit: int = 20) -> int:
    """Move up to `limit` due mails on; return how many. Needs an application context."""
    held = installation()
    with transaction() as tx:
        mails = claim_mails(tx, held.vault, now, limit)
    url = held.settings.mail_url
    if url is None:
        _keep(mails, now)
    elif mails:
        _send(mails, url, held.settings.mail_from, now)
    return len(mails)


def _keep(mails: list[Mail], now: datetime) -> None:
    with transaction() as tx:
        for mail in mails:
            mark_kept(tx, mail, now)


def _send(mails: list[Mail], url: str, sender: str, now: datetime) -> None:
    """Send over one connection; each mail is noted at once, so that a crash repeats at most one."""
    waiting = list(mails)
    try:
        with connected(url) as server:
            while waiting:
                mail = waiting.pop(0)
                try:
                    give(server, sender, mail, now)
                except MailRefused as refused:
                    _fail(mail, refused, now)
                    continue
                with transaction() as tx:
                    mark_sent(tx, mail, now)
    except MailRefused as refused:
        for mail in waiting:
            _fail(mail, refused, now)


def _fail(mail: Mail, refused: MailRefused, now: datetime) -> None:
    log.warning("mail.refused", mail=mail.id, reason=str(refused), permanent=refused.permanent)
    with transaction() as tx:
        mark_failed(tx, mail, str(refused), now, permanent=refused.permanent)
