"""TLS and a password, as Memorystore asks for them, against Debian's redis-server."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from soft_state.address import Address, read_address
from soft_state.allowances import Allowances
from soft_state.notices import Board, Topic
from soft_state.valkey import Publisher
from tests.support.customer import Customer
from tests.support.fleet import in_fleet
from tests.support.plane import Plane
from tests.support.valkey import PASSWORD, RunningValkey, debian_redis
from tests.support.waiting import until

HOST = "127.0.0.1"


class Authority(NamedTuple):
    """Who signs certificates, and the file that says so."""

    name: x509.Name
    key: EllipticCurvePrivateKey
    file: Path


def named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(
    subject: x509.Name, key: EllipticCurvePrivateKey, by: x509.Name
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(by)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1))
    return builder.not_valid_after(now + timedelta(days=1))


def make_authority(folder: Path, text: str) -> Authority:
    key, name = new_key(SECP256R1()), named(text)
    builder = certificate(name, key, name)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    path = folder / f"{text}.pem"
    path.write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    return Authority(name, key, path)


def certify(authority: Authority, folder: Path, host: str) -> tuple[Path, Path]:
    """Return the files of a certificate for an address, and of its key."""
    key = new_key(SECP256R1())
    builder = certificate(named("valkey"), key, authority.name)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
    signed = builder.add_extension(names, critical=False).sign(authority.key, SHA256())
    paths = folder / "server.pem", folder / "server.key"
    paths[0].write_bytes(signed.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


class TlsRedis(RunningValkey):
    """Debian's redis-server, which speaks TLS alone."""

    def __init__(self, folder: Path, authority: Authority, *, certified_for: str) -> None:
        program = debian_redis()
        cert, key = certify(authority, folder, certified_for)
        self._authority = authority
        super().__init__(
            program,
            folder,
            *("--port", "0", "--tls-port", "{port}", "--tls-auth-clients", "no"),
            *("--tls-cert-file", str(cert), "--tls-key-file", str(key)),
            *("--tls-ca-cert-file", str(authority.file)),
            options={"ssl": True, "ssl_cert_reqs": "none", "ssl_check_hostname": False},
        )

    def trusted_through(self, authorities: Path | None, password: str = PASSWORD) -> Address:
        url = f"rediss://:{password}@{HOST}:{self.port}"
        return read_address(url, password=None, ca_file=str(authorities) if authorities else None)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path, "our-authority")


@pytest.fixture
def server(tmp_path: Path, authority: Authority) -> Iterator[TlsRedis]:
    with TlsRedis(tmp_path, authority, certified_for=HOST) as running:
        yield running


@pytest.fixture
def plane(db: Path, tmp_path: Path) -> Iterator[Plane]:
    with Plane(db, tmp_path, shared=Allowances(is_shared=True)) as running:
        yield running


def test_limits_and_notices_go_through_tls_with_a_password(
    server: TlsRedis, authority: Authority, plane: Plane
) -> None:
    address = server.trusted_through(authority.file)
    alice = Customer("alice", seats=1, key_auth=True)
    here, there, heard = Board(), Board(), list[str]()
    here.publish = Publisher(address)
    there.listen(Topic.ISSUERS, lambda: heard.append("issuers"))

    with in_fleet(plane, address, there):
        until(lambda: heard)  # it listens now
        plane.acquire(alice, "laptop")
        until(lambda: server.ask("KEYS", f"*{alice.license.id}"))
        here.announce(Topic.ISSUERS, about="1")
        until(lambda: len(heard) == 2)


def refused_words(plane: Plane, address: Address, caplog: pytest.LogCaptureFixture) -> str:
    """Return what is logged; seats are granted all the same, and nothing got through."""
    alice = Customer("alice", seats=1, key_auth=True)
    with in_fleet(plane, address):
        until(lambda: "each process counts alone" in caplog.text)
        assert plane.acquire(alice, "laptop").status_code == 201
    return caplog.text


def test_a_server_of_another_authority_is_refused(
    server: TlsRedis, tmp_path: Path, plane: Plane, caplog: pytest.LogCaptureFixture
) -> None:
    another = make_authority(tmp_path, "another-authority")

    words = refused_words(plane, server.trusted_through(another.file), caplog)

    assert "certificate verify failed" in words.lower()
    assert server.ask("KEYS", "*") == []


def test_the_systems_own_authorities_do_not_vouch_for_a_private_one(
    server: TlsRedis, plane: Plane, caplog: pytest.LogCaptureFixture
) -> None:
    words = refused_words(plane, server.trusted_through(None), caplog)

    assert "certificate verify failed" in words.lower()


def test_a_certificate_for_another_host_is_refused(
    tmp_path: Path, authority: Authority, plane: Plane, caplog: pytest.LogCaptureFixture
) -> None:
    with TlsRedis(tmp_path, authority, certified_for="127.0.0.2") as impostor:
        words = refused_words(plane, impostor.trusted_through(authority.file), caplog)

    assert "IP address mismatch" in words


def test_a_wrong_password_is_refused_and_not_shown(
    server: TlsRedis, authority: Authority, plane: Plane, caplog: pytest.LogCaptureFixture
) -> None:
    address = server.trusted_through(authority.file, password=f"not-{PASSWORD}")

    words = refused_words(plane, address, caplog)

    assert "AuthenticationError" in words
    assert PASSWORD not in words
