"""The image on PostgreSQL, each plane with its own login, as in production."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx
import pytest
from deploy.built_image.buildah import BuiltImage
from deploy.built_image.container import Container
from deploy.built_image.volume import ACQUIRE, embedded, prepare_demo, volume

from coditect_license.plane_logins import ensure_control_login, ensure_leasing_login
from coditect_license.private_postgres import PrivatePostgres, running_postgres
from tests.support.ports import free_port

SOCKETS: Final = "/tmp"  # where a container sees the database's socket
LOGINS: Final = {"control": "license_control", "leasing": "license_leasing"}


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePostgres]:
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)  # as root the database runs as nobody
    with running_postgres(folder, durable=False) as running:
        running.ensure_database("license")
        ensure_leasing_login(running, LOGINS["leasing"])
        ensure_control_login(running, LOGINS["control"])
        running.sockets.chmod(0o755)
        for socket in running.sockets.glob(".s.PGSQL.*[0-9]"):
            socket.chmod(0o777)  # the image's user is neither root nor the database's
        yield running


def address(postgres: PrivatePostgres, **login: str) -> str:
    """Return the database's address as a container has it."""
    here, there = (quote(place, safe="") for place in (str(postgres.sockets), SOCKETS))
    return postgres.url("license", **login).replace(here, there)


def test_it_leases_from_postgresql(
    image: BuiltImage, postgres: PrivatePostgres, tmp_path: Path
) -> None:
    data, port, folders = volume(tmp_path), free_port(), {SOCKETS: postgres.sockets}
    as_owner = embedded(port) | {"LICENSE_DATABASE_URL": address(postgres)}
    as_server = embedded(port) | {
        "LICENSE_DATABASE_URL": address(postgres, login=LOGINS["control"]),
        "LICENSE_LEASING_DATABASE_URL": address(postgres, login=LOGINS["leasing"]),
    }
    key = prepare_demo(image, data, as_owner, folders)["license_key"]

    with Container(image, data, as_server, folders) as server:
        server.start("serve").serving()
        body = {"license_key": key, "hardware_id": "image"}
        acquired = httpx.post(f"http://127.0.0.1:{port}{ACQUIRE}", json=body, timeout=60)
        server.signal("SIGTERM")
        status = server.wait()

    assert (acquired.status_code, status) == (201, 0), "".join(server.output)
    assert not (data / "license.sqlite3").exists()
