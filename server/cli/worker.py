"""`fairstar worker`: the background jobs."""

import signal

import click

from server.cli import application
from server.core import clock
from server.core.db import transaction
from server.core.installation import installation
from server.gamification.invariants.seals import adopt_secret
from server.jobs.schedule import SCHEDULE
from server.jobs.worker import Worker


@click.command()
@click.option("--once", is_flag=True, help="Run what is due now and end, for a cron job.")
@click.option("--list", "only_list", is_flag=True, help="Show the jobs and end.")
def worker(*, once: bool, only_list: bool) -> None:
    """Run the background jobs until SIGTERM; any number of workers may run."""
    if only_list:
        wide = max(len(job.name) for job in SCHEDULE)
        for job in SCHEDULE:
            click.echo(f"{job.name:{wide}} every {job.every_seconds} s")
        return
    with application():
        with transaction() as tx:
            adopt_secret(tx, installation().vault, clock.now())
        found = Worker()
        if once:
            click.echo(f"{found.tick(clock.now())} jobs ran.")
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: found.stop())
        click.echo(f"Worker ready: {', '.join(job.name for job in SCHEDULE)}.", err=True)
        found.run()
        click.echo("Worker stopped.", err=True)
