"""What may be wrong with raffles and their tickets: each invariant with its damages."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from server.gamification.raffles.models import RAFFLE
from server.gamification.tickets.models import RAFFLE_ENTRY
from tests.builders.purchases import NOW
from tests.builders.raffles import CLOSES_AT

_OTHER = "(SELECT max(id) FROM member WHERE id NOT IN (SELECT member_id FROM raffle_entrant))"
_XMAS = "id = (SELECT id FROM definition WHERE key = 'xmas')"
RAFFLE_DAMAGE: dict[str, list[Any]] = {
    "Who is in a raffle wins with odds of at least one in four.": [
        f"UPDATE raffle SET consolations = 3 WHERE {_XMAS}",
        "UPDATE raffle SET prizes = 0 WHERE policy = 'capped'",
        f"UPDATE raffle SET entrants_max = 1 WHERE {_XMAS}",
    ],
    "Announced consolation prizes carry the most entrants ever.": [
        f"UPDATE raffle SET consolations = 3 WHERE {_XMAS}"
    ],
    "An entry has as many numbers as tickets.": [
        "DELETE FROM raffle_ticket",
        "UPDATE raffle_entry SET tickets = tickets + 1",
    ],
    "An entrant holds the tickets of the entries that count.": [
        "UPDATE raffle_entrant SET tickets = tickets + 1",
        f"UPDATE raffle SET cap = 1 WHERE {_XMAS}",
    ],
    "Whoever has an entry that counts is an entrant.": ["DELETE FROM raffle_entrant"],
    "A raffle counts its tickets and entrants.": [
        "UPDATE raffle SET tickets = tickets + 1",
        "UPDATE raffle SET entrants = entrants + 1",
    ],
    "Bought tickets are paid by the member, once.": [
        "UPDATE raffle_entry SET price = price + 1 WHERE source = 'bought'",
        "UPDATE raffle_entry SET transfer_id = 'trf_none' WHERE source = 'bought'",
        f"UPDATE raffle_entry SET member_id = {_OTHER} WHERE source = 'bought'",
        "UPDATE transfer SET credit_account = 'redemption' WHERE kind = 'entry'",
    ],
    "Points go to raffles for entries alone.": [
        "UPDATE raffle_entry SET transfer_id = 'trf_none' WHERE source = 'bought'"
    ],
    "Tickets that ended are paid back, others are not.": [
        "UPDATE raffle_entry SET state = 'counted', ended_at = NULL WHERE state = 'refunded'",
        update(RAFFLE_ENTRY)
        .where(RAFFLE_ENTRY.c.state == "counted")
        .values(state="cancelled", ended_at=NOW),
        "UPDATE transfer SET amount = amount + 1 WHERE ref_kind = 'entry' AND kind = 'reversal'",
    ],
    "Tickets that were given come from a grant to the member.": [
        "UPDATE raffle_entry SET ref_id = 'grt_none' WHERE source = 'granted'",
        f"UPDATE raffle_entry SET member_id = {_OTHER} WHERE source = 'granted'",
    ],
    "Nobody enters or leaves while the raffle is not open.": [
        update(RAFFLE_ENTRY).values(created_at=CLOSES_AT),
        update(RAFFLE_ENTRY)
        .where(RAFFLE_ENTRY.c.state == "cancelled")
        .values(ended_at=CLOSES_AT + timedelta(days=1)),
        "UPDATE raffle_entry SET state = 'refunded' WHERE state = 'cancelled'",
        update(RAFFLE).values(opens_at=NOW + timedelta(days=1)),
    ],
}
