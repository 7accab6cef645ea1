"""Cases of the hardware binding."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

from .documents import HARDWARE_ID, LICENSE_ID
from .forge import MALFORMED, VALID, Case


def document() -> dict[str, Any]:
    """Give the whole vector file."""
    return {
        "description": (
            "The claim `hwb`: base64url, without padding, of the first 16 bytes of HMAC-SHA256 "
            "with the license id as key and the hardware id as message."
        ),
        "cases": list(_cases()),
    }


def _cases() -> Iterator[Case]:
    good = {
        "usual": (LICENSE_ID, HARDWARE_ID),
        "one device, another license": ("another-license", HARDWARE_ID),
        "single characters": ("a", "b"),
        "256 characters": ("l" * 256, "h" * 256),
        "spaces": (" ", " "),
    }
    for name, (license_id, hardware_id) in good.items():
        digest = hmac.digest(license_id.encode(), hardware_id.encode(), hashlib.sha256)
        binding = base64.urlsafe_b64encode(digest[:16]).decode("ascii").rstrip("=")
        given = {"license_id": license_id, "hardware_id": hardware_id}
        yield {"name": name, **given, "expect": VALID, "hwb": binding}
    for bad in ("", "h" * 257, "a\x00b", "caf\u00e9", "\ud800"):
        given = {"license_id": LICENSE_ID, "hardware_id": bad}
        yield {"name": f"hardware id {bad[:8]!a}", **given, "expect": MALFORMED}
        given = {"license_id": bad, "hardware_id": HARDWARE_ID}
        yield {"name": f"license id {bad[:8]!a}", **given, "expect": MALFORMED}
