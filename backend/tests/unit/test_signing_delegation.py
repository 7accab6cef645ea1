"""The delegated key: certified by the root for a day, renewed from its half life on."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from coditect_license_token import Algorithm, PublicKey, Roots, open_delegation
from signing.delegation import BACKDATED_SECONDS, MARGIN_SECONDS, DelegatedSigner, MemorySigner
from signing.errors import SigningUnavailable
from signing.local import LocalSigner
from signing.root import Root, RootKeys

ISSUER = "https://licenses.example"
START = 1_800_000_000
HALF_A_DAY = 43_200


class HandClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.seconds = START

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def advance(self, **by: float) -> None:
        self.seconds += int(timedelta(**by).total_seconds())


class UnsteadyRoot:
    """A root that can be taken away, or made to sign wrongly."""

    def __init__(self, root: LocalSigner) -> None:
        self._root = root
        self.is_away = False
        self.spoil = bytes

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
        if self.is_away:
            raise SigningUnavailable("the root is away", retry_after_seconds=5)
        return self.spoil(self._root.sign(message))


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
    return DelegatedSigner(present, issuer=ISSUER, clock=clock, jitter=lambda: 0.0)


def test_there_is_no_key_before_the_first_renewal(delegated: DelegatedSigner) -> None:
    assert delegated.renewal_due(START)
    with pytest.raises(SigningUnavailable) as refusal:
        delegated.current(START)
    assert refusal.value.retry_after_seconds > 0


def test_the_root_certifies_a_fresh_ed25519_key_for_a_day(
    delegated: DelegatedSigner, root: UnsteadyRoot
) -> None:
    delegated.renew()

    current = delegated.current(START)
    opened = open_delegation(
        current.document, roots=Roots([root.public_key]), now=START, issuer=ISSUER
    )
    assert opened.key.key_id == current.signer.key_id
    assert current.signer.algorithm is Algorithm.ED25519
    assert opened.expires - opened.not_before == 86_400
    assert opened.max_lease_seconds == HALF_A_DAY
    assert opened.tiers == ("*",)
    opened.key.verify(b"message", current.signer.sign(b"message"))


def test_it_begins_a_little_earlier_for_a_ledger_whose_clock_lags(
    delegated: DelegatedSigner,
) -> None:
    delegated.renew()

    assert delegated.current(START - BACKDATED_SECONDS).mandate.not_before < START
    with pytest.raises(SigningUnavailable):
        delegated.current(START - BACKDATED_SECONDS - 1)


def test_every_renewal_makes_another_key(delegated: DelegatedSigner) -> None:
    key_ids = {delegated.renew().signer.key_id for _ in range(3)}

    assert len(key_ids) == 3


def test_it_ends_with_its_delegation_to_the_second(delegated: DelegatedSigner) -> None:
    expires = delegated.renew().expires

    assert delegated.current(expires - 1).expires == expires
    with pytest.raises(SigningUnavailable):
        delegated.current(expires)


def test_it_is_due_a_minute_before_half_its_life(delegated: DelegatedSigner) -> None:
    half_life = delegated.renew().mandate.not_before + HALF_A_DAY

    assert not delegated.renewal_due(half_life - MARGIN_SECONDS - 1)
    assert delegated.renewal_due(half_life - MARGIN_SECONDS)


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_jitter_makes_it_due_earlier_and_never_later(
    root: UnsteadyRoot, clock: HandClock, jitter: float
) -> None:
    delegated = DelegatedSigner(Root(root), issuer=ISSUER, clock=clock, jitter=lambda: jitter)
    latest = delegated.renew().mandate.not_before + HALF_A_DAY - MARGIN_SECONDS
    due = latest - int(jitter * 8_640)

    assert not delegated.renewal_due(due - 1)
    assert delegated.renewal_due(due)


def test_one_renewal_draws_its_jitter_once(root: UnsteadyRoot, clock: HandClock) -> None:
    draws = iter([0.5])
    delegated = DelegatedSigner(Root(root), issuer=ISSUER, clock=clock, jitter=lambda: next(draws))
    not_before = delegated.renew().mandate.not_before

    looks = [delegated.renewal_due(not_before + second) for second in range(0, 86_400, 60)]

    assert all(earlier <= later for earlier, later in pairwise(looks))


def test_a_clock_that_jumped_back_makes_it_due(delegated: DelegatedSigner) -> None:
    delegated.renew()

    assert delegated.renewal_due(START - BACKDATED_SECONDS - 1)


def test_s16_the_old_key_goes_on_for_12_hours_when_the_root_is_away(
    delegated: DelegatedSigner, root: UnsteadyRoot, clock: HandClock
) -> None:
    old = delegated.renew()
    clock.seconds = old.mandate.not_before + HALF_A_DAY
    root.is_away = True

    with pytest.raises(SigningUnavailable):
        delegated.renew()

    assert delegated.current(clock.seconds) is old
    assert delegated.current(clock.seconds + HALF_A_DAY - 1) is old
    assert delegated.renewal_due(clock.seconds)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda signature: signature[:-1] + bytes([signature[-1] ^ 1]),
        lambda signature: bytes(len(signature)),
        lambda signature: signature[:-1],
        lambda _: b"",
    ],
    ids=["one bit", "zeros", "short", "empty"],
)
def test_s16_a_wrong_root_signature_never_becomes_a_delegation(
    delegated: DelegatedSigner, root: UnsteadyRoot, spoil: type[bytes]
) -> None:
    old = delegated.renew()
    root.spoil = spoil

    with pytest.raises(SigningUnavailable):
        delegated.renew()

    assert delegated.current(START) is old


def test_s16_a_key_that_signs_wrongly_is_not_taken_into_use(
    root: UnsteadyRoot, clock: HandClock
) -> None:
    class WrongKey(MemorySigner):
        def sign(self, message: bytes) -> bytes:
            return super().sign(message + b".")

    delegated = DelegatedSigner(Root(root), issuer=ISSUER, clock=clock, make_key=WrongKey)

    with pytest.raises(SigningUnavailable):
        delegated.renew()


def test_leases_are_covered_up_to_12_hours_and_never_past_the_delegation(
    delegated: DelegatedSigner,
) -> None:
    expires = delegated.renew().expires

    assert delegated.covers(START + HALF_A_DAY, START)
    assert not delegated.covers(START + HALF_A_DAY + 1, START)
    assert delegated.covers(expires, expires - 10)
    assert not delegated.covers(expires + 1, expires - 10)


def test_a_renewed_key_always_covers_the_longest_lease_until_it_is_due(
    delegated: DelegatedSigner,
) -> None:
    due = delegated.renew().mandate.not_before + HALF_A_DAY

    assert delegated.current(due).longest_expiry(due) == due + HALF_A_DAY


class TestAnotherRoot:
    def test_it_makes_a_renewal_due_and_certifies_the_next_key(
        self, delegated: DelegatedSigner, present: Root, next_root: LocalSigner
    ) -> None:
        before = delegated.renew()
        assert not delegated.renewal_due(START)

        present.become(RootKeys(active=next_root))

        assert delegated.current(START) is before
        assert delegated.renewal_due(START)
        after = delegated.renew()
        assert after.root_key_id == next_root.key_id
        open_delegation(after.document, roots=Roots([next_root.public_key]), now=START)
        assert not delegated.renewal_due(START)

    def test_without_any_root_the_delegation_in_use_goes_on(
        self, delegated: DelegatedSigner, present: Root
    ) -> None:
        before = delegated.renew()

        present.become(RootKeys(active=None))

        with pytest.raises(SigningUnavailable):
            delegated.renew()
        assert delegated.current(START) is before
        assert not delegated.renewal_due(START)

    def test_s16_a_revoked_key_signs_nothing_more_until_the_next_is_there(
        self, delegated: DelegatedSigner, present: Root, root: UnsteadyRoot
    ) -> None:
        stolen = delegated.renew().signer.key_id

        present.become(RootKeys(active=root, revoked=frozenset({stolen})))

        with pytest.raises(SigningUnavailable, match="revoked"):
            delegated.current(START)
        assert delegated.renewal_due(START)
        assert delegated.renew().signer.key_id != stolen
        assert delegated.current(START).signer.key_id != stolen
