"""`fairstar definitions`: everything configured in drafts and versions, from the command line."""

import getpass
import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from server.cli import application
from server.core import clock
from server.core.clock import rfc3339
from server.core.db import reading, transaction
from server.core.i18n import LOCALES, SOURCE, gettext
from server.gamification.conditions.catalogue import FACTS
from server.gamification.definitions import service
from server.gamification.definitions.errors import DefinitionInvalid
from server.gamification.definitions.queries import get_definition, list_definitions, list_versions
from server.gamification.definitions.types import Definition, Kind
from server.notifications.kinds import KINDS, kind_named

_FILE = click.argument("file", type=click.Path(path_type=Path, exists=True, allow_dash=True))


class _KindName(click.ParamType[str]):
    """The name of a kind; whoever leaves it out is told which there are."""

    name = "kind"

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:
        return f"KIND is one of: {', '.join(KINDS)}."


_KIND, _KEY = click.argument("kind", type=_KindName()), click.argument("key")
_NOW = click.option("--publish", "at_once", is_flag=True, help="Put it in force at once.")


@click.group()
def definitions() -> None:
    """Show and change what is configured: badges, star cards, activity types and more.

    KIND is one of `fairstar definitions kinds`, KEY the key or id of one of them, FILE its settings
    as JSON or TOML (`-` reads JSON from the input).
    """


@definitions.command()
def kinds() -> None:
    """List the kinds of things that are configured so."""
    for table, kind in KINDS.items():
        click.echo(f"{kind.name:16} {table}")


@definitions.command()
@click.option("--language", type=click.Choice(LOCALES), default=SOURCE)
def facts(language: str) -> None:
    """List the facts of which conditions may speak."""
    for fact in FACTS.values():
        name = f"{fact.name}[…]" if fact.of else fact.name
        title, text = gettext(language, fact.title), gettext(language, fact.description)
        click.echo(f"{name:28} {fact.kind:7} {title}: {text}")


@definitions.command("list")
@_KIND
def list_(kind: str) -> None:
    """List all of a kind: key, state, version in force, whether a draft waits, name."""
    with application(), reading() as tx:
        found = list_definitions(tx, kind_named(kind).name)
    click.echo(f"{'key':24} {'state':10} {'version':>7}  {'draft':5}  name")
    for one in found:
        click.echo(
            f"{one.key:24} {one.state:10} {one.version:>7}  {_yes(one.draft):5}  {_name(one)}"
        )


@definitions.command()
@_KIND
@_KEY
@click.option("--draft", is_flag=True, help="What waits to be published.")
def show(kind: str, key: str, *, draft: bool) -> None:
    """Show settings as JSON, ready to be changed and given to `change`."""
    with application(), reading() as tx:
        found = get_definition(tx, kind_named(kind).name, key)
    settings = found.draft if draft or not found.version else found.settings
    click.echo(json.dumps(settings, ensure_ascii=False, indent=2))


@definitions.command()
@_KIND
@_KEY
def history(kind: str, key: str) -> None:
    """List the versions that were published, newest first."""
    with application(), reading() as tx:
        found = get_definition(tx, kind_named(kind).name, key)
        for row in list_versions(tx, found.id):
            click.echo(f"{row['version']:>4}  {rfc3339(row['published_at'])}  {row['actor']}")


@definitions.command()
@_KIND
@_FILE
def check(kind: str, file: Path) -> None:
    """Check settings without storing them."""
    of = kind_named(kind)
    read = of.read("draft", "draft", read_settings(file))
    click.echo("These settings can be used.")
    _note(of, read)


@definitions.command()
@_KIND
@_KEY
@_FILE
@_NOW
def create(kind: str, key: str, file: Path, *, at_once: bool) -> None:
    """Make a new draft with this KEY."""
    settings, of = read_settings(file), kind_named(kind)

    def make(tx: Connection, actor: str) -> Definition:
        return service.create_draft(tx, of, key, settings, actor, clock.now())

    _change(of, make, at_once=at_once)


@definitions.command()
@_KIND
@_KEY
@_FILE
@_NOW
def change(kind: str, key: str, file: Path, *, at_once: bool) -> None:
    """Replace the settings that wait to be published."""
    settings, of = read_settings(file), kind_named(kind)

    def write(tx: Connection, actor: str) -> Definition:
        found = get_definition(tx, of.name, key)
        return service.change_draft(tx, of, (found.id, found.edit), settings, actor, clock.now())

    _change(of, write, at_once=at_once)


@definitions.command()
@_KIND
@_KEY
def publish(kind: str, key: str) -> None:
    """Put the draft in force, or a paused one back in force."""
    _do(kind, key, service.publish)


@definitions.command()
@_KIND
@_KEY
def pause(kind: str, key: str) -> None:
    """Take it out of force; members keep what they have of it."""
    _do(kind, key, service.pause)


@definitions.command()
@_KIND
@_KEY
def archive(kind: str, key: str) -> None:
    """Put it away for good."""
    _do(kind, key, service.archive)


def _do(kind: str, key: str, verb: Callable[..., Definition]) -> None:
    of = kind_named(kind)

    def act(tx: Connection, actor: str) -> Definition:
        return verb(tx, of, get_definition(tx, of.name, key).id, actor, clock.now())

    _change(of, act, at_once=False)


def _change(
    kind: Kind[Any], act: Callable[[Connection, str], Definition], *, at_once: bool
) -> None:
    """Do it in one transaction and say how it stands then."""
    actor = f"cli:{getpass.getuser()}"
    with application(), transaction() as tx:
        done = act(tx, actor)
        if at_once:
            done = service.publish(tx, kind, done.id, actor, clock.now())
    _note(kind, kind.read(done.id, done.key, done.draft or done.settings))
    waits = ", a draft waits" if done.version and done.draft is not None else ""
    click.echo(f"{done.key} ({done.id}) is {done.state}, version {done.version}{waits}.")


def _note(kind: Kind[Any], read: Any) -> None:
    """Say what the owner should know of these settings."""
    for note in kind.notes(read):
        click.echo(note)


def read_settings(file: Path) -> dict[str, Any]:
    """Read settings from a file. Raise `DefinitionInvalid` when it is no JSON or TOML object."""
    text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    try:
        settings: Any = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except ValueError as error:
        raise DefinitionInvalid([], f"{file} cannot be read: {error}") from error
    if not isinstance(settings, dict):
        raise DefinitionInvalid([], f"{file} has no object of settings.")
    return json_of(settings)


def json_of(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings as JSON has them: the dates of a TOML file are texts."""
    plain: dict[str, Any] = json.loads(json.dumps(settings, default=lambda day: day.isoformat()))
    return plain


def _yes(draft: object) -> str:
    return "yes" if draft is not None else "-"


def _name(one: Definition) -> str:
    settings = one.draft or one.settings
    names = settings.get("names", {})
    return str(names.get(SOURCE) or next(iter(names.values()), "")) if names else ""
