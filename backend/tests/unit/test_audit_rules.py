"""What an entry says, and what in it is personal."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.rules import (
    MOST_SUBJECT_CHARACTERS,
    Event,
    checkpoint_is_due,
    counts_end,
    is_personal,
    name_of_subject,
    rest_seconds,
)

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def event(principal: str = "user:alice", **details: Any) -> Event:
    return Event(
        tenant_id="t",
        id="e",
        at="2030-01-01T12:00:00.000000+00:00",
        action="member.invited",
        principal=principal,
        license_id=None,
        session_id=None,
        details=details,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("email", True),
        ("new_email", True),
        ("device", True),
        ("hardware_id", True),
        ("display_name", True),
        ("ip_address", True),
        ("subject", True),
        ("license_id", False),
        ("name", False),
        ("emails", False),
        ("seats", False),
    ],
)
def test_the_name_of_a_detail_says_whether_it_is_about_a_person(name: str, expected: bool) -> None:
    assert is_personal(name) is expected


@pytest.mark.parametrize(
    ("principal", "shown", "is_committed"),
    [
        ("user:alice", "user:", True),
        ("license_key:abcd", "license_key:", True),
        ("system:lease", "system:lease", False),
        ("user:", "user:", False),
    ],
)
def test_of_a_principal_the_kind_is_shown(principal: str, shown: str, is_committed: bool) -> None:
    made = event(principal)

    assert json.loads(made.text(1, {}))["principal"] == shown
    assert ("principal" in made.personal) is is_committed


def test_whom_a_detail_is_about_is_its_word_and_value() -> None:
    personal = event("system:x", new_email="b@x", subject="user:bob", hardware_id="h").personal

    assert {field: value.subject for field, value in personal.items()} == {
        "details.new_email": "email:b@x",
        "details.subject": "user:bob",
        "details.hardware_id": "hardware_id:h",
    }


def test_the_text_holds_nothing_personal() -> None:
    text = event(email="bob@x.example", seats=3).text(1, {})

    assert "bob" not in text
    assert "alice" not in text
    assert json.loads(text)["details"] == {"seats": 3}


@pytest.mark.parametrize(
    "subject", ["x" * (MOST_SUBJECT_CHARACTERS + 1), "a\x00b", "\ud800", "a\nb"]
)
def test_a_name_that_a_database_cannot_keep_is_kept_by_its_hash(subject: str) -> None:
    kept = name_of_subject(subject)

    assert kept.startswith("sha256:")
    assert kept == name_of_subject(subject)
    assert kept != name_of_subject(subject + "y")


@pytest.mark.parametrize(
    ("size", "signed_size", "seconds", "expected"),
    [
        (5, 5, 10**6, False),
        (5, 4, 59, False),
        (5, 4, 60, True),
        (1_004, 5, 1, False),
        (1_005, 5, 1, True),
        (5, 4, -60, True),
    ],
)
def test_when_a_checkpoint_is_due(
    size: int, signed_size: int, seconds: int, expected: bool
) -> None:
    signed_at = NOW - timedelta(seconds=seconds)

    due = checkpoint_is_due(size=size, signed_size=signed_size, signed_at=signed_at, now=NOW)

    assert due is expected


def test_the_first_entry_is_signed_at_once() -> None:
    assert checkpoint_is_due(size=1, signed_size=0, signed_at=None, now=NOW)


def test_an_hour_is_whole_five_minutes_after_its_end() -> None:
    assert counts_end(NOW + timedelta(minutes=4, seconds=59)) == NOW - timedelta(hours=1)
    assert counts_end(NOW + timedelta(minutes=5)) == NOW


def test_grants_come_first_until_the_sealer_is_a_minute_behind() -> None:
    assert rest_seconds(spent_seconds=0.01, behind=timedelta(minutes=1)) == pytest.approx(0.49)
    assert rest_seconds(spent_seconds=0.01, behind=timedelta(minutes=2)) == pytest.approx(0.09)
