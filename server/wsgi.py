"""The WSGI entry point: `granian --interface wsgi server.wsgi:app`."""

import gc

from server.api.health import adopt_at_start
from server.app import create_app

app = create_app()
with app.app_context():
    adopt_at_start()

# What was loaded at the start stays for good: so the collector has nothing old to walk through,
# which would take a fifth of the time of a batch of purchases.
gc.collect()
gc.freeze()
