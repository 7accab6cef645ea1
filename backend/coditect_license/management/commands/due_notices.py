"""``manage.py due_notices``: puts into the outbox which licenses are about to end."""

from typing import Any

from django.core.management.base import BaseCommand

from foundation.clock import utc_now
from licenses.expiry_notices import due_notices


class Command(BaseCommand):
    """Puts every expiry notice that is due into the outbox. For a timer: once a day is enough."""

    help = (
        "Put a message into the outbox for each license that ends in 30, 7 or 1 days: one for each "
        "threshold. Safe to run at any time, and twice. Delivers nothing."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        """Print how many notices were put."""
        count = due_notices(now=utc_now())
        self.stdout.write(f"{count} expiry notices put into the outbox")
