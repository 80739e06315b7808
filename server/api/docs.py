"""The documentation that a server brings along: reference, OpenAPI files, pages about errors."""

import re
from functools import cache

import orjson
from babel import Locale
from flask import Blueprint, Flask, Response, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from server.api.catalogue import meaning_of, published_refusals
from server.api.openapi import document_of
from server.api.replies import json_response
from server.api.surface import Surface
from server.api.user_messages import SENTENCES
from server.api.visit import visit
from server.core.errors import NotFound
from server.core.i18n import LOCALES, gettext

SWAGGER = "vendor/swagger-ui-5.35.0"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none';"
    " form-action 'none'"
)

pages = Blueprint(
    "docs",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/docs/static",
)


def register(app: Flask, surfaces: tuple[Surface, ...]) -> None:
    """Add the pages to `app` for `surfaces`."""
    app.extensions["fairstar.surfaces"] = {surface.name: surface for surface in surfaces}
    app.register_blueprint(pages)


@pages.before_request
def _name_operation() -> None:
    visit().operation = "docs"


@pages.after_request
def _allow_own_files(response: Response) -> Response:
    if response.mimetype != "application/json":
        response.headers["Content-Security-Policy"] = CSP
    return response


@pages.app_template_filter("with_code")
def with_code(sentence: str) -> Markup:
    """Return a sentence as HTML, what is between backticks as code."""
    escaped = str(escape(sentence))
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", escaped))  # noqa: S704 - escaped


@pages.get("/")
@pages.get("/docs/")
def entrance() -> ResponseReturnValue:
    """Lead whoever types the bare address to the reference."""
    return redirect(url_for("docs.index"))


@pages.get("/docs")
def index() -> ResponseReturnValue:
    """The reference of the first surface."""
    return reference(next(iter(_surfaces())))


@pages.get("/docs/<name>")
def reference(name: str) -> ResponseReturnValue:
    """The interactive reference of the surface `name`."""
    surfaces = _surfaces()
    if name not in surfaces:
        raise NotFound("There is no such API.")
    return render_template(
        "docs/reference.html", shown=surfaces[name], surfaces=surfaces.values(), swagger=SWAGGER
    )


@pages.get("/docs/errors")
def errors() -> ResponseReturnValue:
    """The list of all codes."""
    return render_template(
        "docs/errors.html", refusals=published_refusals(), surfaces=_surfaces().values()
    )


@pages.get("/docs/errors/<code>")
def error(code: str) -> ResponseReturnValue:
    """What one code means; the `type` of problem documents leads here."""
    refusal = {item.code: item for item in published_refusals()}.get(code)
    if refusal is None:
        raise NotFound("There is no such code.")
    sentence = SENTENCES.get(code, refusal.title)
    return render_template(
        "docs/error.html",
        refusal=refusal,
        meaning=meaning_of(refusal),
        sentences=[
            (_language(locale), locale, re.sub(r"{\w+}", "…", gettext(locale, sentence)))
            for locale in LOCALES
        ],
        surfaces=_surfaces().values(),
    )


@pages.get("/favicon.ico")
def icon() -> ResponseReturnValue:
    """The star that browsers ask for by themselves."""
    return pages.send_static_file("star.svg")


@pages.get("/openapi/<name>.json")
def openapi(name: str) -> Response:
    """The OpenAPI document of the surface `name`."""
    surfaces = _surfaces()
    if name not in surfaces:
        raise NotFound("There is no such API.")
    return json_response(_document(surfaces[name]), 200)


def _language(locale: str) -> str:
    return str(Locale.parse(locale).get_display_name("en"))


@cache
def _document(surface: Surface) -> bytes:
    return orjson.dumps(document_of(surface))


def _surfaces() -> dict[str, Surface]:
    found: dict[str, Surface] = current_app.extensions["fairstar.surfaces"]
    return found
