"""Reading preset files."""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from server.gamification.programme.errors import PresetUnknown

_FOLDER = Path(__file__).parent / "data"


def list_presets() -> list[tuple[str, str, str]]:
    """Return (key, title, summary) of every preset, sorted by key."""
    keys = sorted(path.stem for path in _FOLDER.glob("*.toml"))
    return [(key, get_preset(key)["title"], get_preset(key)["summary"]) for key in keys]


@lru_cache
def get_preset(key: str) -> dict[str, Any]:
    """Return the parsed file of a preset. Raise `PresetUnknown` (params `key`, `known`)."""
    known = sorted(path.stem for path in _FOLDER.glob("*.toml"))
    if key not in known:
        raise PresetUnknown(key=key, known=known)
    return tomllib.loads((_FOLDER / f"{key}.toml").read_text(encoding="utf-8"))
