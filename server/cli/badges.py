"""`fairstar badges`: giving badges to all who have earned them already."""

import getpass

import click

from server.cli import application
from server.core import clock, queue
from server.core.db import reading, transaction
from server.gamification.badges.backfill import begin_backfill, preview_backfill
from server.jobs.award_badges import AWARD_BADGES, award_all


@click.group()
def badges() -> None:
    """Give badges to all who have earned them already."""


@badges.command()
@click.argument("badge")
def preview(badge: str) -> None:
    """Say how many members would earn BADGE (its key or id) now; nothing is written."""
    with application(), reading() as tx:
        found = preview_backfill(tx, badge, clock.now())
    click.echo(f"{found.members} of {found.looked_at} members would earn it now.")
    for level, members in found.levels.items():
        click.echo(f"  level {level}: {members}")


@badges.command()
@click.argument("badge")
@click.option("--now", "at_once", is_flag=True, help="Here and now, not by a worker.")
def backfill(badge: str, *, at_once: bool) -> None:
    """Give BADGE to all who have earned it, with what it brings. Safe to repeat."""
    with application():
        with transaction() as tx:
            now, actor = clock.now(), f"cli:{getpass.getuser()}"
            backfill_id = begin_backfill(tx, badge, actor, now)
            if not at_once:
                queue.enqueue(tx, AWARD_BADGES, {"backfill_id": backfill_id}, now, now)
        if at_once:
            click.echo(f"{award_all(backfill_id)} awarded.")
        else:
            click.echo(f"{backfill_id} is queued.")
