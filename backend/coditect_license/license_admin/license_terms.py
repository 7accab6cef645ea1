"""What tiers and licenses both say, as an operator types it: seats, entitlements, policy."""

import argparse
from dataclasses import asdict, replace
from typing import Any, Final

from licenses.models import Terms, Tier
from licenses.rules import Policy

CAP_HELP: Final = "how many one person may hold: a number, 0 any, default the installation's"
_NAMES: Final = {
    "name": "name",
    "seats": "seats",
    "entitlement": "entitlements",
    "ttl_seconds": "ttl_seconds",
    "heartbeat_seconds": "heartbeat_interval_seconds",
    "offline_seconds": "offline_seconds",
    "overdraft_seats": "overdraft_seats",
}
_POLICY: Final = tuple(asdict(Policy()))


def takes_terms(parser: argparse.ArgumentParser, *, seats_are_required: bool = False) -> None:
    """Declare the terms of a tier or a license; what is not said stays, or is the default."""
    parser.add_argument("--seats", type=int, required=seats_are_required, help="fewer evict nobody")
    features = parser.add_mutually_exclusive_group()
    features.add_argument(
        "--entitlement", action="append", help="a feature; may be given many times, for all of them"
    )
    features.add_argument(
        "--no-entitlements", dest="entitlement", action="store_const", const=[], help="none at all"
    )
    parser.add_argument("--ttl-seconds", type=int, help="how long a lease runs, 60 to 86400")
    parser.add_argument("--heartbeat-seconds", type=int, help="at most a third of the TTL")
    parser.add_argument("--offline-seconds", type=int, help="the longest time without contact")
    parser.add_argument("--overdraft-seats", type=int, help="granted above the seats sold")
    parser.add_argument(
        "--key-auth",
        nargs="?",
        choices=("on", "off"),
        const="on",
        help="take the license key as a credential",
    )


def terms_asked_for(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the terms that were typed, and no others, by the names that operations know."""
    said = {after: getattr(asked, before, None) for before, after in _NAMES.items()}
    said["key_auth"] = None if asked.key_auth is None else asked.key_auth == "on"
    return {name: value for name, value in said.items() if value is not None}


def terms_of_sale(tier: Tier, said: dict[str, Any]) -> dict[str, Any]:
    """Return the terms of a new license: what was said, and the tier's for all else."""
    asked = {name: value for name, value in said.items() if name in _POLICY}
    return {
        "seats": said.get("seats", tier.seats),
        "entitlements": said.get("entitlements", tier.entitlements),
        **asdict(replace(tier.policy, **asked)),
    }


def shown_terms(row: Terms) -> dict[str, Any]:
    """Return the terms of a tier or a license, but for its seats, as they are shown."""
    return {"entitlements": row.entitlements, **asdict(row.policy)}
