"""`fairstar contract`: the published documents of the API, written from the code."""

import difflib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import yaml

from server.api.catalogue import error_catalogue
from server.api.openapi import document_of
from server.app import SURFACES
from server.notifications.catalogue import TYPES
from server.notifications.payloads import envelope_of, envelope_schema, example_of, schema_of

FOLDER = Path(__file__).parent.parent.parent / "mobile_contract"
VERIFIERS = Path(__file__).parent.parent / "api" / "static" / "verify"
DIFF_LINES_MAX = 60
EXAMPLE_URL, SENT_AT = "https://app.example", datetime(2026, 11, 22, 14, 37, 5, tzinfo=UTC)


@click.group()
def contract() -> None:
    """Write or check the published documents of the API."""


@contract.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a document is stale.")
def build(*, check: bool) -> None:
    """Write the OpenAPI documents, the schemas of pushes and the catalogue of errors."""
    stale = 0
    for path, text in documents().items():
        target = FOLDER / path
        committed = target.read_text(encoding="utf-8") if target.exists() else ""
        if committed == text:
            continue
        stale += 1
        if check:
            _show_difference(path, committed, text)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        click.echo(f"wrote {path}")
    if check and stale:
        click.echo(f"{stale} documents are stale; run: make contract", err=True)
        raise SystemExit(1)


def documents() -> dict[str, str]:
    """Return the text of every published document by its path in the contract's folder."""
    found = {
        f"openapi/{surface.name}.openapi.yaml": _yaml(document_of(surface)) for surface in SURFACES
    }
    found["errors.yaml"] = _yaml({"errors": error_catalogue()})
    return found | _pushes() | _verifiers()


def _pushes() -> dict[str, str]:
    """Return the schemas of what is pushed, and an example of each type."""
    found = {"push/envelope.schema.json": _json(envelope_schema())}
    for name, kind in TYPES.items():
        sample = envelope_of(example_of(kind), EXAMPLE_URL, SENT_AT)
        found[f"push/{name}.schema.json"] = _json(schema_of(kind))
        found[f"push/examples/{name}.json"] = _json(dict(sample.data))
    return found


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _verifiers() -> dict[str, str]:
    """Return the programs that check a raffle: what pages serve is what the contract holds."""
    files = sorted(path for path in VERIFIERS.iterdir() if path.is_file())
    return {f"verify/{path.name}": path.read_text(encoding="utf-8") for path in files}


class _Dumper(yaml.SafeDumper):
    """Writes every node in full: aliases are hard to read and to compare."""

    def ignore_aliases(self, data: Any) -> bool:
        """Never write an alias."""
        return True


def _present_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Write texts of several lines as blocks."""
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _present_text)


def _yaml(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def _show_difference(path: str, committed: str, text: str) -> None:
    lines = list(
        difflib.unified_diff(
            committed.splitlines(), text.splitlines(), f"a/{path}", f"b/{path}", lineterm="", n=1
        )
    )
    click.echo("\n".join(lines[:DIFF_LINES_MAX]))
    if len(lines) > DIFF_LINES_MAX:
        click.echo(f"... and {len(lines) - DIFF_LINES_MAX} more lines")
