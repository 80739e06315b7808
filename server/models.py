"""Every table, so that migrations and checks see the whole schema."""

from server.core import (  # noqa: F401
    audit,
    idempotency,
    outbox,
    owner_setup,
    queue,
    sandbox_clock,
    secret_mark,
)
from server.gamification.activities import models as activities  # noqa: F401
from server.gamification.badges import models as badges  # noqa: F401
from server.gamification.beacons import models as beacons  # noqa: F401
from server.gamification.cards import models as cards  # noqa: F401
from server.gamification.challenges import models as challenges  # noqa: F401
from server.gamification.consents import models as consents  # noqa: F401
from server.gamification.definitions import models as definitions  # noqa: F401
from server.gamification.earning import models as earning  # noqa: F401
from server.gamification.facts import models as facts  # noqa: F401
from server.gamification.game_plays import models as game_plays  # noqa: F401
from server.gamification.games import models as games  # noqa: F401
from server.gamification.grants import models as grants  # noqa: F401
from server.gamification.greetings import models as greetings  # noqa: F401
from server.gamification.ledger import models as ledger  # noqa: F401
from server.gamification.members import models as members  # noqa: F401
from server.gamification.nights import models as nights  # noqa: F401
from server.gamification.partners import models as partners  # noqa: F401
from server.gamification.programme import models as programme  # noqa: F401
from server.gamification.proofs import models as proofs  # noqa: F401
from server.gamification.quizzes import models as quizzes  # noqa: F401
from server.gamification.raffle_acts import models as raffle_acts  # noqa: F401
from server.gamification.raffle_draws import models as raffle_draws  # noqa: F401
from server.gamification.raffle_prizes import models as raffle_prizes  # noqa: F401
from server.gamification.raffles import models as raffles  # noqa: F401
from server.gamification.rewards import models as rewards  # noqa: F401
from server.gamification.sessions import models as sessions  # noqa: F401
from server.gamification.standings import models as standings  # noqa: F401
from server.gamification.star_cards import models as star_cards  # noqa: F401
from server.gamification.streaks import models as streaks  # noqa: F401
from server.gamification.tickets import models as tickets  # noqa: F401
from server.gamification.tiers import models as tiers  # noqa: F401
from server.gamification.vouchers import models as vouchers  # noqa: F401
from server.integrations.csv import models as imports  # noqa: F401
from server.jobs import models as jobs  # noqa: F401
from server.notifications import models as messages  # noqa: F401
from server.notifications.mail import models as mail  # noqa: F401
