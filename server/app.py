"""The application: a table of contents."""

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

import server.models  # noqa: F401 - every table is known to the metadata
from server.api import cors, docs, frame, health, raffle_pages, raffle_results
from server.api.mobile import member
from server.api.partner import partner
from server.api.sandbox import sandbox
from server.api.surface import Surface
from server.config import Settings
from server.core.db import db, engine_options, install_database
from server.core.installation import install
from server.core.logging import configure_logging
from server.core.sandbox_clock import install_sandbox_clock

BODY_BYTES_MAX = 1024 * 1024
MIGRATIONS = Path(__file__).parent / "migrations"
SURFACES: tuple[Surface, ...] = (member, partner, sandbox)


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application of `settings` (by default those of the environment).

    Raises ConfigurationError.
    """
    settings = settings or Settings.from_environment()
    app = frame.Application("server", static_folder=None)
    configure_logging(settings.log_level, settings.log_format)
    _configure(app, settings)
    install(app, settings)
    install_database(app)
    if settings.mode == "test":
        install_sandbox_clock(app)
    Migrate(app, db, directory=str(MIGRATIONS))
    frame.install_frame(app)
    for surface in SURFACES:
        surface.register(app)
    cors.install_cors(app, SURFACES)
    health.register(app)
    docs.register(app, SURFACES)
    raffle_pages.register(app)
    raffle_results.register(app)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    """Give Flask and its extensions their part of the settings."""
    url = settings.database_url
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(0o700, parents=True, exist_ok=True)
    app.config.update(
        MAX_CONTENT_LENGTH=BODY_BYTES_MAX,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(url, settings.threads),
        TESTING=settings.mode == "test",
        PROPAGATE_EXCEPTIONS=False,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
