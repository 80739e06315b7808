"""What may be wrong with sealed and drawn raffles: each invariant with its damages."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from server.gamification.raffle_draws.models import RAFFLE_DRAW, RAFFLE_SEAL, RAFFLE_WIN
from server.gamification.raffles.models import RAFFLE
from tests.builders.purchases import NOW

_WIN = RAFFLE_WIN.c
_FOUR = "raffle_id IN (SELECT raffle_id FROM raffle_seal)"
_OTHER = "(SELECT max(id) FROM member WHERE id NOT IN (SELECT member_id FROM raffle_win))"
DRAW_DAMAGE: dict[str, list[Any]] = {
    "A raffle is sealed after its end, exactly as it was counted.": [
        "UPDATE raffle_seal SET tickets = tickets + 1",
        "UPDATE raffle_seal SET consolations = consolations + 1",
        "UPDATE raffle_seal SET rules_hash = 'ab'",
        "UPDATE raffle_seal SET round = round + 1",
        update(RAFFLE_SEAL).values(sealed_at=NOW),
        "UPDATE raffle SET state = 'selling', sealed_at = NULL, drawn_at = NULL"
        " WHERE id IN (SELECT raffle_id FROM raffle_seal)",
    ],
    "Whoever wins a main prize in the draw wins no consolation prize.": [
        "UPDATE raffle_win SET member_id = (SELECT member_id FROM raffle_win"
        " WHERE draw = 'main' AND place = 1) WHERE draw = 'second'"
    ],
    "A draw done again from what was sealed gives the same.": [
        "UPDATE raffle_seal SET signature = 'ab'",
        "UPDATE raffle_seal SET pool_root = 'ab'",
        f"UPDATE raffle_entry SET nonce = 'ab' WHERE {_FOUR}",
        f"UPDATE raffle SET pseudonym_key = rules_hash WHERE {_FOUR.replace('raffle_id', 'id', 1)}",
        "UPDATE raffle_draw SET seed = randomness",
        "UPDATE raffle_draw SET signature = randomness",
        "DELETE FROM raffle_void",
        "DELETE FROM raffle_win WHERE place = 1 AND draw = 'second'",
        "UPDATE raffle_win SET place = 9 WHERE place = 1 AND draw = 'main'",
        f"UPDATE raffle_win SET member_id = {_OTHER} WHERE place = 1 AND draw = 'main'",
    ],
    "Prizes are claimed in time, and lapse when it is over.": [
        update(RAFFLE_WIN).where(_WIN.state == "lapsed").values(ended_at=NOW),
        update(RAFFLE_WIN).where(_WIN.claimed_at.is_not(None)).values(claim_by_at=NOW),
        update(RAFFLE_WIN).where(_WIN.state == "claimed").values(claimed_at=None),
        "UPDATE raffle_win SET why = '' WHERE state = 'void'",
    ],
    "A raffle has one result, from when its round was known.": [
        update(RAFFLE_DRAW).values(drawn_at=NOW),
        "UPDATE raffle_draw SET source = 'local'",
        "UPDATE raffle SET state = 'sealed', drawn_at = NULL WHERE state = 'drawn'",
        update(RAFFLE).where(RAFFLE.c.state == "drawn").values(draws_at=NOW + timedelta(days=1)),
    ],
    "A consolation prize that was given is a grant to its winner.": [
        "UPDATE raffle_win SET ref_id = 'grt_none' WHERE draw = 'second'",
        f"UPDATE raffle_win SET member_id = {_OTHER} WHERE draw = 'second'",
        "UPDATE benefit_grant SET ref_id = 'prz_none' WHERE ref_kind = 'raffle'",
    ],
    "Raffles grant consolation prizes alone, once each.": [
        "UPDATE raffle_win SET ref_id = NULL WHERE draw = 'second'"
    ],
    "A main prize that became a voucher is its winner's.": [
        "UPDATE raffle_win SET ref_id = 'vch_none' WHERE draw = 'main' AND state = 'given'",
        "UPDATE voucher SET ref_id = 'prz_none' WHERE ref_kind = 'raffle'",
    ],
    "Raffles give vouchers for main prizes alone, once each.": [
        "UPDATE raffle_win SET ref_id = NULL WHERE draw = 'main'"
    ],
    "Prizes are set aside while they can be given.": [
        f"UPDATE raffle_prize SET reserved = 1 WHERE {_FOUR} AND reward_id IS NOT NULL"
    ],
    "What is given instead of a prize was decided by two.": [
        "UPDATE raffle_act SET kind = 'cancel' WHERE kind = 'substitute'",
        "UPDATE raffle_act SET approved_by = NULL, approved_at = NULL",
    ],
}
