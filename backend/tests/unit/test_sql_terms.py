"""Terms read from the text that a statement answers."""

import json
from dataclasses import dataclass

import msgspec
import pytest

from leasing.stores.sql.terms import read_terms

TENANT = "0f50aba6-a2b3-4313-97f1-3fafbf53c90f"
LICENSE = "01a20393-342b-7730-b376-05e4a7bb3c59"


@dataclass(frozen=True)
class Said:
    tenant: str = TENANT
    license: str = LICENSE
    seats: int = 10

    def text(self) -> msgspec.Raw:
        members = [self.tenant, self.license, "demo", "pro", ["a"], self.seats, 0, "active"]
        rest = ["2027-01-01T00:00:00.000000Z", 360, 120, True]
        return msgspec.Raw(json.dumps(members + rest).encode())


def test_ids_have_dashes_however_the_database_keeps_them() -> None:
    bare = read_terms(Said(TENANT.replace("-", ""), LICENSE.replace("-", "")).text())

    assert (bare.tenant_id, bare.license_id) == (TENANT, LICENSE)
    assert bare == read_terms(Said().text())


def test_another_text_says_something_else() -> None:
    assert read_terms(Said(seats=10).text()).seats == 10
    assert read_terms(Said(seats=11).text()).seats == 11
    assert read_terms(Said(seats=10).text()) is read_terms(Said(seats=10).text())


def test_a_text_that_says_no_terms_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        read_terms(msgspec.Raw(b'["x"]'))
