"""Rewards of a shop and what members do with their vouchers, through the services."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from server.gamification.definitions.queries import get_definition
from server.gamification.definitions.service import install
from server.gamification.ledger.service import adjust
from server.gamification.ledger.types import Term
from server.gamification.programme.types import POINTS
from server.gamification.rewards.models import REWARD_STOCK
from server.gamification.rewards.settings import REWARDS
from server.gamification.rewards.types import StockState
from server.gamification.vouchers.ending import cancel, withdraw
from server.gamification.vouchers.models import VOUCHER, VOUCHER_USE
from server.gamification.vouchers.pool import upload_codes
from server.gamification.vouchers.queries import find_voucher, read_code
from server.gamification.vouchers.redeeming import Asked, Reason, issue, redeem
from server.gamification.vouchers.types import Till, Voucher
from server.gamification.vouchers.using import Seen, undo_use, use_voucher
from tests.builders.members import VAULT
from tests.builders.purchases import NOW, TILL, cause, wallet

EVA = "staff:eva"
DAN = Till(TILL, "loc_main")
STARS = "stars"


def coffee(**changes: Any) -> dict[str, Any]:
    """The settings of a free coffee for 30 points; `changes` of None leave a field out."""
    settings: dict[str, Any] = {
        "names": {"en": "Free coffee", "ru": "Бесплатный кофе", "et": "Tasuta kohv"},
        "kind": "free_item",
        "value": {"skus": ["COFFEE"]},
        "price": {"points": 30},
        "validity": {"days": 7},
    }
    settings |= changes
    return {name: value for name, value in settings.items() if value is not None}


def gift_card(**changes: Any) -> dict[str, Any]:
    """A gift card of another shop for 50 points, its codes uploaded."""
    own = {"kind": "gift_card", "value": {"amount_minor": 10_00}, "codes": "uploaded"}
    return coffee(price={"points": 50}, **own) | changes


def donation(**changes: Any) -> dict[str, Any]:
    """Twenty points for the shelter."""
    own = {"kind": "donation", "value": {"cause": "The shelter"}}
    return coffee(price={"points": 20}, validity=None, **own) | changes


def mug(**changes: Any) -> dict[str, Any]:
    """A mug that is prepared and handed over."""
    return coffee(kind="physical", value=None, price={"points": 40}) | changes


def offer(tx: Connection, key: str = "coffee", now: datetime = NOW, **changes: Any) -> str:
    """Publish a coffee (or `settings`) as a reward of this key and return its id."""
    settings = changes.pop("settings", None) or coffee(**changes)
    return install(tx, REWARDS, key, settings, EVA, now).id


def take(
    tx: Connection, member_id: str, reward_id: str, now: datetime = NOW, tier: str | None = "bronze"
) -> Voucher:
    """Let a member take a reward."""
    return redeem(tx, Asked(member_id, reward_id, tier, f"member:{member_id}"), now)


def shown(tx: Connection, voucher: Voucher) -> str:
    """The code as the member's app shows it."""
    code = read_code(tx, VAULT, voucher)
    assert code is not None
    return code


def show(tx: Connection, voucher: Voucher, now: datetime = NOW, till: Till = DAN) -> Seen:
    """Use a voucher at Dan's till."""
    return use_voucher(tx, VAULT, shown(tx, voucher), till, now)


def stored(tx: Connection, voucher: Voucher) -> Voucher:
    """The voucher as it is now."""
    found = find_voucher(tx, voucher.id)
    assert found is not None
    return found


def pieces(tx: Connection, reward_id: str) -> tuple[int, int, int]:
    """Total, reserved and sold of a counted reward."""
    row = tx.execute(select(REWARD_STOCK).where(REWARD_STOCK.c.reward_id == reward_id)).one()
    return row.total, row.reserved, row.sold


def give_lots(tx: Connection, member_id: str, *lots: tuple[int, int], unit: str = POINTS) -> None:
    """Give points in lots of (amount, days until they expire)."""
    for amount, days in lots:
        term = Term(NOW, NOW + timedelta(days=days))
        adjust(tx, member_id, unit, amount, cause(), term)


def vouchers_of(tx: Connection, member_id: str) -> list[str]:
    """The states of a member's vouchers, the oldest first."""
    asked = select(VOUCHER.c.state).where(VOUCHER.c.member_id == member_id)
    return list(tx.execute(asked.order_by(VOUCHER.c.id)).scalars())


def uses(tx: Connection) -> int:
    """How many uses of vouchers stand."""
    asked = select(VOUCHER_USE.c.id).where(VOUCHER_USE.c.undone_at.is_(None))
    return len(tx.execute(asked).all())


def hold_vouchers(tx: Connection, member_id: str) -> None:
    """Let a member have vouchers in every state: one runs out after a day."""
    give_lots(tx, member_id, (500, 30))
    cup = offer(tx, "cup", stock=9)
    active, used, undone, cancelled = (take(tx, member_id, cup) for _ in range(4))
    take(tx, member_id, offer(tx, "soon", stock=9, validity={"days": 1}))
    show(tx, used)
    undo_use(tx, id_of_use(show(tx, undone)), TILL, NOW)
    cancel(tx, member_id, cancelled.id, f"member:{member_id}", NOW)
    offer(tx, "card", settings=gift_card(stock=9))
    upload_codes(tx, VAULT, "card", ["ONE", "TWO"], EVA, NOW)
    take(tx, member_id, get_reward(tx, "card"))
    take(tx, member_id, offer(tx, "shelter", settings=donation()))
    reason = Reason("challenge", "chl_1", "system:challenges")
    withdraw(tx, issue(tx, member_id, "cup", reason, NOW).id, EVA, NOW)
    assert active.stock is StockState.RESERVED


def get_reward(tx: Connection, key: str) -> str:
    """The id of a reward."""
    return get_definition(tx, REWARDS.name, key).id


def id_of_use(seen: Seen) -> str:
    """The id of the use at which a till looks."""
    assert seen.use is not None
    return seen.use.id


def held(tx: Connection, member_id: str) -> tuple[int, int]:
    """Available and held points of a member."""
    row = wallet(tx, member_id)
    return row["available"], row["held"]
