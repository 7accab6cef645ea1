"""Both documents, sealed; and what happens when they cannot be."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from threading import Event

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from coditect_license_token import (
    Algorithm,
    LicenseData,
    LicenseToken,
    PublicKey,
    Roots,
    hardware_binding,
    open_delegation,
    open_license_data,
    open_license_token,
)
from signing.delegation import DelegatedSigner
from signing.errors import OutsideMandate, SigningUnavailable
from signing.local import LocalSigner
from signing.root import Root, RootKeys
from signing.seals import SealedToken, Seals

ISSUER = "https://licenses.example"
START = 1_800_000_000
PATIENCE_SECONDS = 20


class HandClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.seconds = START

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)


class UnsteadyRoot:
    """A root whose signing is preceded by a deed of the test's choice, and may be spoiled."""

    def __init__(self, root: LocalSigner) -> None:
        self._root = root
        self.before: Callable[[], object] = lambda: None
        self.spoil: Callable[[bytes], bytes] = bytes
        self.has_signed = Event()

    @property
    def algorithm(self) -> Algorithm:
        return self._root.algorithm

    @property
    def key_id(self) -> str:
        return self._root.key_id

    @property
    def public_key(self) -> PublicKey:
        return self._root.public_key

    def sign(self, message: bytes) -> bytes:
        self.before()
        signature = self.spoil(self._root.sign(message))
        self.has_signed.set()
        return signature


def away() -> None:
    raise SigningUnavailable("the root is away", retry_after_seconds=5)


@pytest.fixture(scope="session")
def local_root(tmp_path_factory: pytest.TempPathFactory) -> LocalSigner:
    return LocalSigner.open(tmp_path_factory.getbasetemp() / "signing-root-key.pem")


@pytest.fixture
def root(local_root: LocalSigner) -> UnsteadyRoot:
    return UnsteadyRoot(local_root)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def next_root() -> LocalSigner:
    return LocalSigner(generate_private_key(65537, 4096))


@pytest.fixture
def present(root: UnsteadyRoot) -> Root:
    return Root(root)


@pytest.fixture
def delegated(present: Root, clock: HandClock) -> DelegatedSigner:
    return DelegatedSigner(present, issuer=ISSUER, clock=clock, tiers=("PRO",), jitter=lambda: 0.0)


@pytest.fixture
def seals(present: Root, delegated: DelegatedSigner) -> Iterator[Seals]:
    made = Seals(present, delegated, direct_signing=True, most_waiting=2)
    yield made
    asyncio.run(made.stop())


def data(key_id: str) -> LicenseData:
    return LicenseData(
        license_key="AAAAA-BBBBB",
        session_id="6f0c2c62-9a35-4a1e-9f0b-2d8a54c0a001",
        tier="PRO",
        expires_at="2027-12-29T04:35:35.407120+00:00",
        signed_at="2027-01-15T08:00:00.000000+00:00",
        hardware_id="device",
        lease_expires_at="2027-01-15T08:06:00.000000+00:00",
        key_id=key_id,
    )


def claims(**changes: object) -> LicenseToken:
    given: dict[str, object] = {
        "issuer": ISSUER,
        "audience": "product",
        "issued_at": START,
        "expires": START + 360,
        "session_id": "6f0c2c62-9a35-4a1e-9f0b-2d8a54c0a001",
        "tenant_id": "0b7c6a52-7d5c-4f0e-8c43-52f9c57be001",
        "license_id": "b1946ac9-2ddf-4f59-a5a8-2d4d95c3a001",
        "tier": "PRO",
        "entitlements": ("export",),
        "hardware_binding": hardware_binding("b1946ac9-2ddf-4f59-a5a8-2d4d95c3a001", "device"),
        "gen": 1,
        "seq": 1,
        "license_expires_at": "2027-12-29T04:35:35.407120+00:00",
    }
    return LicenseToken(**{**given, **changes})  # type: ignore[arg-type]  # one dict, many types


def opened(sealed: SealedToken, root: UnsteadyRoot, *, now: int) -> LicenseToken:
    """Read a sealed token as a client would, from the root down."""
    delegation = open_delegation(
        sealed.delegation, roots=Roots([root.public_key]), now=now, issuer=ISSUER
    )
    return open_license_token(
        sealed.token, delegation=delegation, now=now, audience="product", hardware_id="device"
    )


