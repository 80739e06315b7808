"""What a text of one line may hold: one rule for names, labels and everything that clients send.

Control characters break lines of logs, mails and receipts; marks of writing direction make a text
look like another. Both are refused in requests and cut out of what comes from elsewhere.
"""

import re

_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def is_one_line(text: str) -> bool:
    """Tell whether a text has neither line breaks, control characters nor marks of direction."""
    return text.isprintable() or _UNFIT.search(text) is None


def one_line(text: str) -> str:
    """Return a text with a blank for everything that does not belong in a line."""
    return " ".join(_UNFIT.sub(" ", text).split())
