"""Files of purchases, and importing them without the command line."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from server.gamification.activities.configuration import get_configuration
from server.gamification.activities.types import Recording
from server.gamification.members.types import IdentifierKind
from server.integrations.csv.columns import mapped_columns
from server.integrations.csv.posting import Counter, Desk, Stage
from server.integrations.csv.reading import Reader
from server.integrations.csv.sheets import recognise, records
from server.integrations.csv.types import Draft, Rejection, Terms
from tests.builders.members import NOW, VAULT

TALLINN = ZoneInfo("Europe/Tallinn")
SAMPLE = Path(__file__).parent.parent / "integrations" / "csv" / "purchases.csv"
TERMS = Terms("shop", "EUR", 2, TALLINN, None, IdentifierKind.EXTERNAL, "EE")


def read_file(path: Path, terms: Terms = TERMS) -> tuple[list[Draft], list[Rejection]]:
    """The drafts and the rejections in a file, in its order."""
    sheet = recognise(path)
    reader = Reader(mapped_columns(sheet.header, {}), len(sheet.header), terms)
    read = [reader.read(record) for record in records(sheet)]
    drafts = [one for one in read if isinstance(one, Draft)]
    return drafts, [one for one in read if isinstance(one, Rejection)]


def write_file(path: Path, *lines: str, header: str = "receipt,customer,date,items,amount") -> Path:
    """A CSV file of these lines."""
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def counter(tx: Connection, now: datetime = NOW) -> Desk:
    """The desk that records for good."""
    return Counter(VAULT, Recording(get_configuration(tx), "import:test", now, any_age=True))


def stage(tx: Connection, now: datetime = NOW) -> Desk:
    """The desk that only rehearses."""
    return Stage(VAULT, Recording(get_configuration(tx), "import:test", now, any_age=True))
