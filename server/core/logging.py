"""Structured logs: one line per event with the request id, as JSON or for a person's eyes.

Bodies, tokens and personal data are never logged: events name ids, codes and operations.
"""

import logging
import sys
from typing import Any

import orjson
import structlog

QUIET = ("werkzeug", "alembic.runtime.migration")


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_logging(level: str, log_format: str) -> None:
    """Set up structlog and send the standard library's records the same way."""
    threshold = getattr(logging, level.upper())
    structlog.configure(
        processors=[*_SHARED, structlog.processors.format_exc_info, *_last(log_format)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(standard_formatter(log_format))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(threshold)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def standard_formatter(log_format: str) -> logging.Formatter:
    """Return a formatter that writes records of the standard library like our own events."""
    last = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last(log_format)]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_SHARED, processors=last)


def server_logging(log_format: str) -> dict[str, Any]:
    """Return the part of a web server's logging configuration that makes it write like us."""
    formatter = {"()": standard_formatter, "log_format": log_format}
    return {"formatters": {"generic": formatter, "access": formatter}}


def _last(log_format: str) -> list[Any]:
    if log_format == "json":
        return [structlog.processors.JSONRenderer(serializer=_dumps)]
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]


def _dumps(event: Any, default: Any = None, **_options: Any) -> str:
    return orjson.dumps(event, default=default).decode()
