"""What tokens of well-known issuers must say, and whose they are then."""

from typing import Any, Final
from uuid import UUID

import pytest

from identity.claims import Claimed, read_claims
from identity.conditions import claim_of, read_admissions, read_conditions
from identity.errors import InvalidCredential, MissingTenant, UnusableIssuer
from identity.issuers import Issuer, IssuerTable
from identity.presets import require_sound
from identity.rules import Membership, PrincipalKind, Role

NOW = 1_800_000_000
TENANT = "0b7c6a52-7d5c-4f0e-8c43-52f9c57be001"
OTHER = "0b7c6a52-7d5c-4f0e-8c43-52f9c57be002"
PROJECT = "coditect-citus-prod"

PLATFORM: dict[str, Any] = {
    "issuer": f"https://securetoken.google.com/{PROJECT}",
    "audience": PROJECT,
    "preset": "identity_platform",
    "membership": Membership.REQUIRED,
}
PERSON: dict[str, Any] = {
    "sub": "uid-1",
    "user_id": "uid-1",
    "auth_time": NOW - 100,
    "email": "Ann@Example.com",
    "email_verified": True,
    "firebase": {"tenant": "acme-x7k2q", "sign_in_provider": "password"},
}
GOOGLE: dict[str, Any] = {
    "issuer": "https://accounts.google.com",
    "other_names": ("accounts.google.com",),
    "audience": "https://licenses.example",
    "preset": "google_service_account",
    "kind": PrincipalKind.WORKLOAD,
}
ROBOT: dict[str, Any] = {
    "sub": "1029384756",
    "email": "ci@acme.iam.gserviceaccount.com",
    "email_verified": True,
}
GITHUB: dict[str, Any] = {
    "issuer": "https://token.actions.githubusercontent.com",
    "audience": "https://licenses.example",
    "preset": "github_actions",
    "kind": PrincipalKind.WORKLOAD,
}
JOB: dict[str, Any] = {
    "sub": "repo:acme/app:environment:production",
    "repository": "acme/app",
    "ref": "refs/heads/main",
    "environment": "production",
}


def issuer(**fields: Any) -> Issuer:
    given: dict[str, Any] = {
        "issuer": "https://issuer.example",
        "audience": "https://licenses.example",
        "kind": PrincipalKind.USER,
        "keys": {},
    }
    return Issuer(**{**given, **fields})


def admissions(*entries: dict[str, Any]) -> Any:
    return read_admissions([{"tenant_id": TENANT, **entry} for entry in entries])


def read(row: Issuer, claims: dict[str, Any]) -> Claimed:
    require_sound(row)
    given = {"sub": "alice", "iat": NOW - 10, "exp": NOW + 600, **claims}
    return read_claims({k: v for k, v in given.items() if v is not None}, row, now=NOW)


class TestIdentityPlatform:
    def test_its_own_name_of_the_tenant_and_the_verified_address_are_read(self) -> None:
        claimed = read(issuer(**PLATFORM), PERSON)

        assert (claimed.tenant_id, claimed.tenant_name) == (None, "acme-x7k2q")
        assert claimed.email == "ann@example.com"
        assert (claimed.subject, claimed.membership) == ("uid-1", Membership.REQUIRED)

    def test_a_custom_claim_names_the_tenant_of_a_pool_for_all(self) -> None:
        claimed = read(issuer(**PLATFORM), {**PERSON, "firebase": {}, "tenant_id": TENANT})

        assert (claimed.tenant_id, claimed.tenant_name) == (UUID(TENANT), None)

    def test_both_are_kept_so_that_they_can_be_compared(self) -> None:
        claimed = read(issuer(**PLATFORM), {**PERSON, "tenant_id": TENANT})

        assert (claimed.tenant_id, claimed.tenant_name) == (UUID(TENANT), "acme-x7k2q")

    @pytest.mark.parametrize(
        "changes",
        [
            {"auth_time": None},
            {"auth_time": NOW + 61},
            {"auth_time": str(NOW)},
            {"auth_time": True},
            {"auth_time": 0},
            {"user_id": "uid-2"},
            {"user_id": None},
            {"sub": "u" * 129, "user_id": "u" * 129},
            {"firebase": {"tenant": ""}},
            {"firebase": {"tenant": ["acme"]}},
            {"firebase": {"tenant": "a b"}},
            {"tenant_id": TENANT.upper()},
        ],
    )
    def test_what_breaks_its_rules_is_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises(InvalidCredential):
            read(issuer(**PLATFORM), {**PERSON, **changes})

    @pytest.mark.parametrize("firebase", [None, {}, {"tenant": None}, "acme-x7k2q"])
    def test_a_person_of_no_tenant_is_told_apart(self, firebase: object) -> None:
        with pytest.raises(MissingTenant):
            read(issuer(**PLATFORM), {**PERSON, "firebase": firebase})

    @pytest.mark.parametrize("verified", [False, None, "true", 1])
    def test_an_address_that_is_not_verified_counts_for_nothing(self, verified: object) -> None:
        assert read(issuer(**PLATFORM), {**PERSON, "email_verified": verified}).email is None

    def test_seed_its_name_is_that_of_the_project(self) -> None:
        """The first design asked for an audience that was an address of Google's."""
        for changes in (
            {"audience": "https://identitytoolkit.googleapis.com/x"},
            {"issuer": "https://accounts.google.com"},
            {"issuer": PLATFORM["issuer"] + "-other"},
            {"issuer": "https://securetoken.google.com/", "audience": ""},
        ):
            with pytest.raises(UnusableIssuer):
                require_sound(issuer(**{**PLATFORM, **changes}))


