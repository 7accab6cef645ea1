"""``license-incident webhook``: serve until somebody ends it."""

import argparse
from typing import TextIO

from license_incident import settings
from license_incident.errors import Refused
from license_incident.journal import now
from license_incident.paging import Pager
from license_incident.webhook.desk import Desk
from license_incident.webhook.server import Door


def serve(asked: argparse.Namespace, out: TextIO) -> int:
    """Serve alerts. Refuses to start without a key or a token: nobody would be told."""
    pager = Pager(settings.pagerduty_url(), settings.secret("PAGERDUTY_KEY"))
    token = settings.secret("LICENSE_INCIDENT_WEBHOOK_TOKEN")
    if not pager.key or not token:
        raise Refused("PAGERDUTY_KEY_FILE and LICENSE_INCIDENT_WEBHOOK_TOKEN_FILE are needed")
    desk = Desk(settings.from_environment(), pager, clock=now, out=out)
    with Door((asked.host, asked.port), desk, token) as door:
        desk.start()
        out.write(f"listening on {asked.host} port {door.server_port}\n")
        out.flush()
        door.serve_forever()
    return 0
