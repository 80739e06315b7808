"""Public pages of raffles: the frozen rules, in three languages, and as the bytes that were hashed.

Nothing personal is on them, and nothing is loaded from elsewhere.
"""

import json
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request
from flask.typing import ResponseReturnValue

from server.api.visit import visit
from server.core.db import reading
from server.core.i18n import LOCALES, gettext, in_language, message
from server.gamification.programme.queries import get_programme
from server.gamification.raffles.queries import get_rules

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:;"
    " connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
LANGUAGES = {"en": "English", "ru": "Русский", "et": "Eesti"}
RULES = message("Rules")
CHECK_TEXT = message(
    "These rules were fixed when the raffle was published. The SHA-256 of {file} is {hash}."
)

pages = Blueprint(
    "raffles",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/raffles/static",
)


def register(app: Flask) -> None:
    """Add the pages to `app`."""
    app.register_blueprint(pages)


@pages.before_request
def _name_operation() -> None:
    visit().operation = "raffles"


@pages.after_request
def _allow_own_files(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CSP
    return response


@pages.get("/raffles/<raffle_id>/rules")
def rules(raffle_id: str) -> ResponseReturnValue:
    """The rules in the language that was asked for."""
    with reading() as tx:
        document, digest = get_rules(tx, raffle_id)
        programme = get_programme(tx)
    frozen, locale = json.loads(document), language()
    file = f"/raffles/{raffle_id}/rules.json"
    check = gettext(locale, CHECK_TEXT, file="rules.json", hash=digest)
    page = {
        "title": in_language(frozen["names"], locale),
        "shop": programme.name,
        "sections": frozen["texts"][locale],
        "heading": gettext(locale, RULES),
        "check": check,
        "file": file,
    }
    return shown("raffles/rules.html", locale, page)


@pages.get("/raffles/<raffle_id>/rules.json")
def rules_document(raffle_id: str) -> ResponseReturnValue:
    """The frozen rules, byte for byte as they were hashed."""
    with reading() as tx:
        document, _ = get_rules(tx, raffle_id)
    return Response(document.encode(), mimetype="application/json")


def language() -> str:
    """Return the language of a page: the one chosen on it, or what the browser asks for."""
    chosen = request.args.get("lang", "")
    return chosen if chosen in LOCALES else visit().locale


def shown(template: str, locale: str, page: dict[str, Any]) -> str:
    """Return a page of a raffle with links to itself in the other languages."""
    others = [(code, name) for code, name in LANGUAGES.items() if code != locale]
    return render_template(template, locale=locale, languages=others, **page)
