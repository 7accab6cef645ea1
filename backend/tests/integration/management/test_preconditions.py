"""Nobody overwrites what he has not seen."""

import threading

import pytest

from licenses.models import Product
from tests.support.office import PRODUCTS, Office, People
from tests.support.plane import problem


@pytest.fixture
def address(office: Office, alice: People) -> str:
    made = office.call("POST", PRODUCTS, alice.admin, json={"code": "studio", "name": "Studio"})
    return made.headers["location"]


def rename(office: Office, who: dict[str, str], address: str, etag: str, name: str) -> int:
    headers = {"if-match": etag}
    return office.call("PATCH", address, who, json={"name": name}, headers=headers).status_code


def test_a_change_names_the_state_it_changes(office: Office, alice: People, address: str) -> None:
    seen = office.call("GET", address, alice.viewer)

    changed = office.call(
        "PATCH",
        address,
        alice.admin,
        json={"name": "Atelier"},
        headers={"if-match": seen.headers["etag"]},
    )

    assert changed.json()["name"] == "Atelier"
    assert changed.headers["etag"] != seen.headers["etag"]
    assert office.call("GET", address, alice.viewer).headers["etag"] == changed.headers["etag"]


def test_a_change_that_names_no_state_is_refused(
    office: Office, alice: People, address: str
) -> None:
    answer = office.call("PATCH", address, alice.admin, json={"name": "Atelier"})

    assert problem(answer) == (428, "precondition_required")


def test_a_change_of_a_state_that_is_gone_is_refused(
    office: Office, alice: People, address: str
) -> None:
    etag = office.call("GET", address, alice.viewer).headers["etag"]
    rename(office, alice.admin, address, etag, "First")

    answer = office.call(
        "PATCH", address, alice.admin, json={"name": "Second"}, headers={"if-match": etag}
    )

    assert problem(answer) == (412, "precondition_failed")
    assert Product.across_tenants.get().name == "First"


@pytest.mark.parametrize(
    ("form", "status"),
    [("*", 200), ('"other", {}', 200), ("W/{}", 412), ("unquoted", 412), ("", 412), ('"x"', 412)],
)
def test_if_match_is_read_as_http_has_it(
    office: Office, alice: People, address: str, form: str, status: int
) -> None:
    etag = office.call("GET", address, alice.viewer).headers["etag"]

    assert rename(office, alice.admin, address, form.format(etag), "Atelier") == status


def test_an_action_may_name_the_state_it_changes(
    office: Office, alice: People, address: str
) -> None:
    stale = office.call("POST", f"{address}archive/", alice.admin, headers={"if-match": '"stale"'})

    assert problem(stale) == (412, "precondition_failed")
    assert Product.across_tenants.get().archived_at is None


def test_of_two_who_saw_the_same_one_changes_it(either_office: Office) -> None:
    alice = either_office.tenant("alice")
    made = either_office.call("POST", PRODUCTS, alice.admin, json={"code": "a", "name": "A"})
    statuses: list[int] = []
    together = threading.Barrier(4)

    def change(number: int) -> None:
        together.wait()
        statuses.append(
            rename(
                either_office,
                alice.admin,
                made.headers["location"],
                made.headers["etag"],
                f"Name {number}",
            )
        )

    threads = [threading.Thread(target=change, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200, 412, 412, 412]
