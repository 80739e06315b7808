"""Rate limits: a sliding window counter per principal, in memory or in Redis.

With several processes and no Redis each process counts for itself. A Redis that does not answer
lets requests pass: a limit protects the shop, it must not close it.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from limits import RateLimitItem, parse
from limits.storage import RedisStorage, Storage
from limits.storage.base import SlidingWindowCounterSupport
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from server.core.errors import Refusal
from server.core.metrics import RATE_LIMITED, REDIS_FAILURES
from server.core.redis import redis_at

log = structlog.get_logger(__name__)
PAUSE_SECONDS = 5.0
"""How long a Redis that failed is left alone."""


class RateLimited(Refusal):
    """Too many requests in the window; Retry-After says when to come back."""

    code, status, title = "rate_limited", 429, "Too many requests"
    retryable, stored = True, False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands: `remaining` requests until the window moves in `reset` seconds."""

    policy: str
    quota: int
    window: int
    allowed: bool
    remaining: int
    reset: int


class RateLimits:
    """The limits of the surfaces, by the name of the policy ("member", "partner", "public")."""

    def __init__(self, rates: dict[str, str], redis_url: str | None = None) -> None:
        self._items = {policy: parse(rate) for policy, rate in rates.items()}
        self._strategy = SlidingWindowCounterRateLimiter(_storage(redis_url))
        self._paused_until = 0.0

    def hit(self, policy: str, caller: str) -> Standing:
        """Count one request of `caller` and say where it stands."""
        return self._ask(policy, caller, self._strategy.hit)

    def look(self, policy: str, caller: str) -> Standing:
        """Say where `caller` stands without counting a request."""
        return self._ask(policy, caller, self._strategy.test)

    def _ask(self, policy: str, caller: str, ask: Callable[..., bool]) -> Standing:
        item = self._items[policy]
        if time.monotonic() < self._paused_until:
            return _open(policy, item)
        try:
            allowed = ask(item, policy, caller)
            stats = self._strategy.get_window_stats(item, policy, caller)
        except RedisError as error:
            return self._fail_open(policy, item, error)
        if not allowed:
            RATE_LIMITED.labels(policy).inc()
        reset = max(1, math.ceil(stats.reset_time - _wall()))
        remaining = int(stats.remaining) if allowed else 0
        return Standing(policy, item.amount, item.get_expiry(), allowed, remaining, reset)

    def _fail_open(self, policy: str, item: RateLimitItem, error: RedisError) -> Standing:
        self._paused_until = time.monotonic() + PAUSE_SECONDS
        REDIS_FAILURES.labels("rate_limits").inc()
        log.warning("rate_limits.redis_unavailable", error=type(error).__name__)
        return _open(policy, item)


def _open(policy: str, item: RateLimitItem) -> Standing:
    return Standing(policy, item.amount, item.get_expiry(), True, item.amount, item.get_expiry())


def _storage(redis_url: str | None) -> Storage:
    if redis_url is None:
        return ProcessStorage()
    pool = redis_at(redis_url).connection_pool
    return RedisStorage(redis_url, connection_pool=pool, key_prefix="fairstar:limits")


def _wall() -> float:
    return time.time()  # noqa: TID251 - windows are lengths of real time, like the library's own


class ProcessStorage(Storage, SlidingWindowCounterSupport):
    """Counters in this process: a dict and a lock, without the timer thread of the library's."""

    STORAGE_SCHEME = ["process"]
    SWEEP_AT = 20_000

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._windows: dict[str, list[float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        """The exceptions of the store: none that matter."""
        return ValueError

    def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Count `amount` if the weighted sum of both windows stays within `limit`."""
        now = _wall()
        with self._lock:
            entry = self._entry(key, expiry, now)
            weight = 1 - (now - entry[0]) / expiry
            if entry[1] * weight + entry[2] + amount > limit:
                return False
            entry[2] += amount
            return True

    def get_sliding_window(
        self, key: str, expiry: int | None = None
    ) -> tuple[int, float, int, float]:
        """Return previous count, seconds until it is forgotten, current count, its seconds."""
        length = expiry or 60
        now = _wall()
        with self._lock:
            start, previous, current, _ = self._entry(key, length, now)
        left = start + length - now
        return int(previous), left, int(current), left + length

    def _entry(self, key: str, expiry: int, now: float) -> list[float]:
        """Return [start, previous count, current count, end] of the window that holds `now`."""
        entry = self._windows.get(key)
        start = now - now % expiry
        if entry is None:
            if len(self._windows) >= self.SWEEP_AT:
                self._windows = {k: e for k, e in self._windows.items() if e[3] > now}
            entry = self._windows[key] = [start, 0, 0, start + 2 * expiry]
        elif entry[0] != start:
            previous = entry[2] if start - entry[0] == expiry else 0
            entry[:] = [start, previous, 0, start + 2 * expiry]
        return entry

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count in a fixed window; part of the library's interface."""
        with self._lock:
            entry = self._entry(key, expiry, _wall())
            entry[2] += amount
            return int(entry[2])

    def get(self, key: str) -> int:
        """Return the current count of `key`."""
        entry = self._windows.get(key)
        return int(entry[2]) if entry else 0

    def get_expiry(self, key: str) -> float:
        """Return when `key` is forgotten, in seconds since the epoch."""
        entry = self._windows.get(key)
        return entry[3] if entry else _wall()

    def check(self) -> bool:
        """Tell whether the store answers."""
        return True

    def reset(self) -> int | None:
        """Forget everything and return how many counters there were."""
        with self._lock:
            count = len(self._windows)
            self._windows.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget `key`."""
        with self._lock:
            self._windows.pop(key, None)

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget `key`."""
        self.clear(key)
