"""``python -m benchmarks.seal_loop ROUNDS``: processor time of sealing one lease token, as JSON.

What delegated signing adds to an acquire, in the thread of the event loop: checking the claims
against the delegation, putting the document together and signing it.
"""

import sys
import time
from datetime import timedelta
from typing import Final

import django
import msgspec

django.setup()

from coditect_license_token import LicenseToken, hardware_binding  # noqa: E402
from foundation.clock import rfc3339, utc_now  # noqa: E402
from signing.delegation import DelegatedSigner  # noqa: E402
from signing.root import Root  # noqa: E402
from signing.seals import Seals  # noqa: E402
from signing.wiring import root_from_settings  # noqa: E402

_CALLS: Final = 3_000
_ISSUER: Final = "http://benchmark.example"
_LICENSE: Final = "01a203af-d76b-728a-b12d-4fda79e92b70"


def costs_us(rounds: int) -> list[float]:
    """Return the microseconds of this thread's processor time for each token, by round."""
    root = Root(root_from_settings())
    delegated = DelegatedSigner(root, issuer=_ISSUER, clock=utc_now)
    delegated.renew()
    seals = Seals(root, delegated, direct_signing=True)
    costs = []
    for _ in range(rounds):
        tokens = [_token(number) for number in range(_CALLS)]
        began_at = time.thread_time()
        for token in tokens:
            seals.license_token(token)
        costs.append((time.thread_time() - began_at) / _CALLS * 1e6)
    return costs


def _token(number: int) -> LicenseToken:
    now = utc_now()
    return LicenseToken(
        issuer=_ISSUER,
        audience="benchmark-app",
        issued_at=int(now.timestamp()),
        expires=int(now.timestamp()) + 360,
        session_id=_LICENSE,
        tenant_id=_LICENSE,
        license_id=_LICENSE,
        tier="enterprise",
        entitlements=("export", "render"),
        hardware_binding=hardware_binding(_LICENSE, f"device-{number}"),
        gen=1,
        seq=number,
        license_expires_at=rfc3339(now + timedelta(days=365)),
    )


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(costs_us(int(sys.argv[1]))).decode() + "\n")
