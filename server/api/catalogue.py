"""The catalogue of errors: every public code with what it means, generated from the classes."""

import pkgutil
from functools import cache
from importlib import import_module
from typing import Any

from server import core, gamification
from server.api.user_messages import SENTENCES
from server.core.errors import Refusal, all_refusals
from server.core.i18n import LOCALES, gettext


def error_catalogue() -> list[dict[str, Any]]:
    """Return one entry per code: status, whether a retry may help, meaning and sentences."""
    return [_entry(refusal) for refusal in published_refusals()]


@cache
def published_refusals() -> tuple[type[Refusal], ...]:
    """Return the refusals of all slices and of the API itself, sorted by code."""
    for module in pkgutil.walk_packages(gamification.__path__, f"{gamification.__name__}."):
        if module.name.endswith(".errors"):
            import_module(module.name)
    for module in pkgutil.iter_modules(core.__path__, f"{core.__name__}."):
        import_module(module.name)
    return tuple(cls for cls in all_refusals() if cls.__module__.startswith("server."))


def _entry(refusal: type[Refusal]) -> dict[str, Any]:
    sentence = SENTENCES.get(refusal.code, refusal.title)
    return {
        "code": refusal.code,
        "status": refusal.status,
        "retryable": refusal.retryable,
        "title": refusal.title,
        "meaning": meaning_of(refusal),
        "user_message": {locale: gettext(locale, sentence) for locale in LOCALES},
    }


def meaning_of(refusal: type[Refusal]) -> str:
    """Return the first paragraph of the class's docstring as one line."""
    return " ".join((refusal.__doc__ or "").strip().partition("\n\n")[0].split())
