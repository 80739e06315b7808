"""`fairstar db`: the schema of the database."""

import click

from server.cli import application


@click.group()
def db() -> None:
    """Migrate the database."""


@db.command()
def upgrade() -> None:
    """Bring the schema to the newest revision; safe to repeat."""
    with application(any_secret=True):
        from flask_migrate import upgrade as migrate

        migrate()
        click.echo(f"The schema is at revision {_revision() or 'none'}.")


@db.command()
def current() -> None:
    """Show the revision of the schema and the newest one; exit 1 when they differ."""
    with application(any_secret=True):
        from server.api.health import newest_revision

        found, newest = _revision(), newest_revision()
        click.echo(f"The schema is at revision {found or 'none'}; the newest is {newest}.")
        if found != newest:
            raise SystemExit(1)


def _revision() -> str | None:
    from alembic.migration import MigrationContext

    from server.core.db import reading

    with reading() as tx:
        return MigrationContext.configure(tx).get_current_revision()
