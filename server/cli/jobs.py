"""`fairstar jobs`: what runs in the background, how it went, and running it now."""

from datetime import datetime
from typing import Any

import click

from server.cli import application
from server.core import clock, queue
from server.core.clock import rfc3339
from server.core.db import reading, transaction
from server.gamification.nights.errors import NightsMissed
from server.jobs import nightly
from server.jobs.queued import RUN_JOB
from server.jobs.runs import last_runs, next_at
from server.jobs.schedule import SCHEDULE, Job, job_named


@click.group()
def jobs() -> None:
    """Show background jobs, run one now, see to work that failed."""


@jobs.command("list")
def list_() -> None:
    """Show every periodic job: how often, its last run and what came of it, and its next turn."""
    with application(), reading() as tx:
        now, runs = clock.now(), last_runs(tx)
        wide = max(len(job.name) for job in SCHEDULE)
        heads = f"{'every':>6}  {'last start':20}  {'last end':20}  outcome  count"
        click.echo(f"{'job':{wide}} {heads}")
        for job in SCHEDULE:
            click.echo(f"{job.name:{wide}} {_every(job):>6}  {_last(runs.get(job.name))}")
            if error := getattr(runs.get(job.name), "error", None):
                click.echo(f"    {error}")
            click.echo(f"    next {rfc3339(next_at(now, job.every_seconds))}")
        waiting = queue.next_run_at(tx)
        click.echo(f"queue: {f'next at {rfc3339(waiting)}' if waiting else 'empty'}")
        click.echo(f"dead: {len(queue.list_dead(tx))}")


def _every(job: Job) -> str:
    for seconds, unit in ((3600, "h"), (60, "min"), (1, "s")):
        if job.every_seconds % seconds == 0:
            return f"{job.every_seconds // seconds} {unit}"
    raise AssertionError(job)


def _last(run: Any) -> str:
    if run is None:
        return "never"
    end = _second(run.finished_at) if run.finished_at else ""
    return f"{_second(run.started_at):20}  {end:20}  {run.outcome:7}  {run.moved}"


def _second(instant: datetime) -> str:
    return rfc3339(instant.replace(microsecond=0))


@jobs.command()
@click.argument("name")
@click.option("--now", "at_once", is_flag=True, help="Here and now, not by a worker.")
def run(name: str, *, at_once: bool) -> None:
    """Run the job NAME: by the next free worker, or with --now in this process."""
    job = job_named(name)
    with application():
        now = clock.now()
        if not at_once:
            with transaction() as tx:
                job_id = queue.enqueue(tx, RUN_JOB, {"job": name}, now, now)
            click.echo(f"{job_id} is queued.")
            return
        moved = 0
        try:
            job.check_clock(now)
        except NightsMissed as missed:
            raise click.ClickException(str(missed)) from missed
        while (part := job.work(now=clock.now(), limit=job.limit)) >= job.limit:
            moved += part
        click.echo(f"{name}: {moved + part}")


@jobs.command("catch-up")
def catch_up() -> None:
    """Do all nights that were missed, however many, oldest first.

    The nightly job does so by itself up to a month; beyond that the clock may have been wrong.
    """
    with application():
        done = 0
        while part := nightly.run(now=clock.now(), limit=50, missed_max=None):
            done += part
        click.echo(f"{done} batches of nights done.")


@jobs.command()
@click.option("--retry", metavar="ID", help="Queue this one again.")
def dead(retry: str | None) -> None:
    """Show queued work that failed eight times, newest first, or try one again."""
    with application(), transaction() as tx:
        if retry:
            queue.requeue(tx, retry, clock.now())
            click.echo(f"{retry} is queued again.")
            return
        for row in queue.list_dead(tx):
            click.echo(f"{row.id}  {row.name}  {rfc3339(row.finished_at)}  {row.error}")
