"""Star cards: an exchanged card has spent its stars, once."""

from sqlalchemy import func, or_, select

from server.gamification.invariants.declaring import in_sql
from server.gamification.ledger.models import TRANSFER, WALLET
from server.gamification.star_cards.models import STAR_CARD_CLAIM

_C, _T = STAR_CARD_CLAIM.c, TRANSFER.c

_unpaid = (
    select(_C.id)
    .join(TRANSFER, _T.id == _C.transfer_id)
    .join(WALLET, WALLET.c.id == _T.wallet_id)
    .where(
        or_(
            _T.kind != "redemption",
            _T.ref_kind != "star_card",
            _T.ref_id != _C.id,
            _T.amount != _C.stars,
            WALLET.c.member_id != _C.member_id,
        )
    )
)
_uncounted = (
    select(func.min(_C.id))
    .group_by(_C.member_id, _C.card_id)
    .having(func.count() != func.max(_C.number))
)

INVARIANTS = (
    in_sql("T4", "An exchanged star card has spent its stars.", _unpaid),
    in_sql("T4", "A member's cards are numbered 1 to n without a gap.", _uncounted),
)
