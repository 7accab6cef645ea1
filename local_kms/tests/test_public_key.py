"""GetPublicKey in both its forms."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
from google.api_core import exceptions
from google.cloud import kms
from google_crc32c import value as crc32c

from local_kms.server import LocalKms
from local_kms.tests.keys import RSA, State, make_version, reasons, set_state

Format: Any = kms.PublicKey.PublicKeyFormat


def test_without_a_format_pem_and_its_checksum_come(client: Any, ring: str) -> None:
    version = make_version(client, ring, RSA)

    answer = client.get_public_key(request={"name": version})

    assert load_pem_public_key(answer.pem.encode()).key_size == 4096  # type: ignore[union-attr]
    assert answer.pem_crc32c == crc32c(answer.pem.encode())
    assert (answer.name, answer.algorithm) == (version, RSA)
    assert answer.protection_level == kms.ProtectionLevel.SOFTWARE
    assert answer.public_key.data == b""


def test_with_a_format_the_newer_field_comes_instead_of_pem(client: Any, ring: str) -> None:
    version = make_version(client, ring, RSA)
    old = client.get_public_key(request={"name": version})

    new = client.get_public_key(request={"name": version, "public_key_format": Format.PEM})

    assert new.public_key.data == old.pem.encode()
    assert new.public_key.crc32c_checksum == crc32c(new.public_key.data)
    assert new.public_key_format == Format.PEM
    assert new.pem == ""


def test_der_is_the_same_key(client: Any, ring: str) -> None:
    version = make_version(client, ring, RSA)
    pem = client.get_public_key(request={"name": version}).pem.encode()

    der = client.get_public_key(request={"name": version, "public_key_format": Format.DER})

    assert load_der_public_key(der.public_key.data) == load_pem_public_key(pem)


def test_a_format_of_another_algorithm_is_refused(client: Any, ring: str) -> None:
    version = make_version(client, ring)

    with pytest.raises(exceptions.MethodNotImplemented):
        client.get_public_key(request={"name": version, "public_key_format": Format.NIST_PQC})


def test_a_disabled_version_keeps_its_public_key_to_itself(client: Any, ring: str) -> None:
    version = make_version(client, ring)
    set_state(client, version, State.DISABLED)

    with pytest.raises(exceptions.FailedPrecondition) as told:
        client.get_public_key(request={"name": version})

    assert reasons(told.value) == ["KEY_DISABLED"]


def test_a_pending_version_has_no_public_key_yet(server: LocalKms, client: Any, ring: str) -> None:
    server.habits.generation_seconds = 3600
    version = make_version(client, ring)

    with pytest.raises(exceptions.FailedPrecondition) as told:
        client.get_public_key(request={"name": version})

    assert reasons(told.value) == ["KEY_PENDING_GENERATION"]


def test_malformed_and_unknown_names_are_told_apart(client: Any, ring: str) -> None:
    version = make_version(client, ring)

    with pytest.raises(exceptions.InvalidArgument):
        client.get_public_key(request={"name": "malformed name"})
    with pytest.raises(exceptions.NotFound):
        client.get_public_key(request={"name": f"{version}0"})
