"""docs/privacy.md, the inventory and the database say the same; so nobody adds data unawares."""

from pathlib import Path

from django.apps import apps
from django.db import models

from privacy.inventory import IMPERSONAL, IMPERSONAL_TEXTS, PERSONAL, SECRET_COLUMNS
from privacy.rules import RETENTION

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs/privacy.md").read_text()


def personal_rows() -> list[str]:
    return [
        f"| `{table}.{one.column}` | {one.what} | {one.until} | {one.erased} |"
        for table, columns in PERSONAL.items()
        for one in columns
    ]


def retention_rows() -> list[str]:
    return [
        f"| `{category.value}` | {kept.text} | {kept.days}"
        f" | {kept.fewest_days} to {kept.most_days} |"
        for category, kept in RETENTION.items()
    ]


def test_every_table_is_said_to_be_about_persons_or_about_nobody() -> None:
    tables = {model._meta.db_table for model in apps.get_models()} | {"django_migrations"}

    assert tables == set(PERSONAL) | IMPERSONAL
    assert not set(PERSONAL) & IMPERSONAL


def test_every_column_that_is_named_is_there() -> None:
    columns = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
    }

    assert {(table, one.column) for table, named in PERSONAL.items() for one in named} <= columns
    assert {column for _, column in columns} >= SECRET_COLUMNS


def test_every_text_of_a_personal_table_is_said_to_be_about_persons_or_about_nobody() -> None:
    """A column that is added later has to be decided about, too."""
    texts = {
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if model._meta.db_table in PERSONAL
        and isinstance(field, models.CharField | models.TextField | models.JSONField)
    }
    named = {f"{table}.{one.column}" for table, columns in PERSONAL.items() for one in columns}

    assert texts - named == IMPERSONAL_TEXTS


def test_the_document_says_what_the_inventory_says() -> None:
    rows = [line for line in DOCUMENT.splitlines() if line.startswith("| `")]

    assert rows == [*personal_rows(), *retention_rows()]


def test_the_document_names_what_is_about_nobody_and_what_is_left_out() -> None:
    assert ", ".join(f"`{table}`" for table in sorted(IMPERSONAL)) in DOCUMENT
    assert ", ".join(f"`{column}`" for column in sorted(SECRET_COLUMNS)) in DOCUMENT
