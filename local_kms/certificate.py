"""How the server is recognized: a certificate for loopback, its own authority."""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from foundation.clock import utc_now
from local_kms.folder import DataFolder
from local_kms.key_material import pem_of

_KEY_FILE: Final = "tls-key.pem"
_CERTIFICATE_FILE: Final = "ca.pem"
_LIFETIME: Final = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the server shows, and where: ``file`` is for GRPC_DEFAULT_SSL_ROOTS_FILE_PATH."""

    file: Path
    key_pem: bytes
    certificate_pem: bytes


def kept_certificate(folder: DataFolder) -> Certificate:
    """Return the folder's certificate, made when it is missing, for 127.0.0.1 and localhost."""
    key_pem, certificate_pem = folder.read(_KEY_FILE), folder.read(_CERTIFICATE_FILE)
    if key_pem is None or certificate_pem is None:
        key = ec.generate_private_key(ec.SECP256R1())
        key_pem, certificate_pem = pem_of(key), _self_signed(key)
        folder.write(_KEY_FILE, key_pem)
        folder.write(_CERTIFICATE_FILE, certificate_pem)
    return Certificate(folder.path / _CERTIFICATE_FILE, key_pem, certificate_pem)


def _self_signed(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "local Cloud KMS")])
    hosts = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("::1")),
    ]
    now = utc_now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    return certificate.public_bytes(Encoding.PEM)