class TestLicenseData:
    def test_it_verifies_under_the_root(self, seals: Seals, root: UnsteadyRoot) -> None:
        said = data(seals.root_key_id)

        document = asyncio.run(seals.license_data(said))

        assert open_license_data(document, roots=Roots([root.public_key])) == said

    def test_s16_a_root_that_is_away_gives_no_document(
        self, seals: Seals, root: UnsteadyRoot
    ) -> None:
        root.before = away

        with pytest.raises(SigningUnavailable) as refusal:
            asyncio.run(seals.license_data(data(seals.root_key_id)))
        assert refusal.value.retry_after_seconds > 0

    @pytest.mark.parametrize(
        "spoil",
        [lambda s: s[:-1] + bytes([s[-1] ^ 1]), lambda s: bytes(len(s)), lambda _: b""],
        ids=["one bit", "zeros", "empty"],
    )
    def test_s16_a_wrong_signature_never_leaves(
        self, seals: Seals, root: UnsteadyRoot, spoil: Callable[[bytes], bytes]
    ) -> None:
        root.spoil = spoil

        with pytest.raises(SigningUnavailable):
            asyncio.run(seals.license_data(data(seals.root_key_id)))

    def test_s16_data_that_names_another_key_is_not_signed(
        self, seals: Seals, root: UnsteadyRoot
    ) -> None:
        with pytest.raises(OutsideMandate):
            asyncio.run(seals.license_data(data("A" * 43)))

        assert not root.has_signed.is_set()

    def test_switched_off_it_is_refused_and_never_unsigned(
        self, root: UnsteadyRoot, delegated: DelegatedSigner
    ) -> None:
        seals = Seals(Root(root), delegated, direct_signing=False)

        with pytest.raises(SigningUnavailable):
            asyncio.run(seals.license_data(data(seals.root_key_id)))

        assert not root.has_signed.is_set()

    def test_s17_only_so_many_may_wait(self, seals: Seals, root: UnsteadyRoot) -> None:
        gate = Event()
        root.before = lambda: gate.wait(PATIENCE_SECONDS)
        said = data(seals.root_key_id)

        async def three_at_once() -> None:
            first, second = (asyncio.ensure_future(seals.license_data(said)) for _ in range(2))
            await asyncio.sleep(0)  # both take their place in the queue
            with pytest.raises(SigningUnavailable, match="too many"):
                await seals.license_data(said)
            gate.set()
            assert await first == await second == await seals.license_data(said)

        asyncio.run(three_at_once())

    def test_s17_a_caller_who_gives_up_leaves_its_place(
        self, seals: Seals, root: UnsteadyRoot
    ) -> None:
        gate = Event()
        root.before = lambda: gate.wait(PATIENCE_SECONDS)
        said = data(seals.root_key_id)

        async def two_give_up() -> None:
            callers = [asyncio.ensure_future(seals.license_data(said)) for _ in range(2)]
            await asyncio.sleep(0)
            for caller in callers:
                caller.cancel()
            await asyncio.wait(callers)
            gate.set()
            assert await seals.license_data(said)

        asyncio.run(two_give_up())

    def test_a_thread_goes_on_while_the_event_loop_is_busy(
        self, present: Root, root: UnsteadyRoot, delegated: DelegatedSigner
    ) -> None:
        seals = Seals(present, delegated, direct_signing=True, threads=1, ahead=1)
        begun, second_has_begun = count(1), Event()
        root.before = lambda: second_has_begun.set() if next(begun) == 2 else None

        async def two_are_asked_for() -> bool:
            both = asyncio.gather(*(seals.license_data(data(root.key_id)) for _ in range(2)))
            await asyncio.sleep(0)  # both are handed over
            has_gone_on = second_has_begun.wait(PATIENCE_SECONDS)  # the event loop stands still
            await both
            await seals.stop()
            return has_gone_on

        assert asyncio.run(two_are_asked_for())


class TestLicenseToken:
    def test_it_verifies_from_the_root_down(
        self, seals: Seals, delegated: DelegatedSigner, root: UnsteadyRoot
    ) -> None:
        delegated.renew()
        said = claims(nonce="n-1")

        sealed = seals.license_token(said)

        assert opened(sealed, root, now=START + 1) == said
        assert sealed.key_id == delegated.current(START).signer.key_id

    def test_s16_without_a_delegation_there_is_no_token(self, seals: Seals) -> None:
        with pytest.raises(SigningUnavailable):
            seals.license_token(claims())
        with pytest.raises(SigningUnavailable):
            seals.longest_expiry(START)

    def test_s16_tokens_go_on_while_the_root_is_away_and_stop_with_the_delegation(
        self, seals: Seals, delegated: DelegatedSigner, root: UnsteadyRoot, clock: HandClock
    ) -> None:
        expires = delegated.renew().expires
        root.before = away
        clock.seconds = expires - 360

        last = claims(issued_at=clock.seconds, expires=seals.longest_expiry(clock.seconds))

        assert opened(seals.license_token(last), root, now=expires - 1) == last
        with pytest.raises(SigningUnavailable):
            seals.license_token(claims(issued_at=expires, expires=expires + 360))

    @pytest.mark.parametrize(
        "changes",
        [
            {"expires": START + 43_201},
            {"tier": "ENTERPRISE"},
            {"issuer": "https://other.example"},
        ],
        ids=["longer than 12 h", "another tier", "another issuer"],
    )
    def test_s16_claims_beyond_the_delegation_are_not_signed(
        self, seals: Seals, delegated: DelegatedSigner, changes: dict[str, object]
    ) -> None:
        delegated.renew()

        with pytest.raises(OutsideMandate):
            seals.license_token(claims(**changes))

    def test_s7_no_token_outlives_its_delegation(
        self, seals: Seals, delegated: DelegatedSigner
    ) -> None:
        expires = delegated.renew().expires

        assert seals.longest_expiry(expires - 10) == expires
        with pytest.raises(OutsideMandate):
            seals.license_token(claims(issued_at=expires - 10, expires=expires + 1))