class TestGoogleServiceAccounts:
    ALLOWED: Final[dict[str, Any]] = {
        "claims": {"sub": ROBOT["sub"], "email": ROBOT["email"]},
        "role": "member",
    }

    def test_an_account_on_the_list_is_a_workload_of_the_tenant_with_the_role(self) -> None:
        claimed = read(issuer(**GOOGLE, admissions=admissions(self.ALLOWED)), ROBOT)

        assert (claimed.kind, claimed.tenant_id, claimed.role) == (
            PrincipalKind.WORKLOAD,
            UUID(TENANT),
            Role.MEMBER,
        )

    @pytest.mark.parametrize(
        "changes",
        [
            {"sub": "1029384757"},  # made anew under the same address
            {"email": "ci@evil.iam.gserviceaccount.com"},
            {"email": ROBOT["email"].upper()},
            {"email": None},
            {"email_verified": False},
            {"email_verified": "true"},
            {"email_verified": None},
        ],
    )
    def test_an_account_that_is_not_wholly_on_the_list_is_refused(
        self, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(InvalidCredential):
            read(issuer(**GOOGLE, admissions=admissions(self.ALLOWED)), {**ROBOT, **changes})

    def test_both_spellings_of_its_name_lead_to_the_row(self) -> None:
        row = issuer(**GOOGLE, admissions=admissions(self.ALLOWED))
        table = IssuerTable((row,))

        for name in ("https://accounts.google.com", "accounts.google.com"):
            assert table.find(name, "https://licenses.example") is row
        with pytest.raises(InvalidCredential):
            table.find("http://accounts.google.com", "https://licenses.example")

    @pytest.mark.parametrize(
        "changes",
        [
            {"admissions": ()},
            {"admissions": admissions({"claims": {"email": ROBOT["email"]}})},
            {"admissions": admissions({"claims": {"sub": ROBOT["sub"]}})},
            {"audience": ""},
            {"audience": "https://accounts.google.com"},
            {"issuer": "https://issuer.example"},
            {"other_names": ("https://issuer.example",)},
            {"kind": PrincipalKind.USER},
            {"membership": Membership.AUTOMATIC},
        ],
    )
    def test_a_row_that_would_admit_strangers_cannot_be_used(self, changes: dict[str, Any]) -> None:
        good = {**GOOGLE, "admissions": admissions(self.ALLOWED)}
        require_sound(issuer(**good))

        with pytest.raises(UnusableIssuer):
            require_sound(issuer(**{**good, **changes}))


class TestGitHubActions:
    MAIN: Final[dict[str, Any]] = {
        "claims": {"repository": "acme/app", "ref": ["refs/heads/main", "refs/heads/next"]},
        "role": "member",
    }

    def test_a_job_of_the_repository_and_branch_is_admitted(self) -> None:
        claimed = read(issuer(**GITHUB, admissions=admissions(self.MAIN)), JOB)

        assert (claimed.subject, claimed.role) == (JOB["sub"], Role.MEMBER)

    @pytest.mark.parametrize(
        "changes",
        [
            {"repository": "acme/app2"},
            {"repository": "evil/acme/app"},
            {"repository": "ACME/app"},
            {"ref": "refs/heads/mai"},
            {"ref": "refs/pull/7/merge"},
            {"ref": None},
            {"ref": ["refs/heads/main"]},
        ],
    )
    def test_a_job_of_another_is_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises(InvalidCredential):
            read(issuer(**GITHUB, admissions=admissions(self.MAIN)), {**JOB, **changes})

    def test_a_job_that_fits_two_admissions_is_refused(self) -> None:
        twice = admissions(self.MAIN, {"claims": {"repository": "acme/app"}, "role": "admin"})

        with pytest.raises(InvalidCredential):
            read(issuer(**GITHUB, admissions=twice), JOB)

    def test_an_admission_names_the_repository(self) -> None:
        with pytest.raises(UnusableIssuer):
            require_sound(issuer(**GITHUB, admissions=admissions({"claims": {"ref": "x"}})))


class TestAnyIssuer:
    def test_an_issuer_of_one_customer_speaks_for_that_tenant_whatever_it_claims(self) -> None:
        row = issuer(admissions=admissions({"claims": {}}))

        claimed = read(row, {"tenant_id": OTHER, "role": "admin"})

        assert (claimed.tenant_id, claimed.role) == (UUID(TENANT), Role.ADMIN)

    def test_its_own_names_of_tenants_are_only_names(self) -> None:
        row = issuer(tenant_claim="/org/name", maps_tenant_names=True)

        claimed = read(row, {"org": {"name": OTHER}})

        assert (claimed.tenant_id, claimed.tenant_name) == (None, OTHER)

    def test_a_claim_whose_name_has_dots_and_slashes_is_found(self) -> None:
        row = issuer(tenant_claim="https://licenses.example/tenant", role_claim="/realm/role")

        claimed = read(row, {"https://licenses.example/tenant": TENANT, "realm": {"role": "owner"}})

        assert (claimed.tenant_id, claimed.role) == (UUID(TENANT), Role.OWNER)

    def test_required_claims_are_compared_with_their_type(self) -> None:
        row = issuer(required=read_conditions({"amr": "mfa", "level": [1, 2], "live": True}))
        good: dict[str, Any] = {"tenant_id": TENANT, "amr": "mfa", "level": 2, "live": True}
        assert read(row, good).subject == "alice"

        for wrong in ({"amr": ["mfa"]}, {"level": True}, {"level": 3}, {"live": 1}, {"live": None}):
            with pytest.raises(InvalidCredential):
                read(row, {**good, **wrong})

    def test_only_a_row_that_says_so_makes_staff(self) -> None:
        claims = {"tenant_id": TENANT, "staff": True}

        assert read(issuer(staff_claim="staff"), claims).is_staff
        assert not read(issuer(), claims).is_staff
        assert not read(issuer(staff_claim="staff"), {"tenant_id": TENANT}).is_staff
        assert not read(issuer(staff_claim="staff"), {**claims, "staff": False}).is_staff

    @pytest.mark.parametrize("staff", ["true", 1, ["staff"], "yes"])
    def test_a_staff_claim_that_is_no_boolean_is_refused(self, staff: object) -> None:
        with pytest.raises(InvalidCredential):
            read(issuer(staff_claim="staff"), {"tenant_id": TENANT, "staff": staff})

    def test_where_a_members_row_says_the_role_the_claim_counts_for_nothing(self) -> None:
        row = issuer(membership=Membership.REQUIRED)

        assert read(row, {"tenant_id": TENANT, "role": "owner"}).role is None


@pytest.mark.parametrize(
    ("pointer", "found"),
    [("/a/b", 1), ("/a/c~1d", 2), ("/a/c~0d", 3), ("/a/x", None), ("/a/b/c", None), ("/x/y", None)],
)
def test_a_pointer_leads_into_nested_claims(pointer: str, found: int | None) -> None:
    assert claim_of({"a": {"b": 1, "c/d": 2, "c~d": 3}}, pointer) == found


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        [1],
        [{"claims": {"a": "b"}}],
        [{"claims": {"a": "b"}, "tenant_id": "acme"}],
        [{"claims": {"a": "b"}, "tenant_id": TENANT, "role": "root"}],
        [{"claims": {"a": "b"}, "tenant_id": TENANT, "rolle": "viewer"}],
        [{"claims": {"a": None}, "tenant_id": TENANT}],
        [{"claims": {"a": []}, "tenant_id": TENANT}],
        [{"claims": {"a": 1.5}, "tenant_id": TENANT}],
        [{"claims": {"": "b"}, "tenant_id": TENANT}],
        [{"claims": [], "tenant_id": TENANT}],
        [{"tenant_id": TENANT}],
    ],
)
def test_admissions_that_cannot_be_read_are_a_mistake_to_see(data: object) -> None:
    with pytest.raises(UnusableIssuer):
        read_admissions(data)


def test_two_rows_for_one_name_and_audience_are_a_mistake_to_see() -> None:
    with pytest.raises(UnusableIssuer):
        IssuerTable((issuer(), issuer(issuer="x", other_names=("https://issuer.example",))))
