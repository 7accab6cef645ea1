"""The key set: every root ever used, one active, a version that only grows, signed by the root."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from django.db import IntegrityError
from django.test import override_settings

from coditect_license_token import KeyStatus, PublicKey, Roots, open_keyset
from signing import queries
from signing.errors import SigningUnavailable, UnsafeKey
from signing.local import LocalSigner
from signing.models import KeySetVersion, SigningKey
from signing.operations import remember_root
from signing.published_keys import PublishedKeys
from signing.root import Root
from signing.signer import Signer
from signing.wiring import published_keys_from_settings, root_from_settings, seals_from_settings
from tests.support.databases import use_database

ISSUER = "https://licenses.example"
NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)
START = int(NOON.timestamp())

pytestmark = pytest.mark.usefixtures("db")


class CountingRoot:
    """A root that counts its signatures, and can be made to sign wrongly."""

    def __init__(self, root: LocalSigner) -> None:
        self._root = root
        self.algorithm = root.algorithm
        self.key_id = root.key_id
        self.public_key = root.public_key
        self.signatures = 0
        self.is_broken = False

    def sign(self, message: bytes) -> bytes:
        self.signatures += 1
        return bytes(512) if self.is_broken else self._root.sign(message)


@pytest.fixture(scope="session")
def root_key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.getbasetemp() / "signing-root-key.pem"
    LocalSigner.open(path)
    return path


@pytest.fixture
def root(root_key_file: Path) -> CountingRoot:
    return CountingRoot(LocalSigner.open(root_key_file))


@pytest.fixture(scope="session")
def next_root() -> Signer:
    return LocalSigner(generate_private_key(65537, 4096))


def statuses() -> dict[str, str]:
    return {row.key_id: row.status for row in SigningKey.objects.all()}


class TestRememberingTheRoot:
    def test_the_first_root_is_active_and_stored_with_its_public_key(
        self, root: CountingRoot
    ) -> None:
        row = remember_root(root, now=NOON)

        assert row.status == KeyStatus.ACTIVE.value
        assert PublicKey.from_pem(row.pem).key_id == row.key_id == root.key_id
        assert queries.key_set_version() == 1

    def test_the_same_root_again_changes_nothing(self, root: CountingRoot) -> None:
        remember_root(root, now=NOON)
        remember_root(root, now=NOON + timedelta(days=1))

        assert SigningKey.objects.get().not_before == NOON
        assert queries.key_set_version() == 1

    def test_another_root_retires_the_one_before_and_keeps_it(
        self, root: CountingRoot, next_root: Signer
    ) -> None:
        remember_root(root, now=NOON)
        remember_root(next_root, now=NOON + timedelta(days=1))

        assert statuses() == {root.key_id: "retired", next_root.key_id: "active"}
        assert queries.key_set_version() == 2

    def test_going_back_to_the_old_root_is_one_more_change(
        self, root: CountingRoot, next_root: Signer
    ) -> None:
        for signer in (root, next_root, root):
            remember_root(signer, now=NOON)

        assert statuses() == {root.key_id: "active", next_root.key_id: "retired"}
        assert queries.key_set_version() == 3

    def test_a_revoked_root_does_not_come_back(self, root: CountingRoot) -> None:
        remember_root(root, now=NOON)
        SigningKey.objects.update(status=KeyStatus.REVOKED.value)

        with pytest.raises(UnsafeKey, match="revoked"):
            remember_root(root, now=NOON)

        assert statuses() == {root.key_id: "revoked"}
        assert queries.key_set_version() == 1

    def test_the_database_itself_allows_one_active_key(
        self, root: CountingRoot, next_root: Signer
    ) -> None:
        remember_root(root, now=NOON)

        with pytest.raises(IntegrityError):
            SigningKey.objects.create(
                key_id=next_root.key_id,
                algorithm="RS256",
                pem=next_root.public_key.pem(),
                status=KeyStatus.ACTIVE.value,
                not_before=NOON,
            )


class TestThePublishedDocument:
    @pytest.fixture
    def published(self, root: CountingRoot) -> PublishedKeys:
        remember_root(root, now=NOON)
        return PublishedKeys(Root(root), issuer=ISSUER)

    def test_it_verifies_under_the_root(self, published: PublishedKeys, root: CountingRoot) -> None:
        document = published.document(START)

        keyset = open_keyset(
            document["keyset"], roots=Roots([root.public_key]), now=START, issuer=ISSUER
        )
        assert [entry.key.key_id for entry in keyset.entries] == [root.key_id]
        assert keyset.version == document["version"] == 1

    def test_it_shows_each_key_as_jwk_and_as_pem(
        self, published: PublishedKeys, root: CountingRoot
    ) -> None:
        (key,) = published.document(START)["keys"]

        assert PublicKey.from_pem(key["pem"]).key_id == key["kid"] == root.key_id
        assert key["status"] == "active"

    def test_it_is_signed_once_in_half_a_day(
        self, published: PublishedKeys, root: CountingRoot
    ) -> None:
        for second in (0, 1, 43_200):
            published.document(START + second)
        assert root.signatures == 2

        published.document(START + 43_201)
        assert root.signatures == 4

    def test_a_key_changed_elsewhere_shows_within_a_minute(
        self, published: PublishedKeys, next_root: Signer
    ) -> None:
        published.document(START)
        remember_root(next_root, now=NOON)

        assert published.document(START + 59)["version"] == 1
        assert published.document(START + 60)["version"] == 2

    def test_a_key_changed_elsewhere_shows_at_once_after_a_notice(
        self, published: PublishedKeys, next_root: Signer
    ) -> None:
        published.document(START)
        published.document(START + 1)
        remember_root(next_root, now=NOON)

        published.expire()

        assert published.document(START + 2)["version"] == 2

    def test_a_notice_without_a_change_costs_no_signature(
        self, published: PublishedKeys, root: CountingRoot
    ) -> None:
        published.document(START)

        for second in range(100):
            published.expire()
            published.document(START + second)

        assert root.signatures == 2

    def test_while_the_database_is_away_the_document_at_hand_is_given(
        self, published: PublishedKeys, tmp_path: Path
    ) -> None:
        at_hand = published.document(START)
        use_database(tmp_path / "no-such-folder" / "license.sqlite3")

        assert published.document(START + 3_600) == at_hand

    def test_a_clock_that_jumped_back_makes_a_new_one(
        self, published: PublishedKeys, root: CountingRoot
    ) -> None:
        published.document(START)

        earlier = published.document(START - 86_400)

        assert (
            open_keyset(
                earlier["keyset"], roots=Roots([root.public_key]), now=START - 86_400
            ).issued_at
            == START - 86_400
        )

    def test_retired_keys_stay_and_revoked_ones_are_named_but_no_plain_keys(
        self, published: PublishedKeys, root: CountingRoot, next_root: Signer
    ) -> None:
        remember_root(next_root, now=NOON + timedelta(days=1))
        assert len(published.jwks()["keys"]) == 2

        SigningKey.objects.filter(key_id=next_root.key_id).update(status="revoked")

        named = {key["kid"]: key["status"] for key in published.document(START)["keys"]}
        assert named == {root.key_id: "retired", next_root.key_id: "revoked"}
        assert [key["kid"] for key in published.jwks()["keys"]] == [root.key_id]

    def test_the_plain_set_is_plain(self, published: PublishedKeys, root: CountingRoot) -> None:
        assert published.jwks() == {"keys": [root.public_key.jwk()]}

    def test_s16_a_wrong_signature_is_not_published(
        self, published: PublishedKeys, root: CountingRoot
    ) -> None:
        root.is_broken = True

        with pytest.raises(SigningUnavailable):
            published.document(START)

    def test_s16_while_the_root_is_broken_the_document_at_hand_is_given_to_its_end(
        self, published: PublishedKeys, root: CountingRoot
    ) -> None:
        at_hand = published.document(START)
        root.is_broken = True

        assert published.document(START + 86_399) == at_hand
        with pytest.raises(SigningUnavailable):
            published.document(START + 86_400)

    def test_without_a_stored_root_there_is_none(self, root: CountingRoot) -> None:
        with pytest.raises(SigningUnavailable):
            PublishedKeys(Root(root), issuer=ISSUER).document(START)

    def test_the_version_is_zero_before_the_first_key(self) -> None:
        assert queries.key_set_version() == 0
        assert not KeySetVersion.objects.exists()


def test_the_settings_make_a_root_its_seals_and_its_published_keys(root_key_file: Path) -> None:
    with override_settings(LICENSE_ROOT_KEY_FILE=root_key_file):
        root = root_from_settings()
    remember_root(root, now=NOON)
    present = Root(root)

    seals, published = seals_from_settings(present), published_keys_from_settings(present)

    assert seals.root_key_id == root.key_id
    assert published.document(START)["version"] == 1
