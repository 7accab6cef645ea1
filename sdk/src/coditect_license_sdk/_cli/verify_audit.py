"""The command verify-audit: an export of the audit against checkpoints that were kept."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from coditect_license_sdk._cli.exits import OK, VERIFICATION
from coditect_license_sdk._cli.output import Output
from coditect_license_sdk.errors import ConfigurationError
from coditect_license_token import MalformedDocument
from coditect_license_token.audit_export import Verdict, verify_export
from coditect_license_token.checkpoint import NoteKey


def verify_audit(chosen: argparse.Namespace, output: Output) -> int:
    """Verify an export offline, and say everything that is not as it was written.

    Nothing is believed but what a key given here signed.
    """
    keys = [_key(text) for text in chosen.audit_keys]
    kept = [_text(name) for name in chosen.kept]
    try:
        with Path(chosen.file).open(encoding="utf-8") as file:
            verdict = verify_export(_lines(file), keys=keys, kept=kept)
    except OSError as error:
        raise ConfigurationError(f"{chosen.file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{chosen.file} is not text in UTF-8") from error
    _say(verdict, output)
    return OK if verdict.is_good else VERIFICATION


def _say(verdict: Verdict, output: Output) -> None:
    output.facts(
        {
            "verified": verdict.is_good,
            "tenant": verdict.tenant_id,
            "origin": verdict.origin,
            "entries": verdict.last - verdict.first + 1,
            "first": verdict.first,
            "checkpoints": verdict.checkpoints,
            "not_yet_signed": verdict.unsigned,
            "values_forgotten": verdict.forgotten,
            "findings": [str(finding) for finding in verdict.findings],
            "more_findings": verdict.more_findings or None,
        }
    )


def _lines(file: Iterator[str]) -> Iterator[str]:
    return (line.rstrip("\n") for line in file)


def _key(text: str) -> NoteKey:
    try:
        return NoteKey.from_text(text)
    except MalformedDocument as mistake:
        raise ConfigurationError(f"--audit-key: {mistake}") from mistake


def _text(name: str) -> str:
    try:
        return Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name} cannot be read: {error}") from error
