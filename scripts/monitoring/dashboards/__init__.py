"""Grafana's dashboards: Python here, JSON in kubernetes/monitoring/dashboards."""

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from scripts.monitoring.dashboards.seats import seats
from scripts.monitoring.dashboards.service import service
from scripts.monitoring.dashboards.signing import signing
from scripts.monitoring.rule_files import MONITORING


def dashboards() -> dict[Path, str]:
    """Return the content of each dashboard's file."""
    made = {"service": service(), "signing": signing(), "seats": seats()}
    return {
        MONITORING / f"dashboards/{name}.json": json.dumps(
            board.build(), cls=JSONEncoder, indent=2, sort_keys=True
        )
        + "\n"
        for name, board in made.items()
    }
