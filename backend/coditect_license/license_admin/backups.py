"""``license-admin backup``: create, verify, restore."""

import argparse
from pathlib import Path
from typing import Final

from django.conf import settings

from coditect_license.backups.create import create_backup
from coditect_license.backups.erased import again, known_erasures
from coditect_license.backups.manifest import Manifest
from coditect_license.backups.restore import restore_backup, verify_backup
from coditect_license.backups.wiring import ledger_from_settings
from coditect_license.license_admin.commands import Call, Nouns
from coditect_license.license_admin.output import Answer, Record

_APART: Final = (
    "the ledger, with no secret in it. Keep apart from it, and as safely: the license key peppers, "
    "the root key (a file, or Cloud KMS), Django's secret key (docs/how-to/restore-a-backup.md)"
)


def declare(nouns: Nouns) -> None:
    """Declare the noun."""
    noun = nouns.noun("backup", "backups of the ledger")
    create = noun.verb("create", _create, "make a backup, while servers run")
    _add_folder(create, "a folder that does not exist yet")
    verify = noun.verb("verify", _verify, "check that a backup could be restored here")
    restore = noun.verb(
        "restore", _restore, "put the ledger back to a backup; no server may run", confirm=True
    )
    restore.add_argument(
        "--erasures",
        type=Path,
        metavar="FILE",
        help="what `privacy erasures --json` printed since, where the present ledger is lost",
    )
    for parser in (verify, restore):
        _add_folder(parser, "a backup")
        parser.add_argument(
            "--without-peppers",
            action="store_true",
            help="take one whose license keys nobody can know any more",
        )


def _add_folder(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument(
        "folder", metavar="FOLDER", type=lambda word: Path(word).absolute(), help=text
    )


def _create(call: Call) -> Answer:
    manifest = create_backup(
        call.asked.folder,
        ledger_from_settings(say=call.say),
        peppers=settings.LICENSE_KEY_PEPPERS,
        clock=call.clock,
    )
    return {**_shown(call.asked.folder, manifest), "holds": _APART}


def _verify(call: Call) -> Answer:
    manifest = verify_backup(
        call.asked.folder,
        ledger_from_settings(say=call.say),
        peppers=settings.LICENSE_KEY_PEPPERS,
        without_peppers=call.asked.without_peppers,
    )
    return {**_shown(call.asked.folder, manifest), "verdict": "whole, and can be restored here"}


def _restore(call: Call) -> Answer:
    ledger = ledger_from_settings(say=call.say)
    known = known_erasures(ledger, call.asked.erasures, say=call.say)
    erased: list[int] = []
    kept = restore_backup(
        call.asked.folder,
        ledger,
        peppers=settings.LICENSE_KEY_PEPPERS,
        confirm=call.asked.confirm,
        say=call.say,
        without_peppers=call.asked.without_peppers,
        complete=lambda draft: erased.append(
            again(known, draft, principal=call.principal, clock=call.clock)
        ),
    )
    return {
        "restored": str(call.asked.folder),
        "erased_again": sum(erased),
        "kept": kept,
        "next": "start the servers; reclaims are held for 1.2 heartbeat intervals of each license",
    }


def _shown(folder: Path, manifest: Manifest) -> Record:
    return {
        "folder": str(folder),
        "kind": manifest.kind,
        "made_at": manifest.made_at,
        "bytes": manifest.bytes,
        "sha256": manifest.sha256,
    }
