"""The local KMS as a whole: a folder, a port, and the switches of whoever runs it.

::

    with running_kms(folder) as kms:
        key = kms.ensure_signing_key("projects/p/locations/global/keyRings/r/cryptoKeys/k")
        account = kms.service_account("server", project="p")
        kms.grant("roles/cloudkms.signerVerifier", on=key, to=account)
        kms.faults.set("AsymmetricSign", Fault(code="UNAVAILABLE"))
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc

from foundation.clock import Clock, utc_now
from local_kms import names
from local_kms.administration_calls import signing_key
from local_kms.algorithms import Algorithm
from local_kms.callers import Callers
from local_kms.certificate import Certificate, kept_certificate
from local_kms.desk import Desk
from local_kms.faults import FaultPlan
from local_kms.folder import DataFolder, FolderBusy
from local_kms.habits import Habits
from local_kms.iam import Policies
from local_kms.key_material import KeySource, fresh
from local_kms.rpcs import IAM, KMS, rpcs
from local_kms.vault import Vault

__all__ = ["AddressBusy", "FolderBusy", "LocalKms", "running_kms"]

_THREADS: Final = 128  # calls at a time; those that hang on purpose keep one each
_STOP_SECONDS: Final = 2.0


class AddressBusy(Exception):
    """The port is taken, or may not be listened on; the message names it."""


@dataclass(frozen=True)
class LocalKms:
    """A running server. ``address`` is host:port, for CLOUD_KMS_ENDPOINT."""

    address: str
    certificate: Certificate
    faults: FaultPlan
    habits: Habits
    desk: Desk
    policies: Policies
    _callers: Callers
    _vault: Vault

    def service_account(self, name: str, *, project: str) -> Path:
        """Return an account's file for GOOGLE_APPLICATION_CREDENTIALS, made when missing."""
        return self._callers.service_account(name, project=project)

    def grant(self, role: str, *, on: str, to: Path) -> None:
        """Bind a role, such as ``roles/cloudkms.signer``, to the account of a file."""
        self.policies.grant(role, on=on, to=_member(to))

    def withdraw(self, role: str, *, on: str, of: Path) -> None:
        """Take a role from the account of a file; the next call feels it."""
        self.policies.withdraw(role, on=on, of=_member(of))

    def ensure_signing_key(
        self, name: str, algorithm: int = Algorithm.RSA_SIGN_PKCS1_4096_SHA256
    ) -> str:
        """Return the name of a key that signs, made with its ring and version 1 when missing."""
        names.crypto_key(name)
        ring = names.parent_of(name)
        if ring not in {known.name for known in self._vault.key_rings_in(names.parent_of(ring))}:
            self._vault.add_key_ring(ring)
        if name not in {known.name for known in self._vault.crypto_keys_of(ring)}:
            self._vault.add_crypto_key(signing_key(name, algorithm))
            self._vault.add_version(name)
        return name


@contextmanager
def running_kms(
    folder: Path,
    *,
    port: int = 0,
    new_key: KeySource = fresh,
    clock: Clock = utc_now,
    habits: Habits | None = None,
    certificate: Certificate | None = None,
) -> Iterator[LocalKms]:
    """Serve the keys of a folder, made when missing, on loopback until the block ends.

    Port 0 takes a free one. A ``certificate`` of another folder lets many servers share it. Calls
    under way have two seconds to end. Raises AddressBusy, FolderBusy.
    """
    data = DataFolder(folder)
    habits = habits or Habits()
    with data.for_one_server():
        policies, callers = Policies(data), Callers(data, new_key=new_key)
        vault = Vault(data, new_key=new_key, clock=clock, habits=habits)
        plan = FaultPlan(data.path / "faults.json")
        desk = Desk(callers, plan, habits)
        certificate = certificate or kept_certificate(data)
        server = _server(desk, vault, policies)
        address = _bound(server, port, certificate)
        server.start()
        try:
            yield LocalKms(address, certificate, plan, habits, desk, policies, callers, vault)
        finally:
            server.stop(_STOP_SECONDS).wait()


def _server(desk: Desk, vault: Vault, policies: Policies) -> grpc.Server:
    # Without it two servers share a port, and every second call goes astray.
    server = grpc.server(
        ThreadPoolExecutor(_THREADS, thread_name_prefix="local-kms"),
        options=[("grpc.so_reuseport", 0)],
    )
    served = list(rpcs(vault, policies))
    for service in (KMS, IAM):
        doors = {rpc.name: desk.door(rpc) for rpc in served if rpc.service == service}
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, doors)])
    return server


def _bound(server: grpc.Server, port: int, certificate: Certificate) -> str:
    credentials = grpc.ssl_server_credentials([(certificate.key_pem, certificate.certificate_pem)])
    try:
        return f"127.0.0.1:{server.add_secure_port(f'127.0.0.1:{port}', credentials)}"
    except RuntimeError as error:
        raise AddressBusy(f"cannot listen on 127.0.0.1:{port}") from error


def _member(account: Path) -> str:
    return f"serviceAccount:{json.loads(account.read_bytes())['client_email']}"
