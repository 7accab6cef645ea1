"""The operator's tool: its words, its records, its refusals, and what it must never show."""

import getpass
from pathlib import Path
from typing import Any

import pytest

from tests.support.operating import admin, answer, deed, make_license, records_of

NOUNS = {
    "tenant": ["create", "list", "show", "rename", "suspend", "resume"],
    "product": ["create", "list", "show", "rename", "archive", "unarchive"],
    "tier": ["list", "show", "create", "change", "archive", "unarchive"],
    "license": [
        "create",
        "list",
        "find",
        "show",
        "suspend",
        "reinstate",
        "revoke",
        "resize",
        "change",
        "cap-persons",
        "renew",
        "rotate-key",
        "download",
    ],
    "session": ["list", "show", "release"],
    "usage": ["show"],
    "member": ["list", "show", "invite", "set-role", "disable", "enable", "remove"],
    "service-account": [
        "create",
        "list",
        "show",
        "rename",
        "set-role",
        "disable",
        "enable",
        "delete",
    ],
    "token": ["issue", "rotate", "list", "revoke"],
    "outbox": ["list", "age", "deliver", "mark-delivered", "mark-waiting"],
    "audit": ["list", "show", "checkpoint", "export", "verify"],
    "privacy": [
        "retention",
        "set-retention",
        "export",
        "erase-person",
        "erase-tenant",
        "erasures",
    ],
    "key": ["list", "peppers"],
    "backup": ["create", "verify", "restore"],
}


def test_every_level_explains_itself(db: Path) -> None:
    top = admin("--help")
    assert top.status == 0
    for noun, verbs in NOUNS.items():
        assert f"\n    {noun}" in top.out
        second = admin(noun, "--help")
        assert second.status == 0
        for verb in verbs:
            assert f"\n    {verb}" in second.out, (noun, verb)
            third = admin(noun, verb, "--help")
            assert (third.status, third.out.startswith(f"usage: license-admin {noun} {verb}")) == (
                0,
                True,
            )


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("tenant",),
        ("tenant", "fly"),
        ("tenant", "create", "acme"),
        ("license", "create", "--tenant", "acme"),
        ("tenant", "create", "acme", "--nam", "abbreviated"),
        ("license", "renew", "x", "--tenant", "acme", "--until", "soon"),
        ("license", "renew", "x", "--tenant", "acme", "--until", "9999-12-31T23:59:59-14:00"),
        ("session", "list", "--tenant", "acme", "--state", "ended", "--days", 10**9),
        ("session", "list", "--tenant", "acme", "--days", "-5"),
        ("token", "issue", "ci", "--tenant", "acme", "--days", "nan"),
        ("token", "issue", "ci", "--tenant", "acme", "--days", "inf"),
        ("token", "rotate", "ci", "--tenant", "acme", "--overlap-days", "nan"),
        ("tenant", "create", "acme", "--name", "bytes that are no text: \udcff"),
    ],
)
def test_words_that_make_no_command_end_with_status_2(db: Path, words: tuple[str, ...]) -> None:
    ended = admin(*words)

    assert ended.status == 2
    assert ended.err.startswith("usage: license-admin")
    assert "Traceback" not in ended.err


def test_what_is_not_there_ends_with_status_3(acme: dict[str, Any]) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    for words in (
        ("tenant", "show", "nobody"),
        ("tenant", "show", nobody),
        ("product", "show", "nothing", "--tenant", "acme"),
        ("license", "show", nobody, "--tenant", "acme"),
        ("license", "show", "no-id", "--tenant", "acme"),
        ("license", "list", "--tenant", "nobody"),
        ("license", "find"),
    ):
        ended = admin(*words, stdin="\udcff\n" if "find" in words else "")
        assert (ended.status, ended.out) == (3, ""), words
        assert len(ended.err.splitlines()) == 1


