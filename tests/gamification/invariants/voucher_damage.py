"""What may be wrong with vouchers and the stock of rewards: each invariant with its damages."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from server.gamification.vouchers.models import VOUCHER
from tests.builders.shop_life import LATER

VOUCHER_DAMAGE: dict[str, list[Any]] = {
    "Pieces of a reward are those of its vouchers and of prizes.": [
        f"UPDATE reward_stock SET {name} = {name} + 1" for name in ("reserved", "sold")
    ]
    + ["UPDATE reward_stock SET total = 0", "UPDATE raffle_prize SET reserved = 0"],
    "What vouchers have of a stock is counted.": ["DELETE FROM reward_stock"],
    "A piece of the stock is where its voucher is.": [
        "UPDATE voucher SET stock = 'sold' WHERE stock = 'reserved'",
        "UPDATE voucher SET stock = 'returned' WHERE is_settled AND stock = 'sold'",
    ],
    "A voucher is used once, and only a used one has a use.": [
        "DELETE FROM voucher_use",
        "UPDATE voucher_use SET undone_at = NULL, undone_by = NULL WHERE undone_at IS NOT NULL",
        "UPDATE voucher SET state = 'used', ended_at = created_at WHERE state = 'active'",
    ],
    "A voucher is active or has ended, and runs out no earlier.": [
        "UPDATE voucher SET ended_at = NULL",
        "UPDATE voucher SET ended_at = created_at WHERE state IN ('active', 'expired')",
        "UPDATE voucher SET state = 'lost'",
    ],
    "An uploaded code is free or belongs to one voucher.": [
        "UPDATE reward_code SET taken_at = uploaded_at WHERE voucher_id IS NULL",
        "UPDATE reward_code SET voucher_id = 'vch_none' WHERE voucher_id IS NOT NULL",
        "UPDATE reward_code SET reward_id = (SELECT id FROM definition WHERE key = 'cup')"
        " WHERE voucher_id IS NOT NULL",
    ],
    "The price of a voucher is a hold of its member.": [
        "UPDATE voucher_price SET amount = amount + 1",
        "UPDATE voucher_price SET hold_id = NULL",
        "UPDATE hold SET purpose = 'points'",
        "UPDATE voucher SET member_id = (SELECT min(id) FROM member"
        " WHERE id NOT IN (SELECT member_id FROM voucher))",
    ],
    "The price of an active voucher is held until its end.": [
        "UPDATE hold SET state = 'released' WHERE purpose = 'voucher'",
        update(VOUCHER).values(expires_at=LATER + timedelta(days=99)),
    ],
    "The price of a used voucher is spent.": [
        "UPDATE voucher_price SET transfer_id = NULL",
        "UPDATE hold SET state = 'released' WHERE purpose = 'voucher'",
        "UPDATE transfer SET amount = amount + 1 WHERE kind = 'capture'",
    ],
    "The price of a voucher that ended unused went back.": [
        "UPDATE hold SET state = 'held' WHERE purpose = 'voucher'",
        "UPDATE hold SET state = 'captured' WHERE purpose = 'voucher'",
    ],
    "What was paid at once was paid by the member for the voucher.": [
        "UPDATE transfer SET ref_id = 'vch_none' WHERE ref_kind = 'voucher'",
        "UPDATE transfer SET amount = amount + 1 WHERE kind = 'donation'",
        "UPDATE voucher_price SET transfer_id = 'trf_none' WHERE hold_id IS NULL",
    ],
    "Points are held for vouchers that are active.": [
        "DELETE FROM voucher_price",
        "UPDATE hold SET state = 'held' WHERE purpose = 'voucher'",
    ],
}
