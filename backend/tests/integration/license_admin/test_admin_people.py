"""The operator's tool on sessions, members, service accounts and their tokens."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from audit.models import AuditEvent
from foundation.clock import utc_now
from leasing.errors import LeaseLost
from tenants.current import tenant_transaction
from tests.support.operating import admin, answer
from tests.support.world import World

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def acme(db: Path) -> dict[str, Any]:
    made: dict[str, Any] = answer("tenant", "create", "acme", "--name", "Acme Inc.")
    return made


def of_acme(*words: object) -> Any:
    return answer(*words, "--tenant", "acme")


def details(tenant_id: str) -> str:
    with tenant_transaction(UUID(tenant_id)):
        rows = AuditEvent.objects.filter(tenant_id=tenant_id)
        return str(list(rows.values_list("action", "principal", "details")))


def test_s2_a_session_is_released_by_name_alone_and_its_program_hears_of_it(db: Path) -> None:
    world = World(db, seats=1)
    lease = world.acquire("laptop")
    assert admin("session", "release", lease.session_id, "--tenant", "alice").status == 4
    assert world.heartbeat(lease).session_id == lease.session_id

    ended = answer(
        *("session", "release", lease.session_id, "--tenant", "alice"),
        *("--confirm", lease.session_id),
    )

    assert (ended["session_id"], ended["end_reason"]) == (lease.session_id, "released")
    with pytest.raises(LeaseLost):
        world.heartbeat(lease)
    assert world.acquire("desktop").is_new
    world.close()


def test_sessions_are_listed_and_shown_under_their_own_tenant(db: Path) -> None:
    world = World(db)
    lease = world.acquire("laptop")
    answer("tenant", "create", "other", "--name", "Other")

    (row,) = answer("session", "list", "--tenant", "alice")
    assert (row["session_id"], row["principal"]) == (lease.session_id, "user:alice")
    assert answer("session", "show", lease.session_id, "--tenant", "alice") == row
    assert answer("session", "list", "--tenant", "other") == []
    for words in (
        ("session", "show", lease.session_id, "--tenant", "other"),
        ("session", "show", "no-id", "--tenant", "alice"),
        ("session", "list", "--license", "no-id", "--tenant", "alice"),
        ("session", "release", NOBODY, "--tenant", "alice", "--confirm", NOBODY),
        (
            "session",
            "release",
            lease.session_id,
            "--tenant",
            "other",
            "--confirm",
            lease.session_id,
        ),
    ):
        assert admin(*words).status == 3, words
    assert world.heartbeat(lease).session_id == lease.session_id
    world.close()


def test_members_are_invited_changed_and_removed(acme: dict[str, Any]) -> None:
    owner = of_acme("member", "invite", "Ann@Example.org", "--role", "owner")
    of_acme("member", "invite", "bob@example.org", "--role", "viewer")

    assert owner["email"] == "ann@example.org"
    assert of_acme("member", "set-role", "bob@example.org", "--role", "admin")["role"] == "admin"
    assert of_acme("member", "disable", "bob@example.org")["status"] == "disabled"
    assert of_acme("member", "enable", "BOB@example.org")["status"] == "invited"
    assert admin("member", "remove", "bob@example.org", "--tenant", "acme").status == 4
    of_acme("member", "remove", "bob@example.org", "--confirm", "bob@example.org")
    assert [row["email"] for row in of_acme("member", "list")] == ["ann@example.org"]
    told = details(acme["id"])
    for action in ("invited", "role_changed", "disabled", "enabled", "removed"):
        assert f"member.{action}" in told


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("member", "invite", "no address", "--role", "viewer"), 1),
        (("member", "invite", "ann@example.org", "--role", "viewer"), 1),
        (("member", "invite", "x@example.org", "--role", "king"), 2),
        (("member", "set-role", "nobody@example.org", "--role", "viewer"), 3),
        (("member", "disable", NOBODY), 3),
        (("service-account", "disable", "nobody"), 3),
        (("token", "list", "nobody"), 3),
        (("token", "issue", "ci", "--days", "1000"), 1),
        (("token", "revoke", "ci", "no-id"), 3),
        (("token", "revoke", "ci", NOBODY, "--confirm", NOBODY), 3),
        (("service-account", "create", "ci", "--role", "member"), 1),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    acme: dict[str, Any], words: tuple[str, ...], status: int
) -> None:
    of_acme("member", "invite", "ann@example.org", "--role", "owner")
    of_acme("service-account", "create", "ci", "--role", "member")

    ended = admin(*words, "--tenant", "acme")

    assert (ended.status, ended.out) == (status, "")
    assert status == 2 or len(ended.err.splitlines()) == 1


def test_a_token_is_shown_once_and_ends_when_it_is_revoked(acme: dict[str, Any]) -> None:
    of_acme("service-account", "create", "ci", "--role", "member")
    first = of_acme("token", "issue", "ci", "--days", "30")
    second = of_acme("token", "rotate", "ci", "--overlap-days", "0.5")

    listed = admin("token", "list", "ci", "--tenant", "acme", "--json")
    assert [row["hint"] for row in listed.answer] == [first["hint"], second["hint"]]
    for made in (first, second):
        assert made["token"] not in listed.out
        assert made["token"] not in details(acme["id"])
    assert admin("token", "revoke", "ci", second["id"], "--tenant", "acme").status == 4
    of_acme("token", "revoke", "ci", second["id"], "--confirm", second["id"])
    assert of_acme("token", "list", "ci")[1]["revoked_at"] is not None


def test_a_service_account_is_disabled_enabled_and_deleted(acme: dict[str, Any]) -> None:
    of_acme("service-account", "create", "ci", "--role", "member")

    assert of_acme("service-account", "disable", "ci")["enabled"] is False
    assert of_acme("service-account", "enable", "ci")["enabled"] is True
    dry = admin(
        *("service-account", "delete", "ci", "--tenant", "acme"), *("--confirm", "ci", "--dry-run")
    )
    assert (dry.status, len(of_acme("service-account", "list"))) == (0, 1)
    of_acme("service-account", "delete", "ci", "--confirm", "ci")
    assert of_acme("service-account", "list") == []


def test_members_and_service_accounts_are_shown_and_changed(acme: dict[str, Any]) -> None:
    invited = of_acme("member", "invite", "ann@example.org", "--role", "owner")
    made = of_acme("service-account", "create", "ci", "--role", "member")

    assert of_acme("member", "show", "ann@example.org") == invited
    assert of_acme("service-account", "rename", "ci", "--name", "build")["name"] == "build"
    assert of_acme("service-account", "set-role", "build", "--role", "viewer")["role"] == "viewer"
    shown = of_acme("service-account", "show", made["id"])
    assert (shown["name"], shown["role"]) == ("build", "viewer")
    assert admin("member", "show", NOBODY, "--tenant", "acme").status == 3
    assert admin("service-account", "rename", "ci", "--name", "x", "--tenant", "acme").status == 3


def test_what_was_used_is_shown_by_hour_and_by_day(db: Path) -> None:
    world = World(db, seats=2)
    world.clock.now = utc_now() - timedelta(seconds=60)
    world.acquire("laptop")

    words = ("usage", "show", "--tenant", "alice")
    hours = admin(*words, "--license", world.alice.license.id, "--by", "hour", "--json")
    days = answer(*words)

    assert max(row["peak"] for row in hours.answer) == max(row["peak"] for row in days) == 1
    assert hours.err == "of 2 seats that there are now\n"
    assert (24 <= len(hours.answer) <= 26, 30 <= len(days) <= 32) == (True, True)
    world.close()


@pytest.mark.parametrize(
    ("more", "status"),
    [
        (("--license", "no-id"), 3),
        (("--license", NOBODY), 3),
        (("--since", "2999-01-01"), 1),
        (("--since", "2000-01-01"), 1),
        (("--until", "0001-01-01"), 1),
        (("--by", "year"), 2),
    ],
)
def test_usage_of_no_such_time_or_license_is_refused(
    acme: dict[str, Any], more: tuple[str, ...], status: int
) -> None:
    ended = admin("usage", "show", "--tenant", "acme", *more)

    assert (ended.status, ended.out) == (status, "")
    assert "Traceback" not in ended.err
