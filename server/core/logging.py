"""Structured logs: one line per event with the request id, as JSON or for a person's eyes.

Bodies, tokens and personal data are never logged: events name ids, codes and operations.
"""

import logging
import sys
from typing import Any

import orjson
import structlog

QUIET = ("werkzeug", "alembic.runtime.migration")


def configure_logging(level: str, log_format: str) -> None:
    """Set up structlog and send the standard library's records the same way."""
    threshold = getattr(logging, level.upper())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, *_last(log_format)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    _configure_standard_library(threshold, log_format, shared)


def _last(log_format: str) -> list[Any]:
    if log_format == "json":
        return [structlog.processors.JSONRenderer(serializer=_dumps)]
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]


def _dumps(event: Any, default: Any = None, **_options: Any) -> str:
    return orjson.dumps(event, default=default).decode()


def _configure_standard_library(threshold: int, log_format: str, shared: list[Any]) -> None:
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last(log_format)],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(threshold)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
