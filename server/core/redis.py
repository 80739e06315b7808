"""The optional Redis: limits, wake-ups and caches; never the truth, and never waited for long."""

from functools import cache

from redis import Redis

CONNECT_SECONDS = 0.25
ANSWER_SECONDS = 0.5


@cache
def redis_at(url: str) -> "Redis":
    """Return the client of a Redis URL, one per process; it connects at its first use."""
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        health_check_interval=30,
    )
