"""The local KMS for tests: quick keys, and one certificate for every server of the process."""

import atexit
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Final

from foundation.clock import Clock, utc_now
from local_kms.certificate import Certificate, kept_certificate
from local_kms.folder import DataFolder
from local_kms.habits import Habits
from local_kms.key_material import KeyPool
from local_kms.server import LocalKms, running_kms

POOL: Final = Path(__file__).resolve().parents[1] / ".local" / "local-kms-test-keys"
"""Keys made once for all tests; git ignores the folder."""


@contextmanager
def kms_for_tests(folder: Path, *, port: int = 0, clock: Clock = utc_now) -> Iterator[LocalKms]:
    """Serve from a folder, with keys from the pool and :func:`trusted_certificate`."""
    with running_kms(
        folder,
        port=port,
        new_key=KeyPool(POOL),
        clock=clock,
        habits=Habits(),
        certificate=trusted_certificate(),
    ) as kms:
        yield kms


@lru_cache
def trusted_certificate() -> Certificate:
    """Return the one certificate of this process, which its gRPC clients trust.

    gRPC reads its trusted roots once in the life of a process, at the first client: call this
    before there is one. Children that inherit the environment trust it too.
    """
    folder = tempfile.TemporaryDirectory(prefix="local-kms-certificate-")
    atexit.register(folder.cleanup)
    certificate = kept_certificate(DataFolder(Path(folder.name)))
    os.environ["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = str(certificate.file)
    return certificate
