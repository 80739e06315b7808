"""From a receipt to a basket, and what is left of it after returns: pure arithmetic."""

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction

from server.gamification.activities.errors import (
    CurrencyMismatch,
    PurchaseInFuture,
    PurchaseTooOld,
    ReturnExceedsSale,
)
from server.gamification.activities.types import (
    BasketLine,
    Purchase,
    PurchaseLine,
    Recording,
    Return,
    Returned,
    ReturnLine,
)
from server.gamification.earning.types import Line
from server.gamification.facts.types import PURCHASE, Facts, Item
from server.gamification.ledger.errors import AmountInvalid
from server.gamification.ledger.types import AMOUNT_MAX
from server.gamification.programme.types import Policies, TaxBasis


def awaits_confirmation(purchase: Purchase, policies: Policies) -> bool:
    """Tell whether the points of a purchase wait until somebody confirms it."""
    if purchase.kind != PURCHASE:
        return False
    asked = purchase.awaits_confirmation
    return policies.awaits_confirmation if asked is None else asked


def check_purchase(purchase: Purchase, recording: Recording) -> None:
    """Refuse another currency and dates out of range.

    Raise `CurrencyMismatch`, `PurchaseTooOld`, `PurchaseInFuture`.
    """
    programme, now = recording.configuration.programme, recording.now
    if purchase.currency_code != programme.currency_code:
        raise CurrencyMismatch.between(programme.currency_code, purchase.currency_code)
    policies = programme.policies
    ahead = timedelta(seconds=policies.purchase_ahead_seconds_max)
    oldest = now - timedelta(days=policies.purchase_age_days_max)
    is_old = purchase.occurred_at < oldest and not recording.any_age
    if is_old:
        raise PurchaseTooOld(days_max=policies.purchase_age_days_max)
    if purchase.occurred_at > now + ahead:
        raise PurchaseInFuture(seconds_max=policies.purchase_ahead_seconds_max)


def why_not_counted(amount_minor: int, points: int, facts: Facts) -> AmountInvalid | None:
    """Return `AmountInvalid` when a member's sums would leave the numbers every reader keeps."""
    sums = (facts.spend_minor + amount_minor, facts.qualifying_points + points)
    return AmountInvalid(amount=str(max(sums))) if max(sums) > AMOUNT_MAX else None


def basket_lines(purchase: Purchase, tax_basis: TaxBasis) -> tuple[BasketLine, ...]:
    """Return lines whose paid amounts add up to exactly what the customer pays.

    What the lines do not cover becomes one more line without article and pieces. When they add up
    to more (a discount on the whole bill), the discount is spread over them in proportion.
    """
    lines = list(purchase.lines)
    rest = purchase.amount_minor - sum(line.amount_minor for line in lines)
    tax_rest = purchase.tax_minor - sum(line.tax_minor for line in lines)
    if rest > 0 or not lines:
        quantity = 0 if lines else 1
        lines.append(PurchaseLine(rest, quantity, min(rest, max(0, tax_rest))))
        rest = 0
    paid = shares(purchase.amount_minor, [line.amount_minor for line in lines])
    return tuple(
        _basket_line(line, part, tax_basis) for line, part in zip(lines, paid, strict=True)
    )


