"""Counters and histograms for Prometheus.

Labels are bounded: operation ids, codes and classes of status, never paths or ids. With several
processes set PROMETHEUS_MULTIPROC_DIR to a directory; `fairstar serve` does so by itself.
"""

import os
from functools import cache

from prometheus_client import REGISTRY as PROCESS
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)

BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Histogram(
    "fairstar_request_seconds",
    "Length of requests by operation and status class.",
    ("operation", "status"),
    buckets=BUCKETS,
)


@cache
def request_timer(operation: str, status: str) -> Histogram:
    """Return the histogram of an operation and status class; looking it up by labels is slow."""
    return REQUESTS.labels(operation, status)


REFUSALS = Counter("fairstar_refusals_total", "Refused requests by public code.", ("code",))
RATE_LIMITED = Counter("fairstar_rate_limited_total", "Requests refused by a limit.", ("policy",))
REPLAYS = Counter("fairstar_replays_total", "Answers replayed for an idempotency key.")
RERUNS = Counter("fairstar_transaction_reruns_total", "Transactions run again after a deadlock.")
REDIS_FAILURES = Counter("fairstar_redis_failures_total", "Redis calls that failed.", ("use",))
JOB_RUNS = Counter("fairstar_job_runs_total", "Runs of periodic jobs.", ("job", "outcome"))
JOB_SECONDS = Histogram(
    "fairstar_job_seconds", "Length of runs of periodic jobs.", ("job",), buckets=BUCKETS
)


def exposition() -> bytes:
    """Return all metrics, of all processes when they share a directory, in the text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(PROCESS)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
