"""An address of PostgreSQL becomes Django's settings, or a mistake that shows no password."""

import traceback
from typing import Any

import pytest

from coditect_license.database_url import address_beside, postgresql_database
from foundation.env import EnvironmentMistake

VARIABLE = "LICENSE_DATABASE_URL"


def database(url: str) -> dict[str, Any]:
    return postgresql_database(url, variable=VARIABLE)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_every_part_has_its_place(scheme: str) -> None:
    entry = database(f"{scheme}://alice:s3cret@db.example:5433/ledger")

    assert entry["ENGINE"] == "django.db.backends.postgresql"
    assert (entry["USER"], entry["PASSWORD"]) == ("alice", "s3cret")
    assert (entry["HOST"], entry["PORT"], entry["NAME"]) == ("db.example", "5433", "ledger")


def test_only_the_name_is_required() -> None:
    entry = database("postgresql:///ledger")

    assert entry["NAME"] == "ledger"
    assert {entry[part] for part in ("USER", "PASSWORD", "HOST", "PORT")} == {""}


def test_special_characters_are_percent_encoded() -> None:
    entry = database("postgresql://al%40ice:%2F%3A%40%25@db/led%20ger")

    assert (entry["USER"], entry["PASSWORD"], entry["NAME"]) == ("al@ice", "/:@%", "led ger")


def test_a_socket_is_named_by_its_folder() -> None:
    entry = database("postgresql://license@/ledger?host=%2Frun%2Fpostgresql&port=5433")

    assert (entry["HOST"], entry["PORT"]) == ("/run/postgresql", "5433")


def test_an_ipv6_address_is_in_brackets() -> None:
    assert database("postgresql://[::1]:5433/ledger")["HOST"] == "::1"


def test_several_hosts_are_passed_on() -> None:
    entry = database("postgresql://a:1,b:2,c/ledger?target_session_attrs=read-write")

    assert (entry["HOST"], entry["PORT"]) == ("a,b,c", "1,2,")
    assert entry["OPTIONS"]["target_session_attrs"] == "read-write"


def test_parameters_of_libpq_become_options() -> None:
    options = database("postgresql://db/ledger?sslmode=verify-full&connect_timeout=3")["OPTIONS"]

    assert options == {
        "sslmode": "verify-full",
        "connect_timeout": "3",
        "prepare_threshold": None,
    }


def test_nothing_outlives_a_transaction_on_its_connection() -> None:
    entry = database("postgresql://db/ledger")

    assert entry["OPTIONS"]["prepare_threshold"] is None
    assert entry["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert entry["CONN_MAX_AGE"] == 0


@pytest.mark.parametrize(
    "url",
    [
        "mysql://alice:s3cret@db/ledger",
        "sqlite:///s3cret",
        "host=db password=s3cret dbname=ledger",
        "s3cret",
        "postgresql://alice:s3cret@db",
        "postgresql://alice:s3cret@db/",
        "postgresql://alice:s3cret@db:port/ledger",
        "postgresql://alice:s3cret@db:0/ledger",
        "postgresql://alice:s3cret@db:65536/ledger",
        "postgresql://alice:s3cret@db:+1/ledger",
        "postgresql://alice:s3cret@a:1,b:x/ledger",
        "postgresql://alice:s3cret%zz@db/ledger",
        "postgresql://alice:x/s3cret@db/ledger",
        "postgresql://alice:s3cret@db/ledger?sslmode",
        "postgresql://alice:s3cret@db/ledger?pool=true",
        "postgresql://alice:s3cret@[::1/ledger",
    ],
)
def test_a_wrong_address_is_a_mistake_that_keeps_the_password_to_itself(url: str) -> None:
    with pytest.raises(EnvironmentMistake, match=VARIABLE) as mistake:
        database(url)

    shown = "".join(traceback.format_exception_only(mistake.value))
    assert "s3cret" not in shown
    assert "\n" not in str(mistake.value)
    assert mistake.value.__cause__ is None
    assert mistake.value.__suppress_context__ or mistake.value.__context__ is None


class TestTheAddressOfTheLeasingPlane:
    def test_is_the_ledgers_unless_it_has_its_own(self) -> None:
        own = "postgresql://lessor@/ledger"

        assert leasing("", default="postgresql:///ledger") == "postgresql:///ledger"
        assert leasing(own, default="postgresql:///ledger") == own
        assert leasing("", default=None) is None

    def test_is_a_mistake_without_the_ledgers(self) -> None:
        with pytest.raises(EnvironmentMistake, match="LICENSE_DATABASE_URL is not"):
            leasing("postgresql://lessor@/ledger", default=None)

    def test_is_a_mistake_that_shows_no_password_when_it_names_no_database(self) -> None:
        with pytest.raises(EnvironmentMistake, match="names no database") as refused:
            leasing("postgresql://lessor:s3cret@db", default="postgresql:///ledger")

        assert "s3cret" not in str(refused.value)


def leasing(url: str, *, default: str | None) -> str | None:
    return address_beside(url, variable="LICENSE_LEASING_DATABASE_URL", default=default)
