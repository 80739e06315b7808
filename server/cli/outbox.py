"""`fairstar outbox`: mails and messages that wait, were sent, or are kept here to be read."""

from typing import Any

import click

from server.cli import application
from server.core import clock
from server.core.db import reading
from server.core.installation import installation
from server.jobs import deliver_messages, relay_messages, send_mail
from server.notifications.funnel import latest_deliveries
from server.notifications.mail.service import Mail, latest_mails


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--send", is_flag=True, help="First send what is due.")
def outbox(limit: int, *, send: bool) -> None:
    """Show the newest mails and the newest messages to members, newest first, with their text."""
    with application():
        if send:
            send_mail.run(now=clock.now(), limit=limit)
            relay_messages.run(now=clock.now())
            deliver_messages.run(now=clock.now())
        with reading() as tx:
            for mail in latest_mails(tx, installation().vault, limit):
                _show(mail)
            for delivery in latest_deliveries(tx, limit):
                _show_delivery(delivery)


def _show_delivery(row: Any) -> None:
    told_at = clock.rfc3339(row.finished_at or row.due_at)
    how = f"{row.state} ({row.why})" if row.why else row.state
    click.echo(f"{told_at}  {row.channel} {how}  {row.member_id}  {row.type}")
    if row.last_error:
        click.echo(f"    last error: {row.last_error}")
    click.echo(f"    {row.title}\n    {row.body}\n    {row.path}")


def _show(mail: Mail) -> None:
    created = clock.rfc3339(mail.created_at) if mail.created_at else ""
    click.echo(f"{created}  {mail.state:7} {mail.message.to}  {mail.message.subject}")
    if mail.last_error:
        click.echo(f"    last error: {mail.last_error}")
    for line in mail.message.body.splitlines():
        click.echo(f"    {line}")
