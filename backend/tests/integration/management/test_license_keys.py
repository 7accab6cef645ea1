"""What a license key gives now; whoever guesses at keys waits."""

import pytest

from management_api.guesses import GUESSES, MOST_PER_MINUTE, Guesses
from soft_state.errors import RateLimited
from tests.support.catalogue import VALIDATE, act, change, in_days, sell, stock
from tests.support.office import Office, People
from tests.support.plane import problem, without_request_id

UNKNOWN = "CDT1-00000-00000-00000-00000-00000-00000"


@pytest.fixture
def vendor(office: Office, alice: People) -> People:
    """Alice, with a product to sell."""
    stock(office, alice)
    return alice


def test_a_key_tells_what_it_gives(office: Office, vendor: People) -> None:
    sold = sell(office, vendor, entitlements=["export"])
    body = {"license_key": sold["license_key"].lower().replace("-", " ")}

    answer = office.call("POST", VALIDATE, vendor.viewer, json=body)

    assert answer.json() == {
        "license_id": sold["id"],
        "product": "studio",
        "state": "active",
        "tier": "pro",
        "seats": 1,
        "entitlements": ["export"],
        "expires_at": sold["expires_at"],
    }
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("state", ["suspended", "revoked", "expired"])
def test_a_key_tells_why_it_gives_nothing(office: Office, vendor: People, state: str) -> None:
    sold = sell(office, vendor)
    if state == "expired":
        change(office, vendor.admin, sold["id"], expires_at=in_days(-1))
    else:
        act(office, vendor.admin, sold["id"], {"suspended": "suspend", "revoked": "revoke"}[state])

    answer = office.call("POST", VALIDATE, vendor.viewer, json={"license_key": sold["license_key"]})

    assert answer.json()["state"] == state


def test_s11_anothers_key_is_as_unknown_as_any_text(
    office: Office, vendor: People, charlie: People
) -> None:
    key = sell(office, vendor)["license_key"]

    answers = [
        office.call("POST", VALIDATE, charlie.owner, json={"license_key": text})
        for text in (key, UNKNOWN, "no key of anybody", "~" * 256)
    ]

    assert {problem(answer) for answer in answers} == {(404, "not_found")}
    first, *others = [without_request_id(answer) for answer in answers]
    assert all(other == first for other in others)


def test_who_guesses_waits_and_others_do_not(office: Office, vendor: People) -> None:
    key = sell(office, vendor)["license_key"]

    def ask(who: dict[str, str], text: str) -> tuple[int, str]:
        answer = office.call("POST", VALIDATE, who, json={"license_key": text})
        return (200, "") if answer.is_success else problem(answer)

    guesses = [ask(vendor.viewer, UNKNOWN) for _ in range(MOST_PER_MINUTE + 1)]

    assert guesses[-1] == (429, "rate_limited")
    assert guesses[0] == (404, "not_found")
    assert ask(vendor.viewer, key) == (429, "rate_limited")
    assert ask(vendor.member, key) == (200, "")


def test_good_keys_are_never_counted() -> None:
    guesses = Guesses(clock=lambda: 0.0)

    for _ in range(10 * MOST_PER_MINUTE):
        guesses.refuse_who_guesses("alice")
    guesses.count("alice")

    guesses.refuse_who_guesses("alice")


def test_a_guesser_is_heard_again_after_a_while() -> None:
    seconds = [0.0]
    guesses = Guesses(clock=lambda: seconds[0])
    for _ in range(MOST_PER_MINUTE + 1):
        guesses.count("alice")

    with pytest.raises(RateLimited) as refusal:
        guesses.refuse_who_guesses("alice")
    seconds[0] += refusal.value.wait_seconds

    guesses.refuse_who_guesses("alice")
    assert GUESSES is not guesses
