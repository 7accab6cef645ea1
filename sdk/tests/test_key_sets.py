"""How a client learns of new roots and of revoked keys, and what it refuses to learn."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from coditect_license_sdk import Lease, LicenseClient, VerificationFailed
from coditect_license_sdk._trust import Edition, KeyNews, Trust
from coditect_license_sdk.testing import Deed, FakeLicenseServer, ManualClock
from coditect_license_token import (
    KeySet,
    KeySetEntry,
    KeyStatus,
    Revocations,
    Roots,
    seal_keyset,
    seal_revocations,
)
from coditect_license_token.testing import InMemorySigner

MakeClient = Callable[..., LicenseClient]
NOW = 1_800_000_000
DAY = 86_400
ISSUER = "https://licenses.example"
NEXT, ACTIVE, RETIRED, REVOKED = KeyStatus


@pytest.fixture(scope="session")
def third_root() -> InMemorySigner:
    return InMemorySigner.generate_root()


@pytest.fixture
def first(server: FakeLicenseServer) -> InMemorySigner:
    return server.mint.root


@pytest.fixture
def trust(first: InMemorySigner) -> Trust:
    """What a client believes that pinned the first root."""
    return Trust(Roots([first.public_key]))


Statuses = dict[InMemorySigner, KeyStatus]


def keyset(version: int, statuses: Statuses, *, issued_at: int = NOW) -> KeySet:
    entries = (
        KeySetEntry(key=root.public_key, status=status, not_before=1)
        for root, status in statuses.items()
    )
    return KeySet(
        issuer=ISSUER,
        version=version,
        issued_at=issued_at,
        expires_at=issued_at + DAY,
        min_profile=1,
        entries=tuple(entries),
    )


def edition(
    by: InMemorySigner, keys: KeySet, *, revoked: tuple[str, ...] = (), list_version: int = 0
) -> Edition:
    """Sign a key set and its revocation list."""
    listed = Revocations(
        issuer=ISSUER,
        version=list_version or keys.version,
        issued_at=keys.issued_at,
        expires_at=keys.expires_at,
        key_ids=revoked,
    )
    return Edition(keyset=seal_keyset(keys, root=by), revocations=seal_revocations(listed, root=by))


def news(*editions: Edition, links: tuple[str, ...] = ()) -> KeyNews:
    return KeyNews(editions=editions, links=links)


def link(old: InMemorySigner, new: InMemorySigner) -> str:
    return seal_keyset(keyset(1, {old: ACTIVE, new: NEXT}), root=old)


class TestTrust:
    def test_an_edition_of_any_root_that_is_believed_will_do(
        self, trust: Trust, first: InMemorySigner, other_root: InMemorySigner
    ) -> None:
        keys = keyset(2, {first: RETIRED, other_root: ACTIVE})

        trust.absorb(news(edition(other_root, keys), edition(first, keys)), now=NOW)

        assert set(trust.roots) == {first.public_key, other_root.public_key}

    def test_links_lead_to_a_root_two_rotations_away(
        self,
        trust: Trust,
        first: InMemorySigner,
        other_root: InMemorySigner,
        third_root: InMemorySigner,
    ) -> None:
        keys = keyset(9, {first: RETIRED, other_root: RETIRED, third_root: ACTIVE})
        links = (link(first, other_root), link(other_root, third_root))

        with pytest.raises(VerificationFailed):
            trust.absorb(news(edition(third_root, keys)), now=NOW)
        trust.absorb(news(edition(third_root, keys), links=links), now=NOW)

        assert third_root.public_key in trust.roots

    def test_what_was_kept_is_believed_again_however_old(
        self,
        trust: Trust,
        first: InMemorySigner,
        other_root: InMemorySigner,
        third_root: InMemorySigner,
    ) -> None:
        keys = keyset(9, {first: RETIRED, other_root: RETIRED, third_root: ACTIVE})
        links = (link(first, other_root), link(other_root, third_root))
        trust.absorb(news(edition(third_root, keys, revoked=("x",)), links=links), now=NOW)
        assert trust.news is not None

        restarted = Trust(Roots([first.public_key]), lowest_version=9)
        restarted.recall(trust.news)

        assert set(restarted.roots) == set(trust.roots)
        assert restarted.revoked == {"x"}

    def test_no_links_are_kept_that_are_not_needed(
        self, trust: Trust, first: InMemorySigner, other_root: InMemorySigner
    ) -> None:
        keys = keyset(2, {first: RETIRED, other_root: ACTIVE})
        both = (edition(other_root, keys), edition(first, keys))

        trust.absorb(news(*both, links=(link(first, other_root),)), now=NOW)

        assert trust.news == news(both[1])

    def test_a_lower_version_is_refused(self, trust: Trust, first: InMemorySigner) -> None:
        trust.absorb(news(edition(first, keyset(5, {first: ACTIVE}))), now=NOW)

        with pytest.raises(VerificationFailed, match="below 5"):
            trust.absorb(news(edition(first, keyset(4, {first: ACTIVE}))), now=NOW)

    def test_an_expired_set_is_refused_and_what_was_believed_stays(
        self, trust: Trust, first: InMemorySigner, other_root: InMemorySigner
    ) -> None:
        trust.absorb(news(edition(first, keyset(2, {first: ACTIVE, other_root: NEXT}))), now=NOW)

        frozen = news(edition(first, keyset(3, {first: ACTIVE})))
        with pytest.raises(VerificationFailed):
            trust.absorb(frozen, now=NOW + DAY)

        assert set(trust.roots) == {first.public_key, other_root.public_key}
        assert trust.version == 2

    def test_a_set_signed_by_a_revoked_key_is_refused(
        self, trust: Trust, first: InMemorySigner, other_root: InMemorySigner
    ) -> None:
        published = keyset(2, {first: ACTIVE, other_root: NEXT})
        trust.absorb(news(edition(first, published)), now=NOW)
        revoking = keyset(3, {first: REVOKED, other_root: ACTIVE})
        trust.absorb(news(edition(other_root, revoking, revoked=(first.key_id,))), now=NOW)
        assert set(trust.roots) == {other_root.public_key}

        stolen = news(edition(first, keyset(4, {first: ACTIVE})), links=(link(other_root, first),))
        with pytest.raises(VerificationFailed):
            trust.absorb(stolen, now=NOW)

        assert trust.version == 3

    def test_after_a_restart_the_revoked_root_stays_revoked_although_it_is_pinned(
        self, trust: Trust, first: InMemorySigner, other_root: InMemorySigner
    ) -> None:
        revoking = keyset(3, {first: REVOKED, other_root: ACTIVE})
        told = news(edition(other_root, revoking), links=(link(first, other_root),))
        trust.absorb(told, now=NOW)
        assert trust.news is not None

        restarted = Trust(Roots([first.public_key]), lowest_version=3)
        restarted.recall(trust.news)

        assert set(restarted.roots) == {other_root.public_key}
        with pytest.raises(VerificationFailed):
            restarted.absorb(news(edition(first, keyset(4, {first: ACTIVE}))), now=NOW)

    def test_no_root_speaks_of_its_own_end(
        self, trust: Trust, first: InMemorySigner, other_root: InMemorySigner
    ) -> None:
        suicide = keyset(2, {first: REVOKED, other_root: ACTIVE})

        with pytest.raises(VerificationFailed):
            trust.absorb(news(edition(first, suicide)), now=NOW)

        assert set(trust.roots) == {first.public_key}

    def test_a_revocation_list_of_another_version_is_refused(
        self, trust: Trust, first: InMemorySigner
    ) -> None:
        mixed = edition(first, keyset(3, {first: ACTIVE}), list_version=2)

        with pytest.raises(VerificationFailed, match="another version"):
            trust.absorb(news(mixed), now=NOW)

    def test_a_list_once_seen_cannot_be_left_out(self, trust: Trust, first: InMemorySigner) -> None:
        trust.absorb(news(edition(first, keyset(2, {first: ACTIVE}), revoked=("x",))), now=NOW)

        bare = dataclasses.replace(edition(first, keyset(3, {first: ACTIVE})), revocations=None)
        with pytest.raises(VerificationFailed, match="without its revocation list"):
            trust.absorb(news(bare), now=NOW)

        assert trust.revoked == {"x"}

    @pytest.mark.parametrize(
        ("age", "dice", "is_due"),
        [
            (0, 0.0, False),
            (0.49, 0.0, False),
            (0.5, 0.0, True),
            (0.7, 1.0, False),
            (0.75, 1.0, True),
        ],
    )
    def test_a_newer_set_is_wanted_from_half_of_its_life_on(
        self, trust: Trust, first: InMemorySigner, age: float, dice: float, is_due: bool
    ) -> None:
        trust.absorb(news(edition(first, keyset(2, {first: ACTIVE}))), now=NOW)

        now = int(NOW + age * DAY)

        assert trust.is_due(now, dice=dice, signing_root_id=first.key_id) is is_due

    def test_a_newer_set_is_wanted_when_another_root_signs(
        self, trust: Trust, first: InMemorySigner, other_root: InMemorySigner
    ) -> None:
        assert trust.is_due(NOW, dice=1.0, signing_root_id=first.key_id)

        trust.absorb(news(edition(first, keyset(2, {first: ACTIVE, other_root: NEXT}))), now=NOW)

        assert not trust.is_due(NOW, dice=1.0, signing_root_id=first.key_id)
        assert trust.is_due(NOW, dice=1.0, signing_root_id=other_root.key_id)


def answer(*editions: Edition, links: tuple[str, ...] = ()) -> bytes:
    """Write what a server answers about its keys."""
    members = [
        {"kid": "as it says", "keyset": one.keyset, "revocations": one.revocations}
        for one in editions
    ]
    return json.dumps(
        {"keyset": editions[0].keyset, "editions": members, "links": links, "version": 1}
    ).encode()


def let_pass(clock: ManualClock, seconds: int) -> None:
    for _ in range(seconds // 5):
        clock.advance(5)
        clock.settle()


@pytest.fixture
def kept(client: LicenseClient, clock: ManualClock) -> Lease:
    lease = client.acquire()
    clock.settle()
    return lease


class TestAsking:
    def test_the_first_renewal_brings_the_key_set_and_it_is_kept_on_disk(
        self, kept: Lease, client: LicenseClient, clock: ManualClock, server: FakeLicenseServer
    ) -> None:
        assert server.count(Deed.KEYS) == 0

        let_pass(clock, 600)

        assert server.count(Deed.KEYS) == 1
        assert client._cache.load().keyset_version == 1
        kept.release()

    def test_s2_what_goes_wrong_with_key_sets_hurts_no_lease(
        self, kept: Lease, clock: ManualClock, server: FakeLicenseServer
    ) -> None:
        server.fail_next(500, deed=Deed.KEYS)
        let_pass(clock, 600)
        server.answer_next(200, b"no JSON", deed=Deed.KEYS)
        let_pass(clock, 3_600)
        server.answer_next(200, b'{"keyset": "a.b.c", "editions": 7}', deed=Deed.KEYS)
        let_pass(clock, 3_600)

        assert server.count(Deed.KEYS) == 3
        assert kept.is_valid()
        assert kept.reason is None
        let_pass(clock, 3_600)
        assert server.count(Deed.KEYS) == 4
        assert kept._holding.trust.version == 1
        kept.release()

    def test_a_client_whose_clock_is_wrong_takes_the_set_by_the_servers_time(
        self, server: FakeLicenseServer, clock: ManualClock, tmp_path: Path
    ) -> None:
        off = ManualClock(wall_seconds=1.0)
        lease = LicenseClient(
            server.url,
            license_key=server.license_key,
            roots=server.roots,
            hardware_id="device-2",
            cache_dir=tmp_path,
            clock=off,
        ).acquire()
        off.settle()
        keys = keyset(7, {server.mint.root: ACTIVE}, issued_at=int(clock.wall_seconds()))
        server.answer_next(200, answer(edition(server.mint.root, keys)), deed=Deed.KEYS)

        let_pass(off, 300)

        assert lease._holding.trust.version == 7
        lease.release()

    def test_a_program_with_an_older_set_does_not_lower_what_another_has_seen(
        self, make_client: MakeClient, first: InMemorySigner
    ) -> None:
        newer, older = make_client(), make_client()
        newer._trust.absorb(news(edition(first, keyset(5, {first: ACTIVE}))), now=NOW)
        newer.acquire(keep=False)

        older.acquire(keep=False)

        restarted = make_client()
        assert restarted._trust.version == 5
        with pytest.raises(VerificationFailed, match="below 5"):
            restarted._trust.absorb(news(edition(first, keyset(4, {first: ACTIVE}))), now=NOW)


class TestRevocation:
    def test_a_token_of_a_revoked_key_is_refused_and_the_next_key_is_taken(
        self, make_client: MakeClient, server: FakeLicenseServer, first: InMemorySigner
    ) -> None:
        client = make_client()
        stolen = server.mint.signer.key_id
        keys = keyset(2, {first: ACTIVE})
        client._trust.absorb(news(edition(first, keys, revoked=(stolen,))), now=NOW)

        with pytest.raises(VerificationFailed, match="revoked"):
            client.acquire()

        server.change_root(first)
        assert client.acquire(keep=False).is_valid()

    def test_a_kept_lease_of_a_revoked_session_starts_no_program(
        self, make_client: MakeClient, first: InMemorySigner
    ) -> None:
        client = make_client()
        session = client.acquire(keep=False).session_id
        listed = edition(first, keyset(2, {first: ACTIVE}), revoked=(session,))
        assert client.kept_lease() is not None

        client._trust.absorb(news(listed), now=NOW)

        assert client.kept_lease() is None
