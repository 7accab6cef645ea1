"""The vendor at work in a process of his own, beside the server: ``python vendor.py DEED …``.

``resize KEY TIMES`` changes the seats of a license so many times and prints how long each change
waited; ``issue TTL HEARTBEAT SEATS`` sells a license and prints its key; ``distrust`` ends every
trusted issuer. All print JSON.
"""

import json
import sys
import time
from collections.abc import Callable

import django
from django.conf import settings

from foundation.env import use_settings


def resize(key: str, times: str) -> dict[str, object]:
    """Return the worst and the mean wait of a change, in seconds, and the seats at the end."""
    license_ = _license(key)
    waits = []
    for number in range(int(times)):
        began = time.monotonic()
        operations.resize(license=license_, seats=90 + number % 10, principal="user:vendor")
        waits.append(time.monotonic() - began)
    return {"worst": max(waits), "mean": sum(waits) / len(waits), "seats": license_.seats}


def issue(ttl_seconds: str, heartbeat_seconds: str, seats: str) -> dict[str, object]:
    """Return the key of a new license of the demo tenant."""
    demo = License.across_tenants.select_related("product").get()
    _, key = operations.issue_license(
        product=demo.product,
        tier="pro",
        seats=int(seats),
        expires_at=demo.expires_at,
        hasher=KeyHasher(settings.LICENSE_KEY_PEPPERS),
        principal="user:vendor",
        key_auth=True,
        ttl_seconds=int(ttl_seconds),
        heartbeat_interval_seconds=int(heartbeat_seconds),
    )
    return {"license_key": key}


def distrust() -> dict[str, object]:
    """Return how many issuers are trusted no longer."""
    ended = TrustedIssuer.objects.update(enabled=False)
    BOARD.announce(Topic.ISSUERS, about="all")
    return {"ended": ended}


def _license(key: str) -> "License":
    hmacs = KeyHasher(settings.LICENSE_KEY_PEPPERS).candidates(key)
    return License.across_tenants.get(key_hmac__in=hmacs)


if __name__ == "__main__":
    use_settings("coditect_license.settings")
    django.setup()
    from identity.models import TrustedIssuer
    from licenses import operations
    from licenses.license_key import KeyHasher
    from licenses.models import License
    from soft_state.notices import BOARD, Topic

    deed, *arguments = sys.argv[1:]
    deeds: dict[str, Callable[..., dict[str, object]]]
    deeds = {"resize": resize, "issue": issue, "distrust": distrust}
    told = deeds[deed](*arguments)
    sys.stdout.write(json.dumps(told) + "\n")
