"""Bringing browser libraries into the tree: `fairstar vendor swagger-ui 5.35.0`.

Nothing is fetched at run time: the files are committed with their licence and a manifest of
SHA-256 sums, which a test compares. This command needs npm and is used when a version changes.
"""

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

STATIC = Path(__file__).parent.parent / "api" / "static" / "vendor"
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Library:
    """What is taken of an npm package: the files of the browser and the licences."""

    package: str
    files: tuple[str, ...]


LIBRARIES = {
    "swagger-ui": Library(
        "swagger-ui-dist",
        (
            "swagger-ui-bundle.js",
            "swagger-ui.css",
            "LICENSE",
            "NOTICE",
            "swagger-ui-bundle.js.LICENSE.txt",
        ),
    ),
}


@click.command("vendor")
@click.argument("name", type=click.Choice(sorted(LIBRARIES)))
@click.argument("version")
def vendor(name: str, version: str) -> None:
    """Fetch VERSION of a browser library into the tree and replace the one that is there."""
    library = LIBRARIES[name]
    target = STATIC / f"{name}-{version}"
    with tempfile.TemporaryDirectory() as folder:
        unpacked = _unpack(library, version, Path(folder))
        for old in STATIC.glob(f"{name}-*"):
            shutil.rmtree(old)
        target.mkdir(parents=True)
        for file in library.files:
            shutil.copy(unpacked / file, target / file)
    _write_manifest(target, f"{library.package} {version}")
    click.echo(f"{target.name}: {len(library.files)} files")


def sums_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a vendored library but its manifest."""
    files = sorted(path for path in folder.iterdir() if path.name != MANIFEST)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _unpack(library: Library, version: str, folder: Path) -> Path:
    command = ["npm", "pack", "--silent", f"{library.package}@{version}"]
    subprocess.run(command, cwd=folder, check=True)  # noqa: S603 - fixed words and a version
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def _write_manifest(target: Path, source: str) -> None:
    manifest = {"source": source, "sha256": sums_of(target)}
    (target / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
