"""A test that asks for PostgreSQL is on it, alone, and the next one is on SQLite again."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import Model

from coditect_license.private_postgres import PrivatePostgres
from leasing.models import Seat
from tenants.models import Tenant
from tests.support.postgres import django_on

TENANT = UUID("00000000-0000-4000-8000-000000000001")
LICENSE = UUID("00000000-0000-4000-8000-000000000002")
ROOMS = ("leasing", "licenses", "signing", "identity", "audit", "tenants")


def slugs_in(url: str) -> list[str]:
    with psycopg.connect(url) as other:
        return [slug for (slug,) in other.execute("SELECT slug FROM tenant")]


class TestTheFixture:
    def test_what_django_writes_is_in_postgres(self, postgres_db: str) -> None:
        Tenant.objects.create(slug="alice", name="Alice")

        assert connection.vendor == "postgresql"
        assert slugs_in(postgres_db) == ["alice"]

    def test_what_is_in_postgres_is_read_by_django(self, postgres_db: str) -> None:
        with psycopg.connect(postgres_db) as other:
            other.execute("INSERT INTO tenant VALUES (%s, 'bob', 'Bob', now())", [TENANT])

        assert Tenant.objects.get(slug="bob").id == TENANT

    @pytest.mark.parametrize("name", ["Carol", "Dave"])
    @pytest.mark.usefixtures("postgres_db")
    def test_every_test_has_a_database_of_its_own(self, name: str) -> None:
        assert not Tenant.objects.exists()

        Tenant.objects.create(slug=name.lower(), name=name)

    def test_a_transaction_that_fails_leaves_nothing(self, postgres_db: str) -> None:
        with pytest.raises(IntegrityError):
            create_together("alice", "alice")

        assert slugs_in(postgres_db) == []

    @pytest.mark.usefixtures("migrated_postgres")
    def test_afterwards_django_is_on_sqlite(self, db: Path) -> None:
        Tenant.objects.create(slug="alice", name="Alice")
        connection.close()

        assert connection.vendor == "sqlite"
        assert settings.DATABASES["default"]["ENGINE"] == "leasing.stores.gated_sqlite"
        assert b"alice" in db.read_bytes()

    @pytest.mark.usefixtures("db")
    def test_sqlite_comes_back_when_a_test_fails_on_postgres(
        self, postgres_server: PrivatePostgres, migrated_postgres: str
    ) -> None:
        with pytest.raises(IntegrityError), django_on(postgres_server.url(migrated_postgres)):
            create_together("alice", "alice")

        assert connections["default"].vendor == "sqlite"
        assert not Tenant.objects.exists()


class TestTheSetting:
    def test_it_puts_a_command_on_postgres(self, postgres_db: str) -> None:
        done = manage("migrate", "--check", LICENSE_DATABASE_URL=postgres_db)

        assert (done.returncode, done.stderr) == (0, "")

    def test_it_may_stand_in_a_file(self, postgres_db: str, tmp_path: Path) -> None:
        (tmp_path / "url").write_text(f"{postgres_db}\n")

        done = manage("migrate", "--check", LICENSE_DATABASE_URL_FILE=str(tmp_path / "url"))

        assert (done.returncode, done.stderr) == (0, "")

    def test_a_wrong_one_refuses_to_start_and_shows_no_password(self) -> None:
        done = manage("check", LICENSE_DATABASE_URL="postgresql://alice:s3cret@db")

        assert done.returncode == 2
        assert done.stderr.startswith("error: LICENSE_DATABASE_URL names no database")
        assert "s3cret" not in done.stdout + done.stderr


@pytest.mark.usefixtures("postgres_db")
class TestTheSchema:
    def test_the_models_need_no_further_migration(self) -> None:
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)

    def test_the_checks_of_the_rooms_pass(self) -> None:
        assert run_checks(tags=[Tags.models, Tags.database], databases=["default"]) == []

    def test_a_page_of_seats_keeps_room_for_heartbeats(self) -> None:
        assert options_of_seat() == ["fillfactor=70"]

    def test_the_fillfactor_can_be_taken_back(self) -> None:
        call_command("migrate", "leasing", "0002", verbosity=0)

        assert options_of_seat() is None

    def test_every_constraint_and_index_of_the_models_is_there(self) -> None:
        for model in models():
            missing = named_by(model) - in_database(model).keys()

            assert not missing, f"{model.__name__} lacks {missing}"

    def test_every_primary_key_is_there(self) -> None:
        for model in models():
            assert primary_key_in_database(model) == {
                field.column for field in model._meta.pk_fields
            }

    def test_partial_indexes_have_their_conditions(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexrelid::regclass::text, pg_get_expr(indpred, indrelid), indisunique"
                " FROM pg_index WHERE indpred IS NOT NULL"
            )
            found = {name: (condition, unique) for name, condition, unique in cursor.fetchall()}

        assert found == {
            "seat_one_per_device": ("(device IS NOT NULL)", True),
            "seat_one_per_session": ("(session_id IS NOT NULL)", True),
            "seat_free": ("(session_id IS NULL)", False),
            "seat_of_person": ("(person IS NOT NULL)", False),
            "signing_key_one_active": ("((status)::text = 'active'::text)", True),
            "signing_key_one_next": ("((status)::text = 'next'::text)", True),
            "key_rotation_one_open": ("((outcome)::text = 'open'::text)", True),
            "member_email_per_tenant": ("(NOT ((email)::text = ''::text))", True),
            "member_subject_per_tenant": ("(NOT ((subject)::text = ''::text))", True),
            "outbox_message_waiting": ("(delivered_at IS NULL)", False),
            "session_by_end": ("(ended_at IS NOT NULL)", False),
            "session_open": ("((ended_at IS NULL) OR (slot IS NULL))", False),
        }

    def test_a_device_holds_one_seat_of_a_license(self) -> None:
        take_seat(slot=0, device="laptop")

        with pytest.raises(IntegrityError, match="seat_one_per_device"):
            take_seat(slot=1, device="laptop")

    def test_a_session_holds_one_seat(self) -> None:
        take_seat(slot=0, session_id=LICENSE)

        with pytest.raises(IntegrityError, match="seat_one_per_session"):
            take_seat(slot=1, session_id=LICENSE)


def take_seat(*, slot: int, **holder: Any) -> None:
    seat = Seat(tenant_id=TENANT, license_id=LICENSE, slot=slot, **holder)
    Seat.across_tenants.bulk_create([seat])


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(settings.REPOSITORY / "backend/manage.py"), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def create_together(*slugs: str) -> None:
    with transaction.atomic():
        for slug in slugs:
            Tenant.objects.create(slug=slug, name=slug)


def models() -> list[type[Model]]:
    found = [model for room in ROOMS for model in apps.get_app_config(room).get_models()]
    assert found
    return found


def options_of_seat() -> list[str] | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE oid = 'seat'::regclass")
        row: tuple[list[str] | None] = cursor.fetchone()
    return row[0]


def named_by(model: type[Model]) -> set[str]:
    return {part.name for part in (*model._meta.constraints, *model._meta.indexes)}


def in_database(model: type[Model]) -> Mapping[str, Mapping[str, Any]]:
    with connection.cursor() as cursor:
        return connection.introspection.get_constraints(cursor, model._meta.db_table)


def primary_key_in_database(model: type[Model]) -> set[str]:
    return {
        column
        for part in in_database(model).values()
        if part["primary_key"]
        for column in part["columns"]
    }
