"""The operator's tool lends seats as files, shows which are out, and takes one back by force."""

import getpass
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as present_settings
from django.test import override_settings

from audit.models import SignatureCount
from coditect_license_token import PublicKey, Roots, open_license_data
from leasing.models import LicenseSession
from signing.models import SigningKey
from signing.wiring import present_root
from tenants.current import tenant_transaction
from tests.support.operating import Ended, admin, answer, deed, make_acme, make_license, records_of
from tests.support.postgres import as_leasing

DAY = 86_400
on_either = pytest.mark.parametrize("lending", ["db", "postgres_db"], indirect=True)


@pytest.fixture
def settings() -> Iterator[Any]:
    """The settings, put back at the end."""
    with override_settings():
        yield present_settings


@pytest.fixture
def lending(request: pytest.FixtureRequest, settings: Any) -> dict[str, Any]:
    """A license of acme's with one seat, which may be lent for a week."""
    if isinstance(ledger := request.getfixturevalue(getattr(request, "param", "db")), str):
        settings.LICENSE_LEASING_DATABASE_URL = as_leasing(ledger)
    present_root()
    tenant = make_acme()
    made = make_license("--seats", 1, "--offline-seconds", 7 * DAY)
    return {**made, "tenant_id": tenant["id"]}


def download(
    lending: dict[str, Any], to: Path, *more: object, device: str = "laptop", key: str | None = None
) -> Ended:
    words = ("--tenant", "acme", "--hardware-id", device, "--to", to, *more)
    typed = lending["license_key"] if key is None else key
    return admin("license", "download", lending["id"], *words, "--json", stdin=f"{typed}\n")


def sessions(*more: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = answer("session", "list", "--tenant", "acme", *more)
    return listed


@on_either
def test_s16_a_seat_is_lent_as_a_file_that_any_verifier_takes(
    lending: dict[str, Any], tmp_path: Path
) -> None:
    to = tmp_path / "seat.json"

    ended = download(lending, to, "--seconds", DAY)

    (root,) = SigningKey.objects.all()
    roots = Roots([PublicKey.from_pem(root.pem)])
    data = open_license_data(to.read_bytes(), roots=roots, hardware_id="laptop")
    assert data.license_key == lending["license_key"]
    assert ended.answer["session_id"] == data.session_id
    assert to.stat().st_mode & 0o777 == 0o600
    assert lending["license_key"] not in ended.out + ended.err
    (shown,) = sessions("--borrowed")
    assert shown["borrowed_until"] == data.lease_expires_at
    assert shown["principal"] == f"operator:{getpass.getuser()}"
    assert ("seat.borrowed", shown["principal"]) in records_of(lending["tenant_id"])
    with tenant_transaction(lending["tenant_id"]):
        assert [one.count for one in SignatureCount.objects.all()] == [1]


def test_s10_no_seat_is_lent_that_is_out(lending: dict[str, Any], tmp_path: Path) -> None:
    assert download(lending, tmp_path / "first.json").status == 0

    second = download(lending, tmp_path / "second.json", device="another")

    assert (second.status, second.out) == (1, "")
    assert not (tmp_path / "second.json").exists()
    assert len(sessions("--borrowed")) == 1


def test_s11_a_seat_is_lent_by_its_own_tenant_alone(
    lending: dict[str, Any], tmp_path: Path
) -> None:
    answer("tenant", "create", "other", "--name", "Other")

    ended = download(lending, tmp_path / "seat.json", "--tenant", "other")

    assert ended.status == 3
    assert list(tmp_path.glob("seat.json")) == []
    assert sessions() == []


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"key": ""}, 3),
        ({"key": "not a key"}, 3),
        ({"key": "\udcff"}, 3),
        ({"device": ""}, 2),
        ({"device": "x" * 257}, 2),
        ({"device": "l\u00e4ptop"}, 2),
    ],
)
def test_a_download_that_cannot_be_lends_nothing(
    lending: dict[str, Any], tmp_path: Path, more: dict[str, str], status: int
) -> None:
    ended = download(lending, tmp_path / "seat.json", **more)

    assert (ended.status, ended.out) == (status, "")
    assert not (tmp_path / "seat.json").exists()
    assert sessions() == []


@pytest.mark.parametrize("seconds", ["0", "-1", str(7 * DAY + 1), "1.5", "9" * 30])
def test_seconds_that_cannot_be_lend_nothing(
    lending: dict[str, Any], tmp_path: Path, seconds: str
) -> None:
    ended = download(lending, tmp_path / "seat.json", f"--seconds={seconds}")

    assert ended.status in {1, 2}
    assert not (tmp_path / "seat.json").exists()
    assert sessions() == []


def test_a_file_that_is_there_stays_and_no_seat_is_lent(
    lending: dict[str, Any], tmp_path: Path
) -> None:
    there = tmp_path / "seat.json"
    there.write_text("mine")

    ended = download(lending, there)

    assert (ended.status, ended.err) == (1, f"error: {there} cannot be made: File exists\n")
    assert there.read_text() == "mine"
    assert sessions() == []


def test_of_a_suspended_license_nothing_is_lent(lending: dict[str, Any], tmp_path: Path) -> None:
    deed("suspend", lending["id"])

    ended = download(lending, tmp_path / "seat.json")

    assert (ended.status, len(ended.err.splitlines())) == (1, 1)
    assert not (tmp_path / "seat.json").exists()


@on_either
def test_s10_a_lent_seat_is_released_only_by_whoever_says_so(
    lending: dict[str, Any], tmp_path: Path
) -> None:
    to = tmp_path / "seat.json"
    download(lending, to)
    session_id = json.loads(to.read_text())["session_id"]
    words = ("session", "release", session_id, "--tenant", "acme")

    unconfirmed = admin(*words, "--even-if-borrowed")
    refused = admin(*words, "--confirm", session_id)

    assert unconfirmed.status == 4
    assert (refused.status, len(refused.err.splitlines())) == (1, 1)
    assert len(sessions("--borrowed")) == 1
    assert answer(*words, "--confirm", session_id, "--even-if-borrowed")["end_reason"] == "released"
    assert LicenseSession.across_tenants.get(id=session_id).ended_at is not None
    assert sessions("--borrowed") == []
    assert download(lending, tmp_path / "next.json", device="another").status == 0
