"""A local KMS for each test, and Google's own client, unmodified, to talk to it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud import kms

from local_kms.server import LocalKms
from local_kms.testing import kms_for_tests

LOCATION = "projects/vault/locations/us-central1"
RING = f"{LOCATION}/keyRings/ring"

Client = Any  # proto-plus has no types
ClientOf = Callable[[Path], Client]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalKms]:
    with kms_for_tests(tmp_path / "kms") as running:
        yield running


@pytest.fixture
def client_of(server: LocalKms) -> Iterator[ClientOf]:
    """What makes a client for an account's file, as production code does it."""
    clients: list[Client] = []

    def client(account: Path) -> Client:
        made = kms.KeyManagementServiceClient.from_service_account_file(
            str(account), client_options={"api_endpoint": server.address}
        )
        clients.append(made)
        return made

    yield client
    for made in clients:
        made.transport.close()


@pytest.fixture
def owner(server: LocalKms) -> Path:
    """An account that may do everything in the project ``vault``."""
    account = server.service_account("owner", project="vault")
    for role in ("roles/cloudkms.admin", "roles/cloudkms.signerVerifier"):
        server.grant(role, on="projects/vault", to=account)
    return account


@pytest.fixture
def client(client_of: ClientOf, owner: Path) -> Client:
    return client_of(owner)


@pytest.fixture
def ring(client: Client) -> str:
    made = client.create_key_ring(request={"parent": LOCATION, "key_ring_id": "ring"})
    return str(made.name)
