"""The operator's tool on the outbox: what waits, for how long, and having it told."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from foundation.clock import utc_now
from licenses import outbox
from licenses.expiry_notices import due_notices
from licenses.models import OutboxMessage
from tenants.current import tenant_transaction
from tests.support.operating import admin, answer, deed, make_license, records_of

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def told_to(tmp_path: Path) -> Path:
    return tmp_path / "told.jsonl"


@pytest.fixture
def teller(tmp_path: Path, told_to: Path) -> str:
    """A program that appends what it is told to a file, and fails where 30 days are left."""
    program = tmp_path / "tell.py"
    program.write_text(
        "import json, os, sys\n"
        "line = sys.stdin.readline()\n"
        "print('this is for nobody')\n"
        f"open({str(told_to)!r}, 'a').write(line)\n"
        "ours = [name for name in os.environ if name.startswith(('LICENSE_', 'DJANGO_'))]\n"
        "sys.exit(9 if ours else 3 if json.loads(line)['payload']['days'] == 30 else 0)\n"
    )
    return f"{sys.executable} {program}"


def waiting_licenses(*days: int) -> list[str]:
    made = [str(make_license("--days", one)["id"]) for one in days]
    due_notices(now=utc_now())
    return made


def listed(*more: object) -> list[Any]:
    rows: list[Any] = answer("outbox", "list", *more)
    return rows


def told(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("where", ["acme", "acme_on_postgres"])
def test_a_notice_goes_from_the_timer_to_who_is_told(
    request: pytest.FixtureRequest, where: str, teller: str, told_to: Path
) -> None:
    acme = request.getfixturevalue(where)
    assert answer("outbox", "age") == {"waiting_since": None, "age_seconds": 0}
    (license_id,) = waiting_licenses(5)
    (row,) = listed()
    assert (row["tenant"], row["topic"]) == ("acme", "license.expiring")

    ended = admin("outbox", "deliver", "--command", teller, "--json")

    assert (ended.status, json.loads(ended.out)) == (0, {"delivered": 1})
    (message,) = told(told_to)
    assert message == {name: row[name] for name in message}
    assert (message["payload"]["license_id"], message["payload"]["days"]) == (license_id, 7)
    assert listed() == []
    assert [one["id"] for one in listed("--delivered")] == [row["id"]]
    assert [action for action, _ in records_of(acme["id"])][-1] == "outbox.delivered"
    assert answer("outbox", "deliver", "--command", teller) == {"delivered": 0}


def test_what_was_not_taken_waits_and_its_neighbors_do_not(
    acme: dict[str, Any], teller: str, told_to: Path
) -> None:
    refused, _ = waiting_licenses(20, 1)

    ended = admin("outbox", "deliver", "--command", teller)

    assert (ended.status, ended.out) == (1, "")
    assert "waits on: exit status 3" in ended.err
    assert "error: 1 messages were delivered, 1 were not" in ended.err
    assert len(told(told_to)) == 2
    (row,) = listed("--tenant", "acme")
    assert row["payload"]["license_id"] == refused


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("deliver", "--command", "/no/such/program"), "cannot run /no/such/program"),
        (("deliver", "--command", ""), "no program is named"),
        (("deliver", "--command", "'"), "No closing quotation"),
        (("deliver", "--command", "true", "--most", 0), "--most must be from 1"),
        (("list", "--most", 10**6), "--most must be from 1"),
    ],
)
def test_bad_words_deliver_nothing(
    acme: dict[str, Any], words: tuple[object, ...], said: str
) -> None:
    waiting_licenses(5)

    ended = admin("outbox", *words)

    assert (ended.status, ended.out) == (1, "")
    assert said in ended.err
    assert len(listed()) == 1


def test_a_message_is_marked_by_hand_and_put_back(acme: dict[str, Any]) -> None:
    waiting_licenses(5)
    (row,) = listed()
    by_hand = (row["id"], "--tenant", "acme")

    assert answer("outbox", "mark-delivered", *by_hand, "--dry-run")["delivered_at"] is not None
    assert len(listed()) == 1
    marked = answer("outbox", "mark-delivered", *by_hand)
    assert answer("outbox", "mark-delivered", *by_hand) == marked
    assert listed() == []
    answer("outbox", "mark-waiting", *by_hand)

    assert [one["id"] for one in listed()] == [row["id"]]
    assert [action for action, _ in records_of(acme["id"])][-2:] == [
        "outbox.delivered",
        "outbox.put_back",
    ]


def test_s11_a_message_is_found_under_its_own_tenant_alone(acme: dict[str, Any]) -> None:
    answer("tenant", "create", "other", "--name", "Other")
    waiting_licenses(5)
    (row,) = listed()

    assert listed("--tenant", "other") == []
    for message in (row["id"], NOBODY, "no-id"):
        assert admin("outbox", "mark-delivered", message, "--tenant", "other").status == 3

    assert len(listed()) == 1


def test_of_a_license_that_was_revoked_nothing_is_told(acme: dict[str, Any]) -> None:
    ended, other = waiting_licenses(5, 5)

    deed("revoke", ended, "--confirm", ended)

    assert [row["payload"]["license_id"] for row in listed()] == [other]


@pytest.mark.parametrize("where", ["acme", "acme_on_postgres"])
def test_the_age_of_the_outbox_is_that_of_its_oldest_message_of_any_tenant(
    request: pytest.FixtureRequest, where: str
) -> None:
    acme = request.getfixturevalue(where)
    answer("tenant", "create", "other", "--name", "Other")
    assert outbox.waiting_since() is None
    waiting_licenses(5, 1)
    old = utc_now() - timedelta(hours=3)
    with tenant_transaction(UUID(acme["id"])):
        oldest = OutboxMessage.objects.order_by("id").first()
        assert oldest is not None
        OutboxMessage.objects.filter(id=oldest.id).update(created_at=old)

    assert outbox.waiting_since() == old
    assert answer("outbox", "age")["age_seconds"] >= 3 * 3_600
    assert answer("outbox", "age", "--tenant", "other")["waiting_since"] is None
    with tenant_transaction(UUID(acme["id"])):
        outbox.mark_delivered(message_id=oldest.id, principal="operator:x", now=utc_now())
    newer = outbox.waiting_since()
    assert newer is not None
    assert newer > old
