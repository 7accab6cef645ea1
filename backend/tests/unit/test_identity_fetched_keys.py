"""Issuers' keys, remembered: how often an issuer is asked, and what an outage or a flood does."""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from identity.errors import IssuerUnavailable, KeysNotFetched, UnusableIssuer
from identity.fetched_keys import MOST_WAITING, FetchedKeys, KeySources, in_thread
from identity.issuers import issuer_keys, usable_keys
from identity.key_address import FetchedKeySet, KeyAddress
from identity.key_fetching import fresh_seconds
from tests.support.waiting import until

ADDRESS: Final = KeyAddress("https://issuer.example", "", frozenset({"Ed25519"}))
JWK: Final = OKPKey.import_key(Ed25519PrivateKey.generate()).as_dict(private=False)
HOUR: Final = 3_600.0


def keys(*key_ids: str) -> FetchedKeySet:
    members = [{**JWK, "kid": key_id} for key_id in key_ids]
    return FetchedKeySet(issuer_keys({"keys": members}, ["Ed25519"]), int(HOUR))


class IssuerOfTests:
    """Publishes keys, or is away; counts how often it was asked. Time stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.published: FetchedKeySet | None = keys("k1")
        self.asked = 0
        self.begun: list[Callable[[], None]] = []

    def fetch(self, address: KeyAddress) -> FetchedKeySet:
        assert address is ADDRESS
        self.asked += 1
        if self.published is None:
            raise KeysNotFetched("away")
        return self.published

    def at_once(self, work: Callable[[], None]) -> None:
        work()

    def later(self, work: Callable[[], None]) -> None:
        self.begun.append(work)

    def remembered(self, start: Callable[[Callable[[], None]], None] | None = None) -> FetchedKeys:
        return FetchedKeys(ADDRESS, self.fetch, clock=lambda: self.now, start=start or self.at_once)


@pytest.fixture
def issuer() -> IssuerOfTests:
    return IssuerOfTests()


def test_keys_are_fetched_for_the_first_token_and_then_known(issuer: IssuerOfTests) -> None:
    remembered = issuer.remembered()
    assert issuer.asked == 0

    found = [remembered.get("k1") for _ in range(100)]

    assert issuer.asked == 1
    assert {key.key_id for key in found if key is not None} == {"k1"}


def test_they_are_fetched_anew_early_and_beside_the_calls(issuer: IssuerOfTests) -> None:
    remembered = issuer.remembered()
    remembered.get("k1")
    remembered._start = issuer.later

    issuer.now += HOUR * 0.79
    remembered.get("k1")
    assert issuer.begun == []
    issuer.now += HOUR * 0.01
    for _ in range(10):
        assert remembered.get("k1") is not None

    assert len(issuer.begun) == 1
    assert issuer.asked == 1


def test_stale_keys_are_asked_for_before_one_is_believed(issuer: IssuerOfTests) -> None:
    remembered = issuer.remembered()
    remembered.get("k1")
    issuer.published = keys("k2")

    issuer.now += HOUR

    assert remembered.get("k1") is None
    assert remembered.get("k2") is not None


def test_while_the_issuer_is_away_its_keys_are_believed_for_24_hours(
    issuer: IssuerOfTests,
) -> None:
    remembered = issuer.remembered()
    remembered.get("k1")
    issuer.published = None

    for _ in range(24 * 60 - 1):
        issuer.now += 60
        assert remembered.get("k1") is not None
    issuer.now += 60

    with pytest.raises(IssuerUnavailable) as away:
        remembered.get("k1")
    assert away.value.retry_after_seconds == 30
    assert issuer.asked <= 24 * 60 * 2

    issuer.now += 30
    issuer.published = keys("k1")
    assert remembered.get("k1") is not None


def test_an_issuer_that_was_never_reached_is_no_bad_credential(issuer: IssuerOfTests) -> None:
    issuer.published = None
    remembered = issuer.remembered()

    for _ in range(100):
        with pytest.raises(IssuerUnavailable):
            remembered.get("k1")

    assert issuer.asked == 1


def test_a_new_key_is_found_with_its_first_token(issuer: IssuerOfTests) -> None:
    remembered = issuer.remembered()
    remembered.get("k1")
    issuer.now += 30
    issuer.published = keys("k1", "k2")

    assert remembered.get("k2") is not None
    assert issuer.asked == 2


def test_a_flood_of_unknown_key_ids_asks_the_issuer_once_in_30_seconds(
    issuer: IssuerOfTests,
) -> None:
    remembered = issuer.remembered()
    remembered.get("k1")

    for second in range(300):
        for number in range(20):
            assert remembered.get(f"{second}-{number}") is None
        assert remembered.get("k1") is not None
        issuer.now += 1

    assert issuer.asked == 1 + 300 // 30 - 1


def test_a_flood_while_the_issuer_is_silent_holds_up_few_calls(issuer: IssuerOfTests) -> None:
    """S17: threads that wait for one fetch are few; the others are answered from what is known."""
    remembered = issuer.remembered()
    remembered.get("k1")
    issuer.now += 30
    answered = threading.Event()
    published = keys("k1", "k2")

    def slow(address: KeyAddress) -> FetchedKeySet:
        assert answered.wait(10)
        return published

    remembered._fetch, remembered._start = slow, in_thread
    with ThreadPoolExecutor(16) as pool:
        asking = [pool.submit(remembered.get, "k2") for _ in range(16)]
        until(lambda: sum(call.done() for call in asking) >= 16 - MOST_WAITING)
        assert remembered.get("k1") is not None
        answered.set()
        found = [call.result(10) for call in asking]

    assert sum(key is not None for key in found) == MOST_WAITING


def test_many_threads_that_come_at_once_have_one_fetch(issuer: IssuerOfTests) -> None:
    remembered = issuer.remembered(in_thread)

    def ask(_: int) -> bool:
        try:
            return remembered.get("k1") is not None
        except IssuerUnavailable:
            return False  # came fifth or later, while the first four waited

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(ask, range(200)))

    assert issuer.asked == 1
    assert remembered.get("k1") is not None


def test_one_address_is_remembered_once_for_all_who_read_the_rows(issuer: IssuerOfTests) -> None:
    sources = KeySources(issuer.fetch)
    same = KeyAddress("https://issuer.example", "", frozenset({"Ed25519"}))

    assert sources.keys_of(ADDRESS) is sources.keys_of(same)
    assert sources.keys_of(ADDRESS) is not sources.keys_of(
        KeyAddress("https://other.example", "", frozenset({"Ed25519"}))
    )


class TestSetsOfOthers:
    STRANGE: Final[tuple[dict[str, Any], ...]] = (
        {"kty": "EC", "crv": "P-256", "kid": "ec", "x": "AA", "y": "AA"},
        {"kty": "RSA", "kid": "short", "n": "AQAB", "e": "AQAB"},
        {"kty": "oct", "kid": "secret", "k": "AAAA"},
        {**JWK},
        {**JWK, "kid": "enc", "use": "enc"},
        {**JWK, "kid": "private", "d": "AAAA"},
        {"kty": "future", "kid": "future"},
        {},
    )

    def test_what_cannot_be_used_is_left_out(self) -> None:
        found = usable_keys({"keys": [*self.STRANGE, {**JWK, "kid": "good"}]}, ["Ed25519"])

        assert set(found) == {"good"}

    def test_inline_it_is_a_mistake_to_see(self) -> None:
        for strange in self.STRANGE:
            with pytest.raises(UnusableIssuer):
                issuer_keys({"keys": [strange, {**JWK, "kid": "good"}]}, ["Ed25519"])

    def test_a_key_id_of_two_keys_names_none(self) -> None:
        other = OKPKey.import_key(Ed25519PrivateKey.generate()).as_dict(private=False)
        twice = [{**JWK, "kid": "k"}, {**other, "kid": "k"}, {**JWK, "kid": "good"}]

        assert set(usable_keys({"keys": twice}, ["Ed25519"])) == {"good"}

    @pytest.mark.parametrize(
        "jwks", [{}, {"keys": []}, {"keys": {}}, {"keys": [1]}, {"keys": [JWK]}]
    )
    def test_a_set_without_a_usable_key_is_none(self, jwks: dict[str, object]) -> None:
        with pytest.raises(UnusableIssuer):
            usable_keys(jwks, ["Ed25519"])

    def test_a_set_beyond_100_keys_is_none(self) -> None:
        many = [{**JWK, "kid": str(number)} for number in range(101)]

        with pytest.raises(UnusableIssuer):
            usable_keys({"keys": many}, ["Ed25519"])


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 3_600),
        ({"cache-control": "public, max-age=21600, must-revalidate"}, 21_600),
        ({"cache-control": "MAX-AGE = 7200"}, 7_200),
        ({"cache-control": "max-age=21600", "age": "3600"}, 18_000),
        ({"cache-control": "max-age=21600", "age": "-1"}, 21_600),
        ({"cache-control": "max-age=0"}, 300),
        ({"cache-control": "max-age=99999999999"}, 43_200),
        ({"cache-control": "max-age=31536000"}, 43_200),
        ({"cache-control": "no-store"}, 300),
        ({"cache-control": "No-Cache, max-age=7200"}, 300),
        ({"cache-control": "s-maxage=21600"}, 3_600),
        ({"cache-control": "max-age=-5"}, 3_600),
    ],
)
def test_keys_are_fresh_as_long_as_the_issuer_says_within_bounds(
    headers: dict[str, str], seconds: int
) -> None:
    assert fresh_seconds(headers) == seconds


@pytest.mark.parametrize(
    "uri",
    [
        *("http://issuer.example/keys", "ftp://issuer.example/keys", "issuer.example/keys"),
        *("https://", "https:///keys", "https://user@issuer.example/", "https://a:b@c.example/"),
        *("https://issuer.example/#keys", "https://[::1/keys", "file:///etc/passwd"),
    ],
)
def test_an_address_that_is_not_plain_https_is_a_mistake_to_see(uri: str) -> None:
    with pytest.raises(UnusableIssuer):
        KeyAddress("https://issuer.example", uri, frozenset({"RS256"}))
    with pytest.raises(UnusableIssuer):
        KeyAddress(uri, "", frozenset({"RS256"}))


def test_a_server_that_fetches_nothing_loads_no_http_client(tmp_path: Path) -> None:
    program = (
        "import django; django.setup()\n"
        "import coditect_license.server, identity.wiring as wiring, sys\n"
        "wiring.key_sources_from_settings()\n"
        "print('httpx' in sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "DJANGO_SETTINGS_MODULE": "coditect_license.settings",
            "LICENSE_PROFILE": "embedded",
            "LICENSE_DATA_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert ended.stdout == "False\n"
