"""``license-admin license download``: a seat lent to one device, as a file (docs/adr/0028)."""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from django.conf import settings

from coditect_license.license_admin.commands import Call, Noun
from coditect_license.license_admin.errors import AdminError, NotFound
from coditect_license.license_admin.naming import as_id, on_behalf, takes_tenant
from coditect_license.license_admin.new_files import new_file
from coditect_license.license_admin.output import Answer
from leasing.lending import Loan
from leasing.rules import loan_refusal
from leasing.wiring import lend_from_settings
from licenses import queries
from licenses.license_key import KeyHasher

_MOST_DEVICE: Final = 256


def declare_download(noun: Noun) -> None:
    """Declare the verb."""
    download = noun.verb(
        "download",
        _download,
        "lend a seat to a device without a network, as a file that cannot be taken back; "
        "the license key is read from standard input",
    )
    download.add_argument("license", metavar="LICENSE", help="its id")
    download.add_argument(
        "--hardware-id",
        type=_device,
        required=True,
        metavar="ID",
        help="what `coditect-license hardware-id` prints on the device",
    )
    download.add_argument(
        "--seconds",
        type=int,
        metavar="N",
        help="how long the file runs; not said, as long as the policy lends",
    )
    download.add_argument("--to", type=Path, required=True, metavar="FILE", help="a new file")
    takes_tenant(download)


def _download(call: Call) -> Answer:
    """Make the file before anything is lent: a loan that nobody can have holds its seat."""
    loan = _loan(call, sys.stdin.readline().strip())
    with new_file(call.asked.to) as file:
        document = lend_from_settings(loan)
        json.dump(document, file, sort_keys=True, separators=(",", ":"))
    shown = ("session_id", "hardware_id", "signed_at", "lease_expires_at", "key_id")
    return {"file": str(call.asked.to), **{name: document[name] for name in shown}}


def _loan(call: Call, key: str) -> Loan:
    """Return what to lend. Raises NotFound, AdminError, BorrowingOff, LoanTooLong."""
    asked, hasher = call.asked, KeyHasher(settings.LICENSE_KEY_PEPPERS)
    with on_behalf(call) as tenant:
        license_ = queries.license_by_key(key, hasher=hasher) if key.isprintable() else None
        if license_ is None or license_.id != as_id(asked.license):
            raise NotFound(f"{tenant.slug} has no license {asked.license} with this key")
    seconds = license_.offline_seconds if asked.seconds is None else asked.seconds
    if not_lent := loan_refusal(license_.offline_seconds, seconds):
        raise not_lent
    if seconds < 1:
        raise AdminError("--seconds must be 1 or more")
    return Loan(
        tenant_id=tenant.id,
        principal=call.principal,
        license_key=key,
        key_hmacs=hasher.candidates(key),
        hardware_id=asked.hardware_id,
        seconds=seconds,
    )


def _device(word: str) -> str:
    """Return a hardware id as it was typed, of the characters that the API takes."""
    if not (word.isascii() and word.isprintable() and 1 <= len(word) <= _MOST_DEVICE):
        raise argparse.ArgumentTypeError(f"1 to {_MOST_DEVICE} printable ASCII characters")
    return word
