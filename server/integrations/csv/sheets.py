"""Opening a CSV file whatever its encoding and delimiter, and walking through its rows."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from server.integrations.csv.errors import FileUnusable
from server.integrations.csv.types import Record

DELIMITERS = ",;\t|"
SAMPLE_ROWS = 50
_CHUNK = 1 << 20
_CYRILLIC = range(0xC0, 0x100)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A recognised file: how to open it, and the names in its first row."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]


def recognise(path: Path, encoding: str | None = None, delimiter: str | None = None) -> Sheet:
    """Return how to read the file at `path`; what is not given is found out.

    Raises FileUnusable for files that are empty, binary or in no encoding we know.
    """
    encoding = encoding or encoding_of(path)
    _check_readable(path, encoding)
    delimiter = delimiter or _delimiter_of(path, encoding)
    header = next(_rows(path, encoding, delimiter), None)
    if header is None:
        raise FileUnusable("The file is empty.")
    return Sheet(path, encoding, delimiter, tuple(name.strip() for name in header[1]))


def fingerprint(path: Path) -> str:
    """Return the SHA-256 (hex) of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def records(sheet: Sheet) -> Iterator[Record]:
    """Yield the rows below the header. Raises FileUnusable where the text stops being CSV."""
    rows = _rows(sheet.path, sheet.encoding, sheet.delimiter)
    next(rows, None)
    for number, (line, cells) in enumerate(rows, 1):
        yield Record(number, line, tuple(cells))


def encoding_of(path: Path) -> str:
    """Return the encoding of a text file: by its byte order mark, UTF-8, or one of Windows."""
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        _decode_all(path, "utf-8")
    except UnicodeDecodeError:
        return _windows_encoding(path)
    return "utf-8"


def _windows_encoding(path: Path) -> str:
    """Tell Cyrillic text, whose words are all high bytes, from Latin text with a few of them."""
    with path.open("rb") as file:
        sample = file.read(_CHUNK)
    high = [byte in _CYRILLIC for byte in sample]
    beside = sum(one and other for one, other in pairwise(high))
    return "cp1251" if beside * 2 > sum(high) else "cp1252"


def _check_readable(path: Path, encoding: str) -> None:
    try:
        _decode_all(path, encoding)
    except (UnicodeError, LookupError) as error:
        raise FileUnusable(
            f"The file is not text in {encoding}; say --encoding, or save it as UTF-8."
        ) from error


def _decode_all(path: Path, encoding: str) -> None:
    with path.open(encoding=encoding, newline="") as file:
        while text := file.read(_CHUNK):
            if "\x00" in text:
                raise FileUnusable("The file is not text: it holds zero bytes.")


def _delimiter_of(path: Path, encoding: str) -> str:
    """Return the delimiter that cuts the first rows into the most columns of equal number."""
    scores = {delimiter: _score(path, encoding, delimiter) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > 0 else ","


def _score(path: Path, encoding: str, delimiter: str) -> float:
    """Rows that agree on a number of columns above one, times that number."""
    widths: Counter[int] = Counter()
    for _, cells in _rows(path, encoding, delimiter):
        widths[len(cells)] += 1
        if widths.total() >= SAMPLE_ROWS:
            break
    if not widths:
        return 0
    width, rows = widths.most_common(1)[0]
    return (width - 1) * rows / widths.total()


def _rows(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the last line and the cells of every row that is not blank."""
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, cells
        except csv.Error as error:
            raise FileUnusable(f"Line {reader.line_num} is not CSV: {error}.") from error
