"""What a running process holds once: settings, vault, limits. Entry points ask for it here.

Services never do: they receive what they need as arguments.
"""

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from server.config import Settings
from server.core.crypto import Vault, vault_for
from server.core.rate_limits import RateLimits

_KEY = "fairstar"


@dataclass(frozen=True, slots=True)
class Installation:
    """The process-wide things of one application."""

    settings: Settings
    vault: Vault
    limits: RateLimits


def install(app: Flask, settings: Settings) -> Installation:
    """Make the installation of `settings` and keep it on `app`."""
    rates = {
        "member": settings.rate_limit_member,
        "partner": settings.rate_limit_partner,
        "sandbox": settings.rate_limit_partner,
        "public": settings.rate_limit_public,
        "recipients": settings.rate_limit_recipients,
    }
    made = Installation(
        settings=settings,
        vault=vault_for(settings.secret_key, settings.secret_key_previous),
        limits=RateLimits(rates, settings.redis_url),
    )
    app.extensions[_KEY] = made
    return made


def installation() -> Installation:
    """Return the installation of the current application context."""
    return cast(Installation, current_app.extensions[_KEY])
