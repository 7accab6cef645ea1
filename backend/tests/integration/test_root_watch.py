"""Every process follows the root that the database names: soon, safely, and without a restart."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from coditect_license_token import PublicKey, Roots, UnknownKey, open_keyset
from foundation.clock import utc_now
from signing import operations, queries
from signing.errors import SigningUnavailable
from signing.own_tokens import OwnTokens
from signing.published_keys import PublishedKeys
from signing.root import Root
from signing.root_watch import RootWatch
from signing.signer import Signer
from signing.wiring import present_root
from soft_state.notices import BOARD, Topic
from tests.support.clock import ManualClock
from tests.support.customer import Customer
from tests.support.databases import use_database
from tests.support.plane import ISSUER, Plane
from tests.support.roots import root_signer

FIRST, SECOND = "first", "second"
PATIENCE_SECONDS = 20

pytestmark = pytest.mark.usefixtures("db")


class Places:
    """Where signers are opened; some may be out of reach."""

    def __init__(self) -> None:
        self.signers: dict[str, Signer] = {FIRST: root_signer(0), SECOND: root_signer(1)}
        self.out_of_reach: set[str] = set()

    def __call__(self, location: str, stored: PublicKey) -> Signer:
        del stored
        if location in self.out_of_reach:
            raise SigningUnavailable("out of reach", retry_after_seconds=5)
        return self.signers[location]


@pytest.fixture
def places() -> Places:
    return Places()


@pytest.fixture
def root(places: Places) -> Root:
    operations.remember_root(places.signers[FIRST], now=utc_now(), location=FIRST)
    return Root()


@pytest.fixture
def followed() -> asyncio.Event:
    """What is set when a change was followed."""
    return asyncio.Event()


def a_watch(root: Root, places: Places, followed: asyncio.Event) -> RootWatch:
    async def then() -> None:
        followed.set()

    return RootWatch(root, places, clock=utc_now, then=then)


@pytest.fixture
def watch(root: Root, places: Places, followed: asyncio.Event) -> RootWatch:
    made = a_watch(root, places, followed)
    made.look()
    return made


def publish(places: Places) -> str:
    new = places.signers[SECOND]
    operations.publish_next(new, location=SECOND, link="a link", now=utc_now())
    return new.key_id


def switch(places: Places) -> None:
    operations.make_active(publish(places))


def signing(root: Root) -> tuple[str | None, list[str]]:
    """Name the active root, and those beside it."""
    keys = root.keys
    active = keys.active.key_id if keys.active is not None else None
    return active, [signer.key_id for signer in keys.beside]


ONE, TWO = 0, 1


def key_id(number: int) -> str:
    return root_signer(number).key_id


class TestLooking:
    def test_it_finds_the_active_root(self, watch: RootWatch, root: Root) -> None:
        assert signing(root) == (key_id(ONE), [])
        assert watch.look() is False

    def test_what_signs_already_is_not_opened_again(
        self, root: Root, places: Places, followed: asyncio.Event
    ) -> None:
        """As a server does: one looks while it starts, and another goes on."""
        a_watch(root, places, followed).look()
        before = root.keys
        places.out_of_reach.add(FIRST)

        assert a_watch(root, places, followed).look() is False
        assert root.keys is before

    def test_it_follows_a_switch_and_keeps_the_old_root_beside(
        self, watch: RootWatch, root: Root, places: Places
    ) -> None:
        switch(places)

        assert watch.look() is True
        assert signing(root) == (key_id(TWO), [key_id(ONE)])

    def test_a_root_laid_down_is_let_go(self, watch: RootWatch, root: Root, places: Places) -> None:
        switch(places)
        operations.lay_down(key_id(ONE), now=utc_now())
        watch.look()

        assert signing(root) == (key_id(TWO), [])

    def test_a_new_root_that_cannot_be_opened_leaves_the_old_one_signing(
        self, watch: RootWatch, root: Root, places: Places
    ) -> None:
        switch(places)
        places.out_of_reach.add(SECOND)
        watch.look()
        assert signing(root) == (key_id(ONE), [])

        places.out_of_reach.clear()
        watch.look()
        assert signing(root) == (key_id(TWO), [key_id(ONE)])

    def test_s16_a_revoked_root_signs_nothing_even_if_no_other_can_be_opened(
        self, watch: RootWatch, root: Root, places: Places
    ) -> None:
        publish(places)
        operations.revoke_root(key_id(ONE), now=utc_now())
        places.out_of_reach.add(SECOND)

        watch.look()

        assert signing(root) == (None, [])
        assert root.has_revoked(key_id(ONE))
        with pytest.raises(SigningUnavailable):
            _ = root.signer

    def test_s16_another_key_than_the_stored_one_is_not_taken(
        self, watch: RootWatch, root: Root, places: Places
    ) -> None:
        switch(places)
        places.signers[SECOND] = root_signer(2)

        watch.look()

        assert signing(root) == (key_id(ONE), [])

    def test_while_the_database_is_away_all_stays(
        self, watch: RootWatch, root: Root, tmp_path: Path
    ) -> None:
        use_database(tmp_path / "no-such-folder" / "license.sqlite3")

        assert watch.look() is False
        assert signing(root) == (key_id(ONE), [])


def test_a_notice_is_followed_at_once(
    watch: RootWatch, root: Root, places: Places, followed: asyncio.Event
) -> None:
    publish(places)
    watch.look()

    async def until_changed() -> None:
        await watch.start()
        unlisten = BOARD.listen(Topic.KEY_SET, watch.expire)
        try:
            await asyncio.to_thread(operations.make_active, key_id(TWO))
            await asyncio.wait_for(followed.wait(), PATIENCE_SECONDS)
        finally:
            unlisten()
            await watch.stop()

    asyncio.run(until_changed())

    assert signing(root) == (key_id(TWO), [key_id(ONE)])


def test_a_notice_after_the_end_does_nothing(watch: RootWatch) -> None:
    async def live() -> None:
        await watch.start()
        await watch.stop()

    asyncio.run(live())
    watch.expire()


class TestPublishing:
    def test_each_root_that_signs_makes_an_edition_the_oldest_first(
        self, watch: RootWatch, root: Root, places: Places
    ) -> None:
        publish(places)
        watch.look()
        now = int(utc_now().timestamp())

        document = PublishedKeys(root, issuer=ISSUER).document(now)

        assert [edition["kid"] for edition in document["editions"]] == [key_id(ONE), key_id(TWO)]
        assert document["keyset"] == document["editions"][0]["keyset"]
        assert document["links"] == ["a link"]
        for edition in document["editions"]:
            signer = next(one for one in places.signers.values() if one.key_id == edition["kid"])
            open_keyset(edition["keyset"], roots=Roots([signer.public_key]), now=now)

    def test_s16_a_revoked_root_makes_none_even_before_the_process_has_heard(
        self, watch: RootWatch, root: Root, places: Places
    ) -> None:
        publish(places)
        watch.look()
        operations.revoke_root(key_id(ONE), now=utc_now())

        document = PublishedKeys(root, issuer=ISSUER).document(int(utc_now().timestamp()))

        assert [edition["kid"] for edition in document["editions"]] == [key_id(TWO)]

    def test_a_change_of_the_roots_shows_at_once_in_what_is_published(
        self, watch: RootWatch, root: Root, places: Places
    ) -> None:
        now = int(utc_now().timestamp())
        published = PublishedKeys(root, issuer=ISSUER)
        published.document(now)
        publish(places)
        watch.look()
        published.expire()
        assert len(published.document(now)["editions"]) == 2

        operations.make_active(key_id(TWO))
        operations.lay_down(key_id(ONE), now=utc_now())
        watch.look()

        assert [one["kid"] for one in published.document(now)["editions"]] == [key_id(TWO)]


@pytest.fixture
def plane(db: Path, tmp_path: Path) -> Iterator[Plane]:
    with Plane(db, tmp_path) as running:
        yield running


def test_a_token_of_a_revoked_key_brings_no_session_back(plane: Plane) -> None:
    alice = Customer("alice", seats=3, key_auth=True)
    answer = plane.acquire(alice, "laptop").json()
    tokens = OwnTokens(issuer=ISSUER, clock=ManualClock(utc_now()))
    assert tokens.open(answer["license_token"], answer["delegation"]).seq >= 1
    stolen = plane.seals.license_token(plane.claims(answer)).key_id

    operations.revoke_name(stolen, is_session=False, now=utc_now())
    tokens.expire()

    with pytest.raises(UnknownKey, match="revoked"):
        tokens.open(answer["license_token"], answer["delegation"])


class TestStarting:
    def test_the_database_wins_over_the_settings_and_a_warning_names_both(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        first, other = tmp_path / "root-key.pem", tmp_path / "root-key-2.pem"
        with override_settings(LICENSE_ROOT_KEY_FILE=first):
            begun = present_root().signer.key_id
        caplog.clear()
        with override_settings(LICENSE_ROOT_KEY_FILE=first.with_name("root-key-9.pem")):
            other.touch()
            (tmp_path / "root-key-9.pem").touch()
            with pytest.raises(Exception, match="cannot be opened"):
                present_root()

        assert "file:root-key.pem, as the database says, not the one of the settings" in caplog.text
        assert queries.active_key() is not None
        with override_settings(LICENSE_ROOT_KEY_FILE=first):
            assert present_root().signer.key_id == begun

    def test_a_restored_database_counts_past_what_clients_have_seen(self, root: Root) -> None:
        before = queries.key_set_version()

        operations.outrun_backup()

        assert root.keys.active is None
        assert queries.key_set_version() == before + 1_000
