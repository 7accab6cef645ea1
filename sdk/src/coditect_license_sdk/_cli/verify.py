"""The commands verify and hardware-id: facts that need no server."""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from coditect_license_sdk import _options
from coditect_license_sdk._borrowed import without_duplicates
from coditect_license_sdk._cli.exits import OK
from coditect_license_sdk._cli.output import Output
from coditect_license_sdk._cli.settings import device_id, named_device
from coditect_license_sdk._clock import SystemClock
from coditect_license_sdk._dialogue import read_keys
from coditect_license_sdk._hardware import machine_id
from coditect_license_sdk._trust import Trust, load_roots
from coditect_license_sdk._verify import Expected, Proof, open_kept_proof, open_statement
from coditect_license_sdk.errors import ConfigurationError, VerificationFailed

_STATEMENT_PROFILE: Final = 1
"""What key sets call license_data in `min_profile` (docs/token-format.md, Key set)."""


def verify(chosen: argparse.Namespace, output: Output) -> int:
    """Verify license_data, or a license_token with its delegation, offline.

    Every one of them that the file has must hold. The time is this machine's clock.
    """
    document = _read(chosen.file)
    now = int(SystemClock().wall_seconds())
    trust = _trusted(chosen, now)
    facts: dict[str, object] = {"verified": True}
    if "license_token" in document:
        facts |= _token_facts(document, trust, chosen, now)
    if "license_data" in document or "signature" in document:
        statement = document.get("license_data", document)
        facts |= _statement_facts(statement, trust, chosen, now)
    if len(facts) == 1:
        raise VerificationFailed("the file has neither license_data nor license_token")
    output.facts(facts)
    return OK


def show_hardware_id(chosen: argparse.Namespace, output: Output) -> int:
    """Show what names this device, already hashed."""
    derived = "machine" if machine_id() else "cache folder"
    source = "settings" if named_device(chosen) else derived
    output.facts({"hardware_id": device_id(chosen), "source": source})
    return OK


def _trusted(chosen: argparse.Namespace, now: int) -> Trust:
    trust = Trust(load_roots(chosen.roots or _options.setting("ROOTS")))
    if chosen.keys is not None:
        trust.absorb(read_keys(_read(chosen.keys)), now=now)
    return trust


def _token_facts(
    document: dict[str, Any], trust: Trust, chosen: argparse.Namespace, now: int
) -> dict[str, object]:
    proof = Proof(str(document["license_token"]), str(document.get("delegation", "")))
    expected = Expected(
        hardware_id=chosen.hardware_id, audience=chosen.audience, issuer=chosen.issuer
    )
    claims = open_kept_proof(
        proof, roots=trust.roots, expected=expected, now=now, revoked=trust.revoked
    ).claims
    return {
        "session_id": claims.session_id,
        "tier": claims.tier,
        "entitlements": list(claims.entitlements),
        "audience": claims.audience,
        "issuer": claims.issuer,
        "lease_expires_at": datetime.fromtimestamp(claims.expires, UTC).isoformat(),
        "license_expires_at": claims.license_expires_at,
    }


def _statement_facts(
    statement: object, trust: Trust, chosen: argparse.Namespace, now: int
) -> dict[str, object]:
    if not isinstance(statement, dict):
        raise VerificationFailed("license_data is not an object")
    if trust.min_profile > _STATEMENT_PROFILE:
        raise VerificationFailed("the key set says that license_data counts no more")
    data = open_statement(
        statement,
        roots=trust.roots,
        now=now,
        hardware_id=chosen.hardware_id,
        revoked=trust.revoked,
    )
    return {
        "session_id": data.session_id,
        "tier": data.tier,
        "key_id": data.key_id,
        "hardware_id": data.hardware_id,
        "signed_at": data.signed_at,
        "lease_expires_at": data.lease_expires_at,
        "license_expires_at": data.expires_at,
    }


def _read(name: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
        document = json.loads(text, object_pairs_hook=without_duplicates)
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise VerificationFailed(f"{name} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise VerificationFailed(f"{name} is not a JSON object")
    return document
