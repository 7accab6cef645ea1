"""What has no business among an image's files is told; what has is not."""

import os
from pathlib import Path

import pytest
from deploy.image.surprises import surprises

KEY = (
    "-----BEGIN PRIVATE KEY-----\n" + "MC4CAQAwBQYDK2VwBCIEIJ" * 3 + "\n-----END PRIVATE KEY-----\n"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root file system with one file of ours and the folder of data."""
    for folder in ("etc", "opt/license", "srv/license/backend", "usr/bin", "var/lib/license"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "srv/license/backend/manage.py").write_text("print()\n")
    (tmp_path / "etc/shadow").touch(mode=0o600)
    settle(tmp_path)
    return tmp_path


def settle(root: Path) -> None:
    """Give everything of ours the mode it has in an image."""
    for path in [*(root / "srv/license").rglob("*"), *(root / "opt/license").rglob("*")]:
        path.chmod(0o555)
    (root / "var/lib/license").chmod(0o700)


def add(root: Path, name: str, mode: int, text: str = "") -> None:
    path = root / name
    for folder in (path.parent.parent, path.parent):
        if folder.exists():
            folder.chmod(0o755)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    settle(root)
    path.chmod(mode)


def owned_by_root() -> bool:
    return os.geteuid() == 0


pytestmark = pytest.mark.skipif(not owned_by_root(), reason="NOT ROOT: no file here is root's")


def test_an_image_as_it_must_be_has_none(root: Path) -> None:
    assert surprises(root) == []


@pytest.mark.parametrize(
    ("name", "mode", "text", "said"),
    [
        ("srv/license/backend/a.py", 0o600, "", "not everybody can read it (0600)"),
        ("srv/license/backend/a.py", 0o600, "", "mode 0600 instead of 0555"),
        ("opt/license/a.so", 0o755, "", "mode 0755 instead of 0555"),
        ("usr/bin/a", 0o4755, "", "runs as its owner (4755)"),
        ("usr/bin/a", 0o2755, "", "runs as its owner (2755)"),
        ("etc/a", 0o640, "", "not everybody can read it (0640)"),
        ("srv/license/.env", 0o555, "", "of a developer's machine"),
        ("opt/license/root-key.txt", 0o555, KEY, "a private key"),
    ],
)
def test_a_file_that_has_no_business_there_is_told(
    root: Path, name: str, mode: int, text: str, said: str
) -> None:
    add(root, name, mode, text)

    assert f"{name}: {said}" in surprises(root)


@pytest.mark.parametrize("name", ["srv/license/backend/tests", "srv/license/.git", ".ci"])
def test_a_folder_of_a_developer_is_told(root: Path, name: str) -> None:
    (root / name).parent.chmod(0o755)
    (root / name).mkdir()
    settle(root)

    assert surprises(root) == [f"{name}: of a developer's machine"]


def test_a_file_that_somebody_else_owns_is_told(root: Path) -> None:
    os.chown(root / "srv/license/backend/manage.py", 10001, 10001)
    add(root, "usr/bin/a", 0o755)
    os.chown(root / "usr/bin/a", 10001, 0)

    assert surprises(root) == [
        "srv/license/backend/manage.py: owned by 10001:10001",
        "usr/bin/a: the server owns it",
    ]