class TestRenewal:
    def test_nothing_happens_before_it_is_due(
        self, seals: Seals, delegated: DelegatedSigner
    ) -> None:
        current = delegated.renew()

        asyncio.run(seals.renew_if_due())

        assert delegated.current(START) is current

    def test_a_due_delegation_is_replaced(
        self, seals: Seals, delegated: DelegatedSigner, clock: HandClock
    ) -> None:
        old = delegated.renew()
        clock.seconds += 43_200

        asyncio.run(seals.renew_if_due())

        assert delegated.current(clock.seconds).signer.key_id != old.signer.key_id

    def test_failures_back_off_to_a_minute_and_success_ends_them(
        self, seals: Seals, root: UnsteadyRoot, clock: HandClock
    ) -> None:
        async def pauses(count: int) -> list[float]:
            return [await seals.renew_if_due() for _ in range(count)]

        root.before = away
        assert asyncio.run(pauses(8)) == [1, 2, 4, 8, 16, 32, 60, 60]

        root.before = lambda: None
        assert asyncio.run(pauses(1)) == [30]

        root.before = away
        clock.seconds += 43_200
        assert asyncio.run(pauses(2)) == [1, 2]

    def test_health_says_how_long_the_delegation_still_lives(
        self, seals: Seals, delegated: DelegatedSigner
    ) -> None:
        assert seals.health(START) == 0

        expires = delegated.renew().expires

        assert seals.health(expires - 7) == 7
        assert seals.health(expires + 7) == 0

    def test_after_start_tokens_can_be_sealed(self, seals: Seals, root: UnsteadyRoot) -> None:
        async def started() -> SealedToken:
            await seals.start()
            sealed = seals.license_token(claims())
            await seals.stop()
            return sealed

        assert opened(asyncio.run(started()), root, now=START) == claims()

    def test_started_without_a_root_it_heals_by_itself(
        self, seals: Seals, root: UnsteadyRoot, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def started_too_early() -> bool:
            root.before = away
            await seals.start()
            assert seals.health(START) == 0
            root.before = lambda: None
            healed = await asyncio.to_thread(root.has_signed.wait, PATIENCE_SECONDS)
            await seals.stop()
            return healed

        with caplog.at_level(logging.ERROR, logger="signing"):
            assert asyncio.run(started_too_early())

        assert "delegation not renewed" in caplog.text
        assert seals.health(START) > 0

    def test_a_renewal_that_breaks_down_says_so_at_once(
        self, seals: Seals, root: UnsteadyRoot, caplog: pytest.LogCaptureFixture
    ) -> None:
        broke_down = Event()

        def break_down() -> None:
            broke_down.set()
            raise ZeroDivisionError

        async def started() -> None:
            root.before = away
            await seals.start()
            root.before = break_down
            await asyncio.to_thread(broke_down.wait, PATIENCE_SECONDS)
            await seals.stop()

        with caplog.at_level(logging.CRITICAL, logger="signing"):
            asyncio.run(started())

        assert "not renewed any more" in caplog.text

    def test_stopping_twice_is_as_good_as_once(self, seals: Seals) -> None:
        async def stop_twice() -> None:
            await seals.start()
            await seals.stop()
            await seals.stop()

        asyncio.run(stop_twice())


class TestAnotherRoot:
    def test_documents_begun_before_the_switch_are_finished_under_the_root_they_name(
        self, seals: Seals, present: Root, root: UnsteadyRoot, next_root: LocalSigner
    ) -> None:
        begun = data(seals.root_key_id)

        present.become(RootKeys(active=next_root, beside=(root,)))

        both = Roots([root.public_key, next_root.public_key])
        assert seals.root_key_id == next_root.key_id
        for said in (begun, data(seals.root_key_id)):
            document = asyncio.run(seals.license_data(said))
            assert open_license_data(document, roots=both) == said

    def test_s16_a_root_that_was_taken_away_signs_nothing_more(
        self, seals: Seals, present: Root, next_root: LocalSigner
    ) -> None:
        begun = data(seals.root_key_id)

        present.become(RootKeys(active=next_root))

        with pytest.raises(OutsideMandate):
            asyncio.run(seals.license_data(begun))

    def test_s16_what_was_begun_under_a_root_revoked_meanwhile_has_to_be_begun_anew(
        self, seals: Seals, present: Root, root: UnsteadyRoot, next_root: LocalSigner
    ) -> None:
        begun = data(seals.root_key_id)

        present.become(RootKeys(active=next_root, revoked=frozenset({root.key_id})))

        with pytest.raises(SigningUnavailable, match="revoked"):
            asyncio.run(seals.license_data(begun))
        assert not root.has_signed.is_set()

    def test_s16_without_a_root_there_is_no_document(self, seals: Seals, present: Root) -> None:
        begun = data(seals.root_key_id)

        present.become(RootKeys(active=None))

        with pytest.raises(SigningUnavailable):
            _ = seals.root_key_id
        with pytest.raises(OutsideMandate):
            asyncio.run(seals.license_data(begun))
