"""The operator's tool on the house itself: audit, retention, peppers, backups."""

import getpass
import io
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command

from audit.models import AuditEvent
from tests.support.operating import admin, answer, deed


def test_what_happened_is_listed_and_verified(license_id: str) -> None:
    deed("suspend", license_id)
    call_command("seal_audit", stdout=io.StringIO())

    (row,) = answer("audit", "list", "--tenant", "acme", "--action", "license.suspended")
    assert (row["license_id"], row["principal"]) == (license_id, f"operator:{getpass.getuser()}")
    assert len(answer("audit", "list", "--tenant", "acme", "--most", 2)) == 2
    assert answer("audit", "list", "--tenant", "acme", "--since", "2999-01-01") == []
    assert admin("audit", "list", "--tenant", "acme", "--most", 0).status == 1
    assert "acme: good" in answer("audit", "verify", "--tenant", "acme")["result"]
    AuditEvent.across_tenants.filter(action="license.suspended").update(action="license.renamed")
    failed = admin("audit", "verify", "--tenant", "acme")
    assert failed.status == 1
    assert "error: the audit of acme is not what it was" in failed.err


def test_retention_is_shown_chosen_and_bounded(acme: dict[str, Any]) -> None:
    rows = answer("privacy", "retention", "--tenant", "acme")
    assert {row["category"]: row["days"] for row in rows} == {
        "session_details": 30,
        "device_records": 396,
        "member_addresses": 30,
        "kept_answers": 1,
        "outbox_messages": 90,
    }

    words = ("privacy", "set-retention", "session_details", "--tenant", "acme", "--days")
    assert answer(*words, 7)[0]["days"] == 7
    assert admin(*words, 0).status == 1
    assert admin("privacy", "set-retention", "moods", "--tenant", "acme", "--days", 1).status == 2
    assert answer("privacy", "retention", "--tenant", "acme")[0]["days"] == 7


def test_peppers_that_keys_need_are_counted_and_never_shown(license_id: str) -> None:
    ended = admin("key", "peppers", "--json")

    assert [(row["version"], row["is_here"], row["licenses"]) for row in ended.answer] == [
        (1, True, 1)
    ]
    pepper = settings.LICENSE_KEY_PEPPERS[1]
    assert pepper.hex() not in ended.out
    assert admin("key", "list").status == 0


def test_backups_are_made_verified_and_confirmed_by_words(license_id: str, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    made = admin("backup", "create", folder, "--json")
    assert made.answer["folder"] == str(folder)
    assert "copied " in made.err
    deed("suspend", license_id)

    assert admin("backup", "create", folder).status == 1
    assert answer("backup", "verify", folder)["verdict"] == "whole, and can be restored here"
    assert admin("backup", "restore", folder).status == 4
    assert admin("backup", "restore", folder, "--confirm", "license.sqlite3").status == 0
    assert deed("show", license_id)["status"] == "active"
    assert admin("backup", "verify", tmp_path).status == 1


def test_a_backup_goes_where_no_ledger_is_without_a_confirmation(
    db: Path, license_id: str, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    answer("backup", "create", folder)
    for file in db.parent.glob(f"{db.name}*"):
        file.unlink()

    restored = admin("backup", "restore", folder, "--json")

    assert restored.answer["kept"] is None
    assert "hand them in with --erasures" in restored.err
    assert deed("show", license_id)["status"] == "active"


def test_a_record_a_checkpoint_and_the_chain_are_shown(license_id: str, tmp_path: Path) -> None:
    of_acme = ("--tenant", "acme")
    (row,) = answer("audit", "list", *of_acme, "--license", license_id)
    assert answer("audit", "show", row["id"], *of_acme) == row
    assert admin("audit", "checkpoint", *of_acme).status == 3
    call_command("seal_audit", stdout=io.StringIO())

    noted = answer("audit", "checkpoint", *of_acme)
    wrote = answer("audit", "export", "--to", tmp_path / "chain", *of_acme)

    assert noted["size"] >= 3
    assert wrote["bytes"] == (tmp_path / "chain").stat().st_size > 0
    assert admin("audit", "export", "--to", tmp_path / "chain", *of_acme).status == 1
    for words in (("show", "no-id"), ("list", "--session", "no-id")):
        assert admin("audit", *words, *of_acme).status == 3
