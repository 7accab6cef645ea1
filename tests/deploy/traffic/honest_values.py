"""What honest callers write, with letters that rules against attacks are often wrong about."""

import base64
import random
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

AGENTS: Final = (
    "coditect-license-sdk/1.4.0 python/3.11.2",
    "python-httpx/0.28.1",
    "curl/8.5.0",
    "Go-http-client/2.0",
    "okhttp/4.12.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14.5; rv:127.0) Gecko/20100101 Firefox/127.0",
)
_NAMES: Final = (
    "Render node #4",
    "O'Brien & Sons GmbH",
    "Größe XL, Bürokratie AG",
    "Order 4711 (renewal)",
    "株式会社コーディテクト",
    "Select Group from Union Street",
    "R&D <internal>",
    "C++ build farm, 2nd floor",
    "Update of the order table",
)
_PEOPLE: Final = ("bob@example.com", "anne-marie.o'neil@example.org", "ci+build@example.net")
_TIMES: Final = ("2026-01-01T00:00:00Z", "2025-12-29T04:35:35.407120+00:00")
_KEY_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def text_of(dice: random.Random, length: int) -> str:
    """Return random base64url, of so many letters."""
    return base64.urlsafe_b64encode(dice.randbytes(length)).decode()[:length]


def uuid(dice: random.Random) -> str:
    """Return a random id."""
    return str(UUID(bytes=dice.randbytes(16), version=4))


def license_key(dice: random.Random) -> str:
    """Return what has the form of a license key."""
    return "CDT1-" + "-".join("".join(dice.choices(_KEY_LETTERS, k=5)) for _ in range(6))


def compact_jws(dice: random.Random) -> str:
    """Return what has the form of a signed token, with an RSA-4096 signature's length at most."""
    header = base64.urlsafe_b64encode(b'{"alg":"EdDSA","typ":"JWT"}').decode().rstrip("=")
    return f"{header}.{text_of(dice, 700)}.{text_of(dice, dice.choice((86, 683)))}"


def credential(dice: random.Random) -> str:
    """Return an Authorization header's value."""
    if dice.random() < 0.4:
        return f"License {license_key(dice)}"
    return f"Bearer {compact_jws(dice)}"


def travelling(dice: random.Random) -> dict[str, str]:
    """Return headers that browsers, tracers and balancers add."""
    possible = {
        "accept-language": "de-DE,de;q=0.9,en;q=0.8",
        "accept-encoding": "gzip, deflate, br, zstd",
        "traceparent": f"00-{dice.randbytes(16).hex()}-{dice.randbytes(8).hex()}-01",
        "x-request-id": uuid(dice),
        "cache-control": "no-cache",
    }
    return {name: text for name, text in possible.items() if dice.random() < 0.5}


def hardware_id(dice: random.Random) -> str:
    """Return how devices call themselves: a digest, a machine id, a name."""
    digest = dice.randbytes(32).hex()
    kind = dice.choice(("laptop", "build-agent", "Anne's MacBook"))
    return dice.choice((digest, f"sha256:{digest}", f"{kind} {dice.randrange(99)}"))


def metadata(dice: random.Random) -> dict[str, Any]:
    """Return what a program says of itself and its host."""
    return {
        "os": dice.choice(("Linux 6.1.0-18-amd64 #1 SMP", "Windows 11 Pro", "macOS 14.5")),
        "path": dice.choice(
            ("C:\\Program Files\\Studio\\studio.exe", "/opt/studio/current/studio")
        ),
        "argv": ["studio", "--project", "Q3 plan.stu", "--render=all"],
        "version": {"major": 4, "minor": dice.randrange(20), "label": "4.2-rc.1"},
        "note": dice.choice(_NAMES),
    }


def base64_signature(dice: random.Random) -> str:
    """Return 512 random bytes in plain base64, as a root signature is written."""
    return base64.b64encode(dice.randbytes(512)).decode()


_Maker = Callable[[random.Random], Any]
_WRITTEN: Final[dict[str, _Maker]] = {
    "search": lambda dice: dice.choice(_NAMES),
    "device": hardware_id,
    "principal": lambda dice: f"user:{dice.choice(_PEOPLE)}",
    "cursor": lambda dice: text_of(dice, 64),
    "page_size": lambda dice: dice.choice((20, 50, 200)),
    "product": lambda _: "demo-app",
    "tier": lambda _: "pro",
    "role": lambda _: "member",
    "status": lambda _: "active",
    "state": lambda _: "active",
    "action": lambda _: "license.issued",
    "archived": lambda dice: dice.choice(("true", "false")),
    "period": lambda dice: dice.choice(("hour", "day")),
    "format": lambda dice: dice.choice(("json", "csv")),
    "first": lambda dice: dice.randrange(100_000),
    "name": lambda dice: dice.choice(_NAMES),
    "email": lambda dice: dice.choice(_PEOPLE),
    "license_key": license_key,
    "hardware_id": hardware_id,
    "instance_id": lambda dice: f"render-{dice.randrange(64)}",
    "nonce": lambda dice: text_of(dice, 43),
    "known_kid": lambda dice: text_of(dice, 43),
    "license_token": compact_jws,
    "delegation": compact_jws,
    "metadata": metadata,
    "proofs": lambda dice: dice.choice((["license_token"], ["license_data", "license_token"])),
    "entitlements": lambda _: ["export", "render-4k", "plugin:after-effects"],
    "seconds": lambda _: 604_800,
    "seats": lambda dice: dice.randrange(1, 500),
}
_DATES: Final = ("expires_at", "expires_before", "expires_from", "since", "until")
BODIES: Final = frozenset(_WRITTEN) | set(_DATES)
"""Members of bodies that have a value of their own here; the others stand as in the example."""


def of_body(name: str, dice: random.Random) -> Any:
    """Return a value of a body's member. Raises KeyError for one that is not in `BODIES`."""
    return dice.choice(_TIMES) if name in _DATES else _WRITTEN[name](dice)


def of_query(name: str, operation: str, dice: random.Random) -> Any:
    """Return a value of a parameter. Raises KeyError where a new one has none yet, and says so."""
    if name.endswith("_id") and name not in _WRITTEN:
        return uuid(dice)
    if name not in BODIES:
        raise KeyError(f"{name} of {operation} has no honest value here: write one")
    return of_body(name, dice)
