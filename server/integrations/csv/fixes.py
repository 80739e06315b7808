"""What to do about refused rows: one sentence for each kind of mistake."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from server.integrations.csv.types import Rejection

LINES_SHOWN_MAX = 8
FIXES: Mapping[str, str] = {
    "amount_decimals": "Write amounts with as many decimals as the currency has, no thousands mark",
    "amount_missing": "Fill the amount in; 0 is allowed",
    "amount_negative": "Leave returns out: report them against the purchase they belong to",
    "amount_not_a_number": "Write amounts as plain numbers such as 1234.50",
    "amount_too_large": "Look for missing decimal marks",
    "currency_mismatch": "Convert to the programme's currency, or leave these rows out",
    "currency_unknown": "Write currencies as three letters such as EUR",
    "customer_invalid": "Correct the customer's number, phone or e-mail",
    "customer_missing": "Leave purchases without a customer out, or fill the customer in",
    "date_impossible": "Correct dates that no calendar has",
    "date_missing": "Fill the date in",
    "date_unreadable": "Write dates as 2026-11-22 or 22.11.2026, with the time if it is known",
    "items_invalid": "Write the number of pieces as a whole number from 1 up, or leave it empty",
    "member_blocked": "Unblock the member first, or leave these rows out",
    "member_merged": "Use the identifier of the member they were merged into",
    "not_found": "The member was erased; leave these rows out",
    "receipt_invalid": "Shorten the receipt number",
    "receipt_missing": "Fill the receipt number in: it keeps a purchase from counting twice",
    "row_shape": "Put cells that hold the delimiter into quotes",
    "transaction_duplicate_mismatch": "One receipt number means two purchases; tell them apart",
    "transaction_in_future": "The date lies in the future; correct it",
}


@dataclass(slots=True)
class Group:
    """Refused rows that need the same fix."""

    code: str
    fix: str
    count: int
    lines: list[int]
    example: str


def by_fix(rejections: Iterable[Rejection]) -> list[Group]:
    """Group refused rows by the fix they need, the largest group first."""
    groups: dict[str, Group] = {}
    for rejection in rejections:
        fix = FIXES.get(rejection.code, "See the reason")
        fresh = Group(rejection.code, fix, 0, [], rejection.reason)
        group = groups.setdefault(rejection.code, fresh)
        group.count += 1
        if len(group.lines) < LINES_SHOWN_MAX:
            group.lines.append(rejection.line)
    return sorted(groups.values(), key=lambda group: (-group.count, group.code))
