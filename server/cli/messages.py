"""`fairstar messages`: what members are told, in which words, and how often."""

import getpass
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from server.cli import application
from server.cli.definitions import read_settings
from server.core import clock
from server.core.db import reading, transaction
from server.core.i18n import LOCALES, SOURCE
from server.gamification.definitions.queries import get_definition
from server.gamification.definitions.service import create_draft, publish
from server.gamification.members.queries import get_member
from server.gamification.programme.queries import get_programme
from server.gamification.programme.service import change_settings
from server.gamification.programme.types import MessagePolicy
from server.notifications.announcements import (
    ANNOUNCEMENTS,
    count_audience,
    read_announcement,
)
from server.notifications.catalogue import ANNOUNCEMENT, TYPES
from server.notifications.funnel import Count, count_messages
from server.notifications.samples import preview_texts, send_sample
from server.notifications.templates import Template, built_in, read_template
from server.notifications.types import Category

_TYPE = click.argument("type_name", metavar="TYPE", type=click.Choice([*TYPES]))
_PATH = click.Path(path_type=Path, exists=True)
_CAP = re.compile(r"(progress|reminders|offers|news)=(\d{1,3})/(\d{1,3})")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@click.group()
def messages() -> None:
    """Show, preview, test and announce what members are told.

    Words of your own are definitions: `fairstar definitions create message_template KEY FILE`.
    """


@messages.command("list")
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True)
def list_(days: int) -> None:
    """List the types, and of how many messages pushes went out and were opened."""
    with application(), reading() as tx:
        counted = count_messages(tx, clock.now() - timedelta(days=days))
    click.echo(f"{'type':22} {'category':10} {'variant':10} {'made':>8} {'sent':>8} {'opened':>8}")
    for name, kind in TYPES.items():
        for variant, made, sent, opened in counted.get(name, [Count("-", 0, 0, 0)]):
            click.echo(f"{name:22} {kind.category:10} {variant:10} {made:>8} {sent:>8} {opened:>8}")


@messages.command()
@_TYPE
@click.option("--language", "locale", type=click.Choice(LOCALES), default=SOURCE)
@click.option("--file", "file", type=_PATH, help="A template to try out.")
@click.option("--key", help="A stored template, its draft if it has one.")
def preview(type_name: str, locale: str, file: Path | None, key: str | None) -> None:
    """Show the words of a type with sample values, each variant."""
    if type_name == ANNOUNCEMENT:
        raise click.UsageError("Announcements have words of their own; see: messages announce.")
    with application(), reading() as tx:
        units = get_programme(tx).units
        template = _template(tx, type_name, file, key)
    for variant, text in preview_texts(template, units, locale):
        click.echo(f"[{variant}] {text.title}\n    {text.body}")


def _template(tx: Any, type_name: str, file: Path | None, key: str | None) -> Template:
    if file is not None:
        found = read_template("draft", "draft", read_settings(file))
    elif key is not None:
        stored = get_definition(tx, "message_template", key)
        found = read_template(stored.id, stored.key, stored.draft or stored.settings)
    else:
        return built_in()[type_name]
    if found.type != type_name:
        raise click.UsageError(f"That template is for {found.type}.")
    return found


@messages.command()
@click.argument("member_id")
@_TYPE
def test(member_id: str, type_name: str) -> None:
    """Send a member a message of a type with sample values, by the same rules as any other."""
    with application(), transaction() as tx:
        get_member(tx, member_id)
        send_sample(tx, member_id, TYPES[type_name], clock.now())
    click.echo("It is in the inbox. What leaves is seen with: fairstar outbox --send")


@messages.command()
@click.argument("key")
@click.argument("file", type=_PATH)
@click.option("--publish", "is_published", is_flag=True, help="Send it; otherwise only check.")
def announce(key: str, file: Path, *, is_published: bool) -> None:
    """Announce something to an audience at a time of day where each member lives.

    Without --publish nothing is stored: the words and the size of the audience are shown.
    """
    settings, now = read_settings(file), clock.now()
    found = read_announcement("draft", key, settings)
    actor = f"cli:{getpass.getuser()}"
    with application(), transaction() as tx:
        for variant in found.variants:
            for locale in variant.titles:
                text = variant.text_in(locale)
                click.echo(f"[{variant.name} {locale}] {text.title}\n    {text.body}")
        count = count_audience(tx, found, now)
        click.echo(f"{count} members, at {found.at:%Y-%m-%d %H:%M} by their clocks.")
        if is_published:
            made = create_draft(tx, ANNOUNCEMENTS, key, settings, actor, now)
            publish(tx, ANNOUNCEMENTS, made.id, actor, now)
            click.echo(f"{key} ({made.id}) is published.")


@messages.command()
@click.option("--quiet", help="Quiet hours, such as 21:00-09:00; the same twice for none.")
@click.option("--cap", "caps", multiple=True, help="Such as reminders=2/7: a day, and a week.")
def limits(quiet: str | None, caps: tuple[str, ...]) -> None:
    """Show or change quiet hours, and how many messages of a category at most."""
    with application(), transaction() as tx:
        policy = get_programme(tx).policies.messages
        if quiet is not None or caps:
            stored = _stored(policy, quiet, caps)
            change_settings(tx, {"messages": stored}, f"cli:{getpass.getuser()}", clock.now())
            policy = get_programme(tx).policies.messages
    minutes = (policy.quiet_from_minute, policy.quiet_to_minute)
    start, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in minutes)
    click.echo(f"quiet hours {start}-{end} where the member lives")
    for category in Category:
        day, week = policy.caps.get(category, ("-", "-"))
        click.echo(f"{category:10} {day}/{week}")


def _stored(policy: MessagePolicy, quiet: str | None, caps: tuple[str, ...]) -> dict[str, Any]:
    hours = (policy.quiet_from_minute, policy.quiet_to_minute)
    if quiet is not None:
        found = _HOURS.fullmatch(quiet)
        if found is None:
            raise click.UsageError("Quiet hours look like 21:00-09:00.")
        a, b, c, d = map(int, found.groups())
        hours = (a * 60 + b, c * 60 + d)
    merged = {name: list(pair) for name, pair in policy.caps.items()}
    for cap in caps:
        parts = _CAP.fullmatch(cap)
        if parts is None:
            raise click.UsageError("A cap looks like reminders=2/7.")
        merged[parts[1]] = [int(parts[2]), int(parts[3])]
    return {"quiet_from_minute": hours[0], "quiet_to_minute": hours[1], "caps": merged}