def _basket_line(line: PurchaseLine, paid: int, tax_basis: TaxBasis) -> BasketLine:
    basis = paid
    if tax_basis is TaxBasis.NET and line.amount_minor:
        basis = paid * (line.amount_minor - line.tax_minor) // line.amount_minor
    return BasketLine(paid, basis, line.quantity, line.sku, line.category)


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights`, in whole numbers that add up exactly.

    Cumulative rounding: the first k parts together are `total x (w1 + ... + wk) / W`, floored.
    """
    weight = sum(weights)
    if not weight:
        return [0] * len(weights)
    parts, reached, before = [], 0, 0
    for part in weights:
        reached += part
        upto = total * reached // weight
        parts.append(upto - before)
        before = upto
    return parts


def nothing_returned(lines: Sequence[BasketLine]) -> Returned:
    """Return the state of a purchase of which nothing has come back."""
    return Returned([0] * len(lines), [0] * len(lines))


def returned_after(lines: Sequence[BasketLine], before: Returned, back: Return) -> Returned:
    """Return what has come back in all once `back` is counted in.

    Raise `ReturnExceedsSale` (param `left_minor`) for more than what is left.
    """
    if back.lines:
        return _after_lines(lines, before, back.lines)
    left = [line.paid_minor - gone for line, gone in zip(lines, before.amounts, strict=True)]
    amount = sum(left) if back.amount_minor is None else back.amount_minor
    if amount > sum(left):
        raise ReturnExceedsSale(left_minor=sum(left))
    if back.amount_minor is None or (amount == sum(left) and amount):
        return everything(lines)
    parts = shares(amount, left)
    amounts = [gone + part for gone, part in zip(before.amounts, parts, strict=True)]
    return Returned(amounts, list(before.quantities))


def everything(lines: Sequence[BasketLine]) -> Returned:
    """Return the state in which all of a purchase has come back."""
    return Returned([line.paid_minor for line in lines], [line.quantity for line in lines])


def is_all(lines: Sequence[BasketLine], returned: Returned) -> bool:
    """Tell whether nothing is left of a purchase.

    A line is back when its money is; one that cost no money when its pieces are.
    """
    rest = zip(lines, returned.amounts, returned.quantities, strict=True)
    return all(
        amount == line.paid_minor and pieces_back(line, amount, pieces) == line.quantity
        for line, amount, pieces in rest
    )


def pieces_back(line: BasketLine, amount: int, pieces: int) -> int:
    """Return how many pieces of a line are back: all of them with the line's money."""
    return line.quantity if line.paid_minor and amount == line.paid_minor else pieces


def _after_lines(
    lines: Sequence[BasketLine], before: Returned, back: Sequence[ReturnLine]
) -> Returned:
    after = Returned(list(before.amounts), list(before.quantities))
    for part in back:
        if part.position >= len(lines):
            raise ReturnExceedsSale("There is no such line.", line=part.position + 1)
        line, at = lines[part.position], part.position
        money, pieces = line.paid_minor - after.amounts[at], line.quantity - after.quantities[at]
        amount = part.amount_minor
        if amount is None:
            amount = _share(money, part.quantity, pieces)
        if part.quantity > pieces or amount > money:
            raise ReturnExceedsSale(line=at + 1, left_minor=money, left_quantity=pieces)
        after.amounts[at] += amount
        after.quantities[at] += part.quantity
    return after


def _share(money: int, quantity: int, pieces: int) -> int:
    """Return the share of the money left on a line for `quantity` of the `pieces` left."""
    return money * quantity // pieces if pieces else money


def lines_left(lines: Sequence[BasketLine], returned: Returned) -> tuple[Line, ...]:
    """Return the earning lines that are left; empty when all came back."""
    if is_all(lines, returned):
        return ()
    rest = zip(lines, returned.amounts, returned.quantities, strict=True)
    return tuple(_line_left(line, amount, pieces) for line, amount, pieces in rest)


def _line_left(line: BasketLine, amount: int, pieces: int) -> Line:
    kept = line.paid_minor - amount
    basis = line.basis_minor * kept // line.paid_minor if line.paid_minor else 0
    quantity = 0 if line.paid_minor and not kept else line.quantity - pieces
    return Line(basis, quantity, line.sku, line.category, _earning_pieces(line, kept, quantity))


def _earning_pieces(line: BasketLine, kept: int, quantity: int) -> Fraction | None:
    """Return how many pieces still earn when less of their money is left than of them."""
    if not line.paid_minor or line.quantity * kept >= quantity * line.paid_minor:
        return None
    return Fraction(line.quantity * kept, line.paid_minor)


def earning_lines(lines: Sequence[BasketLine]) -> tuple[Line, ...]:
    """Return the lines of an untouched basket as the earn rules see them."""
    return tuple(Line(line.basis_minor, line.quantity, line.sku, line.category) for line in lines)


def goods_of(lines: Sequence[BasketLine]) -> tuple[Item, ...]:
    """Return the lines of a basket as counters and games see them."""
    return tuple(Item(line.paid_minor, line.quantity, line.sku, line.category) for line in lines)


def items_of(lines: Sequence[Line]) -> int:
    """Return the number of pieces."""
    return sum(line.quantity for line in lines)


def restored_after(spent: int, lines: Sequence[BasketLine], returned: Returned) -> int:
    """Return how many of `spent` points are due back in all, in proportion to the money back.

    While pieces are still out that were paid with points alone, the money cannot tell their
    worth: when all of it is back, the points come back in proportion to the pieces.
    """
    if is_all(lines, returned):
        return spent
    whole = everything(lines)
    if returned.amount_minor < whole.amount_minor:
        return spent * returned.amount_minor // whole.amount_minor
    rest = zip(lines, returned.amounts, returned.quantities, strict=True)
    return spent * sum(pieces_back(*each) for each in rest) // max(1, sum(whole.quantities))
