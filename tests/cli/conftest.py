"""The file of real purchases is not part of the project: CI must have it, a clone may not."""

import os
from pathlib import Path

from tests.fixtures.command_line import ROOT

REAL_FILE = Path(
    os.environ.get("FAIRSTAR_SAMPLE_DATA") or ROOT.parent / "shared" / "data" / "cdnow_sample.csv"
)
_IS_ABSENT = not REAL_FILE.is_file() and not os.environ.get("CI")
collect_ignore = ["test_real_purchases.py"] if _IS_ABSENT else []


def pytest_report_header() -> str:
    """Say whether the real purchases are there."""
    return f"real purchases: {'ABSENT, not tested' if _IS_ABSENT else REAL_FILE}"
