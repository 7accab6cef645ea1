"""Key rings and keys: made, listed, changed, and refused as Cloud KMS refuses them."""

from datetime import timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import kms

from local_kms.tests.conftest import LOCATION
from local_kms.tests.keys import P256, RSA, Algorithm, Purpose, make_key, signing


def test_a_key_ring_is_made_once(client: Any, ring: str) -> None:
    assert ring == f"{LOCATION}/keyRings/ring"
    assert client.get_key_ring(request={"name": ring}).name == ring
    with pytest.raises(exceptions.AlreadyExists):
        client.create_key_ring(request={"parent": LOCATION, "key_ring_id": "ring"})


@pytest.mark.parametrize(
    ("parent", "ring_id"), [("locations/foo", "bar"), (LOCATION, "&bar"), (LOCATION, "")]
)
def test_a_malformed_key_ring_is_an_invalid_argument(
    client: Any, parent: str, ring_id: str
) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        client.create_key_ring(request={"parent": parent, "key_ring_id": ring_id})


def test_a_new_key_has_what_cloud_kms_fills_in_and_no_primary(client: Any, ring: str) -> None:
    key = client.get_crypto_key(request={"name": make_key(client, ring, RSA)})

    assert key.purpose == Purpose.ASYMMETRIC_SIGN
    assert key.version_template.algorithm == RSA
    assert key.version_template.protection_level == kms.ProtectionLevel.SOFTWARE
    assert key.destroy_scheduled_duration == timedelta(days=30)
    assert not key.primary.name


def test_a_key_is_made_once_with_its_first_version_or_without(client: Any, ring: str) -> None:
    key = make_key(client, ring)
    request = {"parent": ring, "crypto_key_id": "bare", "crypto_key": signing(P256)}

    bare = client.create_crypto_key(request={**request, "skip_initial_version_creation": True})

    assert len(list(client.list_crypto_key_versions(request={"parent": key}))) == 1
    assert list(client.list_crypto_key_versions(request={"parent": bare.name})) == []
    with pytest.raises(exceptions.AlreadyExists):
        client.create_crypto_key(request=request)


def test_a_key_in_an_unknown_ring_is_not_found(client: Any, ring: str) -> None:
    with pytest.raises(exceptions.NotFound):
        make_key(client, f"{ring}-unknown")


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": Purpose.ASYMMETRIC_SIGN},
        signing(RSA, rotation_period={"seconds": 90 * 86_400}),
        signing(RSA, next_rotation_time={"seconds": 4_102_444_800}),
        signing(RSA, destroy_scheduled_duration={"seconds": 3_600}),
        {
            "purpose": Purpose.ENCRYPT_DECRYPT,
            "version_template": {"algorithm": Algorithm.EC_SIGN_P256_SHA256},
        },
    ],
    ids=["no algorithm", "rotation", "next rotation", "destroyed too soon", "other algorithm"],
)
def test_a_wrong_key_is_an_invalid_argument(client: Any, ring: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        client.create_crypto_key(
            request={"parent": ring, "crypto_key_id": "key", "crypto_key": wrong}
        )


def test_what_it_cannot_do_it_says(client: Any, ring: str) -> None:
    for unable in (
        signing(Algorithm.EC_SIGN_SECP256K1_SHA256),
        {"purpose": Purpose.ASYMMETRIC_DECRYPT},
        {"purpose": Purpose.ENCRYPT_DECRYPT, "rotation_period": {"seconds": 86_400}},
    ):
        with pytest.raises(exceptions.MethodNotImplemented):
            client.create_crypto_key(
                request={"parent": ring, "crypto_key_id": "key", "crypto_key": unable}
            )
    with pytest.raises(exceptions.MethodNotImplemented):
        client.generate_random_bytes(request={"location": LOCATION, "length_bytes": 8})


def test_labels_and_the_algorithm_of_later_versions_can_be_changed(client: Any, ring: str) -> None:
    key = make_key(client, ring)
    template = {"algorithm": Algorithm.EC_SIGN_P384_SHA384}

    client.update_crypto_key(
        request={
            "crypto_key": {"name": key, "labels": {"for": "tests"}, "version_template": template},
            "update_mask": {"paths": ["labels", "version_template.algorithm"]},
        }
    )

    second = client.create_crypto_key_version(request={"parent": key})
    assert second.algorithm == Algorithm.EC_SIGN_P384_SHA384
    assert dict(client.get_crypto_key(request={"name": key}).labels) == {"for": "tests"}


@pytest.mark.parametrize("paths", [[], ["purpose"], ["rotation_period"]])
def test_what_cannot_be_changed_is_an_invalid_argument(
    client: Any, ring: str, paths: list[str]
) -> None:
    changed = {"name": make_key(client, ring), "rotation_period": {"seconds": 86_400}}

    with pytest.raises(exceptions.InvalidArgument):
        client.update_crypto_key(request={"crypto_key": changed, "update_mask": {"paths": paths}})


def test_lists_come_in_pages(client: Any, ring: str) -> None:
    for algorithm in (P256, RSA, Algorithm.EC_SIGN_ED25519):
        make_key(client, ring, algorithm)

    first = next(client.list_crypto_keys(request={"parent": ring, "page_size": 2}).pages)
    every = list(client.list_crypto_keys(request={"parent": ring, "page_size": 2}))

    assert (len(first.crypto_keys), first.total_size) == (2, 3)
    assert len({key.name for key in every}) == 3
    assert [each.name for each in client.list_key_rings(request={"parent": LOCATION})] == [ring]


@pytest.mark.parametrize("wrong", [{"page_token": "page 2"}, {"page_size": -1}])
def test_a_wrong_page_is_an_invalid_argument(client: Any, ring: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        client.list_crypto_keys(request={"parent": ring, **wrong})
