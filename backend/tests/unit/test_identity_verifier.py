"""Good bearer tokens: what they prove, when, and for how long that is remembered."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from identity.errors import InvalidCredential, MissingTenant, UnusableIssuer
from identity.issuers import Issuer, IssuerTable, issuer_keys
from identity.jose import mint_token
from identity.operations import BearerVerifier
from identity.rules import Principal, PrincipalKind, Role
from identity.verified_tokens import VerifiedTokens
from tests.support.register import RegisterInMemory

ISSUER, AUDIENCE = "https://issuer.example", "https://licenses.example"
TENANT = UUID("0b7c6a52-7d5c-4f0e-8c43-52f9c57be001")
NOW = 1_800_000_000
KEY = Ed25519PrivateKey.generate()
JWKS = {"keys": [{**OKPKey.import_key(KEY).as_dict(private=False), "kid": "k1"}]}
PRINCIPAL = Principal(kind=PrincipalKind.USER, tenant_id=TENANT, subject="alice")


class Surroundings:
    """What the verifier looks at: a clock, the issuers, the tenants; and how often it asked."""

    def __init__(self) -> None:
        self.now = float(NOW)
        self.issuers = IssuerTable((issuer(),))
        self.register = RegisterInMemory(TENANT)

    def clock(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def load_issuers(self) -> IssuerTable:
        return self.issuers


def issuer(**changes: Any) -> Issuer:
    given: dict[str, Any] = {
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "kind": PrincipalKind.USER,
        "keys": issuer_keys(JWKS, ["Ed25519"]),
    }
    return Issuer(**{**given, **changes})


def minted(**changes: object) -> str:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "alice",
        "iat": NOW - 10,
        "exp": NOW + 3_600,
        "tenant_id": str(TENANT),
        "role": "member",
        **changes,
    }
    given = {name: value for name, value in claims.items() if value is not None}
    return mint_token(given, private_key=KEY, key_id="k1")


@pytest.fixture
def around() -> Surroundings:
    return Surroundings()


@pytest.fixture
def verifier(around: Surroundings) -> BearerVerifier:
    return BearerVerifier(around.load_issuers, clock=around.clock, register=around.register)


class TestPrincipals:
    def test_a_token_proves_kind_tenant_subject_and_role(self, verifier: BearerVerifier) -> None:
        assert verifier.verify(minted()) == Principal(
            kind=PrincipalKind.USER, tenant_id=TENANT, subject="alice", role=Role.MEMBER
        )

    def test_a_workload_issuer_gives_workloads(
        self, verifier: BearerVerifier, around: Surroundings
    ) -> None:
        around.issuers = IssuerTable((issuer(kind=PrincipalKind.WORKLOAD),))
        verifier.reload()

        assert verifier.verify(minted()).label == "workload:alice"

    def test_the_row_names_the_claims_that_carry_tenant_and_role(
        self, verifier: BearerVerifier, around: Surroundings
    ) -> None:
        around.issuers = IssuerTable((issuer(tenant_claim="org", role_claim="org_role"),))
        verifier.reload()

        principal = verifier.verify(minted(org=str(TENANT), org_role="admin", tenant_id="x"))

        assert (principal.tenant_id, principal.role) == (TENANT, Role.ADMIN)

    @pytest.mark.parametrize("default", [None, Role.VIEWER])
    def test_a_token_without_a_role_gets_the_rows_default(
        self, verifier: BearerVerifier, around: Surroundings, default: Role | None
    ) -> None:
        around.issuers = IssuerTable((issuer(default_role=default),))
        verifier.reload()

        assert verifier.verify(minted(role=None)).role is default

    @pytest.mark.parametrize("subject", ["a", "a" * 128, "auth0|5f7c8ec7", "user name"])
    def test_subjects_of_other_issuers_fit(self, verifier: BearerVerifier, subject: str) -> None:
        assert verifier.verify(minted(sub=subject)).subject == subject

    def test_claims_nobody_asked_for_do_no_harm(self, verifier: BearerVerifier) -> None:
        token = minted(email="a@example.com", nested={"deep": [1]}, amr=["pwd"])

        assert verifier.verify(token).subject == "alice"


class TestTimes:
    @pytest.mark.parametrize(
        "claims",
        [
            {"exp": NOW + 1},
            {"exp": NOW - 59, "iat": NOW - 600},
            {"iat": NOW + 60},
            {"nbf": NOW + 60},
            {"nbf": NOW - 10},
        ],
    )
    def test_clocks_may_differ_by_a_minute(
        self, verifier: BearerVerifier, claims: dict[str, int]
    ) -> None:
        assert verifier.verify(minted(**claims)).subject == "alice"

    @pytest.mark.parametrize(
        "claims", [{"exp": NOW - 60, "iat": NOW - 600}, {"iat": NOW + 61}, {"nbf": NOW + 61}]
    )
    def test_and_by_not_a_second_more(
        self, verifier: BearerVerifier, claims: dict[str, int]
    ) -> None:
        with pytest.raises(InvalidCredential):
            verifier.verify(minted(**claims))


class TestMemory:
    def test_a_verified_token_is_recalled(self, verifier: BearerVerifier) -> None:
        token = minted()
        assert verifier.recall(token) is None

        principal = verifier.verify(token)

        assert verifier.recall(token) is principal

    def test_the_second_call_asks_nobody(
        self, verifier: BearerVerifier, around: Surroundings
    ) -> None:
        token = minted()
        for _ in range(3):
            verifier.verify(token)

        assert around.register.questions == 1

    def test_it_is_forgotten_after_60_seconds(
        self, verifier: BearerVerifier, around: Surroundings
    ) -> None:
        token = minted()
        verifier.verify(token)

        around.now = NOW + 59.999
        assert verifier.recall(token) is not None
        around.now = NOW + 60
        assert verifier.recall(token) is None

    def test_it_is_forgotten_when_it_expires(
        self, verifier: BearerVerifier, around: Surroundings
    ) -> None:
        token = minted(exp=NOW + 5)
        verifier.verify(token)

        around.now = NOW + 4.999
        assert verifier.recall(token) is not None
        around.now = NOW + 5
        assert verifier.recall(token) is None

    def test_a_token_that_lives_by_the_skew_alone_is_not_remembered(
        self, verifier: BearerVerifier
    ) -> None:
        token = minted(iat=NOW - 600, exp=NOW - 1)

        verifier.verify(token)

        assert verifier.recall(token) is None

    def test_a_clock_that_jumps_back_does_not_prolong_it(
        self, verifier: BearerVerifier, around: Surroundings
    ) -> None:
        token = minted()
        verifier.verify(token)

        around.now = NOW - 3_600

        assert verifier.recall(token) is None

    def test_a_failure_is_not_remembered(
        self, verifier: BearerVerifier, around: Surroundings
    ) -> None:
        around.register.tenants.clear()
        token = minted()
        with pytest.raises(MissingTenant):
            verifier.verify(token)

        around.register.tenants.add(TENANT)

        assert verifier.verify(token).tenant_id == TENANT

    def test_a_token_that_starts_alike_is_another_token(self, verifier: BearerVerifier) -> None:
        token = minted()
        verifier.verify(token)

        assert verifier.recall(token[:-1]) is None
        assert verifier.recall(token + "A") is None

    def test_many_threads_get_one_answer(self, verifier: BearerVerifier) -> None:
        tokens = [minted(sub=f"user-{number}") for number in range(20)] * 10

        with ThreadPoolExecutor(8) as pool:
            subjects = [principal.subject for principal in pool.map(verifier.verify, tokens)]

        assert subjects == [f"user-{number}" for number in range(20)] * 10


class TestTheMemoryItself:
    NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)

    def test_s17_it_holds_so_many_and_lets_the_oldest_go(self) -> None:
        memory = VerifiedTokens(most=3)
        for token in ("a", "b", "c", "d"):
            memory.keep(token, PRINCIPAL, now=self.NOON, lives_seconds=60)

        assert len(memory) == 3
        assert memory.find("a", now=self.NOON) is None
        assert memory.find("d", now=self.NOON) is PRINCIPAL

    def test_s17_a_token_kept_twice_takes_one_place(self) -> None:
        memory = VerifiedTokens(most=2)
        for token in ("a", "b", "b", "b"):
            memory.keep(token, PRINCIPAL, now=self.NOON, lives_seconds=60)

        assert memory.find("a", now=self.NOON) is PRINCIPAL

    def test_a_token_kept_again_lives_from_then_on(self) -> None:
        memory = VerifiedTokens()
        memory.keep("a", PRINCIPAL, now=self.NOON, lives_seconds=3_600)
        memory.keep("a", PRINCIPAL, now=self.NOON + timedelta(seconds=50), lives_seconds=3_600)

        assert memory.find("a", now=self.NOON + timedelta(seconds=100)) is PRINCIPAL


class TestReload:
    def test_a_row_that_is_gone_is_believed_no_longer(
        self, verifier: BearerVerifier, around: Surroundings
    ) -> None:
        token = minted()
        verifier.verify(token)
        around.issuers = IssuerTable()

        verifier.reload()

        assert verifier.recall(token) is None
        with pytest.raises(InvalidCredential):
            verifier.verify(token)

    def test_a_table_that_cannot_be_read_leaves_the_old_one(self, around: Surroundings) -> None:
        tables = iter([around.issuers])

        def load_once() -> IssuerTable:
            for table in tables:
                return table
            raise UnusableIssuer("a row that cannot be used")

        verifier = BearerVerifier(load_once, clock=around.clock, register=around.register)
        with pytest.raises(UnusableIssuer):
            verifier.reload()

        assert verifier.verify(minted()).subject == "alice"


class TestStaleIssuers:
    def test_after_a_notice_no_token_is_believed_on_the_word_of_an_old_row(
        self, verifier: BearerVerifier, around: Surroundings
    ) -> None:
        token = minted()
        verifier.verify(token)
        around.issuers = IssuerTable()

        verifier.expire()

        assert verifier.recall(token) is None
        with pytest.raises(InvalidCredential):
            verifier.verify(token)

    def test_without_a_notice_a_row_that_is_gone_is_believed_for_30_seconds(
        self, verifier: BearerVerifier, around: Surroundings
    ) -> None:
        around.issuers = IssuerTable()
        around.now += 29
        assert verifier.verify(minted()).subject == "alice"

        around.now += 1

        with pytest.raises(InvalidCredential):
            verifier.verify(minted(sub="bob"))

    def test_a_table_that_cannot_be_used_leaves_the_old_one_and_is_said(
        self, around: Surroundings, caplog: pytest.LogCaptureFixture
    ) -> None:
        tables = iter([around.issuers])

        def load_once() -> IssuerTable:
            for table in tables:
                return table
            raise UnusableIssuer("a row that cannot be used")

        verifier = BearerVerifier(load_once, clock=around.clock, register=around.register)
        verifier.expire()

        assert verifier.verify(minted()).subject == "alice"
        assert "a row that cannot be used" in caplog.text


class TestTheLog:
    def test_it_says_the_reason_and_never_the_token(
        self, verifier: BearerVerifier, caplog: pytest.LogCaptureFixture
    ) -> None:
        token = minted(aud="another-app")

        with caplog.at_level(logging.INFO, logger="identity"), pytest.raises(InvalidCredential):
            verifier.verify(token)

        assert "not trusted for this audience" in caplog.text
        assert all(part not in caplog.text for part in token.split("."))

    def test_the_error_itself_says_no_reason(self, verifier: BearerVerifier) -> None:
        with pytest.raises(InvalidCredential) as refusal:
            verifier.verify("x")

        assert str(refusal.value) == "the credential is not valid"
        assert refusal.value.reason != str(refusal.value)
