"""Every table, so that migrations and checks see the whole schema."""

from server.core import audit, idempotency, outbox  # noqa: F401
from server.gamification.earning import models as earning  # noqa: F401
from server.gamification.facts import models as facts  # noqa: F401
from server.gamification.ledger import models as ledger  # noqa: F401
from server.gamification.programme import models as programme  # noqa: F401
from server.gamification.tiers import models as tiers  # noqa: F401
