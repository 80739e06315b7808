"""The public result of a raffle as a page, and the sealed list of tickets as a file.

The page checks the result in the reader's own browser, with the verifier that anybody can download.
Nothing personal is on it: entrants stand under pseudonyms.
"""

from typing import Any

from flask import Blueprint, Flask, Response
from flask.typing import ResponseReturnValue

from server.api.presenters.raffle_proofs import present_proof
from server.api.raffle_pages import CSP, language, shown
from server.api.visit import visit
from server.core.db import reading
from server.core.i18n import format_instant, format_number, gettext, in_language, message
from server.gamification.draws.pool import entries_csv
from server.gamification.programme.queries import get_programme
from server.gamification.raffle_draws.queries import sealed_list
from server.gamification.raffle_prizes.queries import list_substitutes
from server.gamification.raffles.queries import get_standing, list_prizes, raffle_at
from server.gamification.raffles.types import RaffleState, Standing

_STATES = {
    RaffleState.PUBLISHED: message("One can enter from {opens}."),
    RaffleState.SELLING: message("One can enter until {closes}."),
    RaffleState.SEALED: message("The list is sealed. The draw is after {draws}."),
    RaffleState.DRAWN: message("The results are in."),
    RaffleState.CLOSED: message("The results are in, and all prizes are given."),
    RaffleState.CANCELLED: message("This raffle was cancelled. What tickets cost was given back."),
}
_SOURCES = {
    "drand": message("Public randomness decided: round {round} of drand."),
    "local": message("operator-trusted: numbers of the organiser decided, one has to trust them."),
    "fixture": message("A recorded round decided, known before: this is a demonstration."),
}
_FATES = {
    "won": message("to be claimed"),
    "claimed": message("claimed"),
    "given": message("given"),
    "lapsed": message("not claimed in time"),
    "void": message("taken back: {why}"),
}
RESULT = message("Result")
_LABELS = {
    "main": message("Main prizes"),
    "second": message("Consolation prizes"),
    "entrant": message("Entrant"),
    "void": message("Void"),
    "check": message("Check it yourself"),
    "about_check": message(
        "Your browser draws the raffle again from the published files and compares."
    ),
    "check_now": message("Check now"),
    "checking": message("Checking…"),
    "right": message("Right: the winners follow from the sealed list and the round."),
    "wrong": message("Wrong: something does not fit."),
    "cannot": message("This browser cannot check it here. Use the program instead."),
    "files": message("Files"),
    "rules": message("Rules"),
    "late": message("The list was signed late, when the round may have been known."),
    "sealed": message("Sealed list"),
}
_COUNTS_TEXT = message("{entrants} entrants, {tickets} tickets, {main} + {second} prizes")

results = Blueprint("raffle_results", __name__, template_folder="templates")


def register(app: Flask) -> None:
    """Add the pages to `app`."""
    app.register_blueprint(results)


@results.before_request
def _name_operation() -> None:
    visit().operation = "raffles"


@results.after_request
def _allow_own_files(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CSP
    return response


@results.get("/raffles/<raffle_id>/entries.csv")
def entries(raffle_id: str) -> ResponseReturnValue:
    """The sealed list, byte for byte as its root was made; it never changes."""
    with reading() as tx:
        lines = sealed_list(tx, raffle_id)
    response = Response(entries_csv(lines), mimetype="text/csv")
    response.headers["Cache-Control"] = "public, max-age=86400, immutable"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@results.get("/raffles/<raffle_id>")
def result(raffle_id: str) -> ResponseReturnValue:
    """How a raffle stands, or its result."""
    locale = language()
    with reading() as tx:
        standing = get_standing(tx, raffle_id)
        raffle, programme = raffle_at(tx, raffle_id, standing.version), get_programme(tx)
        is_sealed = standing.sealed_at is not None
        proof = present_proof(tx, raffle_id) if is_sealed else None
        names = _prize_names(list_prizes(tx, raffle_id), list_substitutes(tx, raffle_id), locale)
    page = {
        "title": in_language(raffle.names, locale),
        "shop": programme.name,
        "heading": gettext(locale, RESULT),
        "say": {name: gettext(locale, text) for name, text in _LABELS.items()},
        "state": _state(standing, locale, programme.zone),
        "counts": _counts(standing, locale),
        "proof": proof,
        "decided": _decided(proof, locale),
        "prizes": _winners(proof, names, locale) if proof else [],
        "raffle_id": raffle_id,
    }
    return shown("raffles/result.html", locale, page)


def _state(standing: Standing, locale: str, zone: Any) -> str:
    at = {
        name: format_instant(locale, instant, zone)
        for name, instant in (
            ("opens", standing.opens_at),
            ("closes", standing.closes_at),
            ("draws", standing.draws_at),
        )
    }
    return gettext(locale, _STATES[standing.state], **at)


def _counts(standing: Standing, locale: str) -> str:
    counts = {
        "entrants": standing.entrants,
        "tickets": standing.tickets,
        "main": standing.prizes,
        "second": standing.consolations,
    }
    told = {name: format_number(locale, count) for name, count in counts.items()}
    return gettext(locale, _COUNTS_TEXT, **told)


def _decided(proof: dict[str, Any] | None, locale: str) -> str:
    if proof is None or proof["beacon"] is None:
        return ""
    found = proof["beacon"]
    source, number = found["source"], found["round"]
    return gettext(locale, _SOURCES[source], round=number)


def _prize_names(rows: Any, substitutes: Any, locale: str) -> dict[int, str]:
    """Return what each main prize is, what is given instead where there is something."""
    names = {
        place: in_language(row.names, locale)
        for row in rows
        for place in range(row.first_place, row.first_place + row.quantity)
    }
    return names | {place: in_language(row.names, locale) for place, row in substitutes.items()}


def _winners(proof: dict[str, Any], names: dict[int, str], locale: str) -> list[dict[str, Any]]:
    notes = {one["prize"]: one["note"] for one in proof["substitutes"]}
    ordered = sorted(proof["prizes"], key=lambda one: (one["prize"], one["place"]))
    return [
        {
            "prize": names[one["prize"]],
            "entrant": one["entrant"],
            "fate": _fate(one["state"], one["why"], locale),
            "note": notes.get(one["prize"], ""),
        }
        for one in ordered
    ]


def _fate(state: str, why: str, locale: str) -> str:
    return gettext(locale, _FATES[state], why=why)
