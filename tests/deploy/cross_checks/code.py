"""What the program itself says, asked in a process that has its settings."""

import json
import subprocess
import sys
import tempfile
from functools import cache
from typing import Any, Final

from deploy.cross_checks.environments import system
from deploy.kubernetes.kubectl import REPOSITORY

_PROGRAM: Final = """
import json, sys, django
django.setup()
from coditect_license import crowding, draining
from leasing.http import routes
from signing import kms_service
addresses = json.load(sys.stdin)
json.dump({
    "fixed": sorted(routes.FIXED), "sessions": routes.SESSIONS, "jwks": routes.JWKS,
    "health": routes.HEALTH, "drain_seconds": draining.DRAIN_SECONDS,
    "control_calls": crowding.AT_ONCE, "algorithm": kms_service._ALGORITHM,
    "leasing": [path for path in addresses if routes.is_leasing_path(path)],
}, sys.stdout)
"""


@cache
def of_the_code(*addresses: str) -> dict[str, Any]:
    """Return its constants, and under ``leasing`` which addresses the leasing plane answers."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            input=json.dumps(addresses),
            env=system()
            | {
                "PYTHONPATH": str(REPOSITORY / "backend"),
                "DJANGO_SETTINGS_MODULE": "coditect_license.settings",
                "LICENSE_PROFILE": "embedded",
                "LICENSE_DATA_DIR": folder,
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    said: dict[str, Any] = json.loads(done.stdout)
    return said