def test_every_deed_is_recorded_under_the_operators_own_login(
    acme: dict[str, Any], license_id: str
) -> None:
    deed("suspend", license_id)
    deed("reinstate", license_id)
    deed("resize", license_id, "--seats", 5)
    deed("renew", license_id, "--until", "2999-12-31")
    deed("rotate-key", license_id, "--confirm", license_id)
    deed("revoke", license_id, "--confirm", license_id)
    answer("tenant", "rename", "acme", "--name", "Acme GmbH")

    told = records_of(acme["id"])
    assert [action for action, _ in told] == [
        "tenant.created",
        "product.created",
        "license.issued",
        "license.suspended",
        "license.reinstated",
        "license.resized",
        "license.expiry_moved",
        "license.key_rotated",
        "license.revoked",
        "tenant.renamed",
    ]
    assert {principal for _, principal in told} == {f"operator:{getpass.getuser()}"}


def test_a_dry_run_shows_what_would_be_and_changes_nothing(
    acme: dict[str, Any], license_id: str
) -> None:
    before = records_of(acme["id"])
    for verb, more in (
        ("suspend", ()),
        ("resize", ("--seats", 9)),
        ("renew", ("--days", 99)),
        ("revoke", ("--confirm", license_id)),
    ):
        ended = admin("license", verb, license_id, "--tenant", "acme", *more, "--dry-run", "--json")
        assert ended.answer != deed("show", license_id)
        assert ended.err == "dry run: nothing was changed\n"
    assert admin("tenant", "suspend", "acme", "--dry-run").status == 0

    assert records_of(acme["id"]) == before
    assert deed("show", license_id)["status"] == "active"


@pytest.mark.parametrize("verb", ["revoke", "rotate-key"])
def test_what_cannot_be_undone_must_be_named_again(
    acme: dict[str, Any], license_id: str, verb: str
) -> None:
    before = records_of(acme["id"])

    for more in ((), ("--confirm", "acme"), ("--confirm", "")):
        ended = admin("license", verb, license_id, "--tenant", "acme", *more)
        assert ended.status == 4
        assert f"--confirm {license_id}" in ended.err

    assert records_of(acme["id"]) == before


@pytest.mark.parametrize(
    "words",
    [
        ("tenant", "create", "acme", "--name", "Twice"),
        ("tenant", "create", "not a slug", "--name", "x"),
        ("tenant", "create", "long", "--name", "x" * 201),
        ("tenant", "create", "empty", "--name", ""),
        ("product", "create", "studio", "--name", "Twice", "--tenant", "acme"),
        ("product", "create", "no slug", "--name", "x", "--tenant", "acme"),
    ],
)
def test_bad_values_are_refused_in_one_line(acme: dict[str, Any], words: tuple[str, ...]) -> None:
    ended = admin(*words)

    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("error: ")
    assert len(ended.err.splitlines()) == 1


def test_names_of_others_cannot_command_the_terminal(db: Path) -> None:
    answer("tenant", "create", "evil", "--name", "\x1b[2J\x07owned\u202e")

    shown = admin("tenant", "list").out

    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\u202e" not in shown
    assert r"\x1b[2J\x07owned\u202e" in shown


def test_tables_are_for_people(acme: dict[str, Any]) -> None:
    head, row = admin("tenant", "list").out.splitlines()

    assert head.split() == ["id", "slug", "name", "suspended_at", "created_at"]
    assert row.split()[:2] == [acme["id"], "acme"]
    assert admin("license", "list", "--tenant", "acme").out == "none\n"


def test_the_same_words_do_the_same_on_postgresql(postgres_db: str) -> None:
    answer("tenant", "create", "acme", "--name", "Acme Inc.")
    answer("product", "create", "studio", "--name", "Studio", "--tenant", "acme")
    made = make_license()

    deed("resize", made["id"], "--seats", 8)
    answer("tenant", "suspend", "acme")
    answer("tenant", "resume", "acme")

    shown = deed("show", made["id"])
    assert (shown["seats"], shown["status"]) == (8, "active")
    assert answer("license", "find", stdin=made["license_key"])["tenant"] == "acme"
    assert answer("key", "peppers")[0]["licenses"] == 1
    assert admin("tenant", "create", "acme", "--name", "Twice").status == 1
