"""License data: what the vectors, being JSON text, cannot say."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest

from coditect_license_token import LicenseData, MalformedDocument, Roots, open_license_data
from coditect_license_token.testing import InMemorySigner


@pytest.fixture
def document(license_data: LicenseData, root: InMemorySigner) -> dict[str, str]:
    return license_data.with_signature(root.sign(license_data.signed_bytes()))


def test_bytes_text_and_object_open_alike(
    document: dict[str, str], license_data: LicenseData, roots: Roots
) -> None:
    text = json.dumps(document)
    for form in (text, text.encode(), document):
        assert open_license_data(form, roots=roots) == license_data


def test_the_document_has_ten_members_in_the_published_spelling(document: dict[str, str]) -> None:
    assert len(document) == 10
    assert document["signature_algorithm"] == "RSA_SIGN_PKCS1_4096_SHA256"
    assert len(document["signature"]) == 684
    assert document["signature"].endswith("=")


def test_the_members_stand_in_the_order_of_their_definition(document: dict[str, str]) -> None:
    fields = [field.name for field in dataclasses.fields(LicenseData)]

    assert list(document) == [*fields, "signature", "signature_algorithm"]


def test_the_ends_are_aware_times(license_data: LicenseData) -> None:
    assert license_data.lease_end == datetime(2025, 12, 29, 9, 26, tzinfo=UTC)
    assert license_data.license_end == datetime(2026, 12, 29, 1, 4, 59, 214025, UTC)


def test_a_lease_ends_before_its_last_microsecond_is_over(
    document: dict[str, str], license_data: LicenseData, roots: Roots
) -> None:
    last = license_data.lease_end - timedelta(microseconds=1)
    assert open_license_data(document, roots=roots, now=last) == license_data


def test_a_naive_time_is_a_mistake_of_the_caller(document: dict[str, str], roots: Roots) -> None:
    naive = datetime(2025, 12, 29, 9, 25)  # noqa: DTZ001  the mistake under test
    with pytest.raises(TypeError):
        open_license_data(document, roots=roots, now=naive)


def test_a_lone_surrogate_in_text_is_refused(document: dict[str, str], roots: Roots) -> None:
    text = json.dumps(document).replace('"pro"', '"pro\ud800"')
    with pytest.raises(MalformedDocument):
        open_license_data(text, roots=roots)


def test_the_size_limit_is_exact(
    document: dict[str, str], license_data: LicenseData, roots: Roots
) -> None:
    text = json.dumps(document).ljust(8192)
    assert open_license_data(text, roots=roots) == license_data
    with pytest.raises(MalformedDocument, match="8192"):
        open_license_data(text + " ", roots=roots)


@pytest.mark.parametrize("value", [b"pro", 7, True, None, ["pro"], float("nan")])
def test_an_object_holds_texts_only(document: dict[str, str], roots: Roots, value: object) -> None:
    for name in document:
        if name == "signature_algorithm":
            continue
        with pytest.raises(MalformedDocument):
            open_license_data({**document, name: value}, roots=roots)


def test_an_object_with_another_member_is_refused(document: dict[str, str], roots: Roots) -> None:
    for members in ({**document, "admin": "yes"}, {}, {"license_data": document}):
        with pytest.raises(MalformedDocument):
            open_license_data(members, roots=roots)


@pytest.mark.parametrize("length", [0, 64, 511, 513])
def test_a_signature_of_another_length_is_never_attached(
    license_data: LicenseData, length: int
) -> None:
    with pytest.raises(MalformedDocument, match="512 bytes"):
        license_data.with_signature(bytes(length))


@pytest.mark.parametrize(
    ("field", "value"),
    [("tier", ""), ("tier", None), ("license_key", "x" * 257), ("lease_expires_at", "2025-12-29")],
)
def test_data_of_another_shape_cannot_be_made(
    license_data: LicenseData, field: str, value: object
) -> None:
    with pytest.raises(MalformedDocument):
        dataclasses.replace(license_data, **{field: value})  # type: ignore[arg-type]
