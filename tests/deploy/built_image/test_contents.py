"""What is in the image, and what is not."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from deploy.built_image.buildah import VERSION, BuiltImage
from deploy.built_image.folders import BILL, REPOSITORY
from deploy.image.surprises import surprises

HOME: Final = "srv/license"


def tracked(*folders: str) -> dict[str, bytes]:
    """Return the files of the repository under these folders that a server runs, by their paths."""
    words = ["git", "-C", str(REPOSITORY), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run([*words, "--", *folders], capture_output=True, text=True, check=True)
    return {
        name: (REPOSITORY / name).read_bytes()
        for name in listed.stdout.splitlines()
        if not name.startswith("backend/tests/") and not name.endswith(".md")
    }


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def libraries(image: BuiltImage) -> Path:
    (folder,) = (image.root / "opt/license/lib").glob("python3.*/site-packages")
    return folder


def bill_of(image: BuiltImage) -> dict[str, Any]:
    path = image.root / "usr/share/doc/license-server/license-server.cdx.json"
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def listed(image: BuiltImage, kind: str) -> set[tuple[str, str]]:
    components = bill_of(image)["components"]
    return {
        (one["name"], one["version"]) for one in components if one["purl"].startswith(f"pkg:{kind}")
    }


def test_the_image_says_how_it_is_run(image: BuiltImage) -> None:
    config = image.config

    assert config["User"] == "10001:10001"
    assert config["StopSignal"] == "SIGTERM"
    assert config["Cmd"] == ["serve"]
    assert config["Healthcheck"]["Test"][0] == "CMD"
    assert set(config["ExposedPorts"]) == {"8000/tcp", "9464/tcp"}
    assert not config["Volumes"]
    assert config["Labels"]["org.opencontainers.image.version"] == VERSION
    assert len(config["Labels"]["org.opencontainers.image.revision"]) == 40
    assert "PYTHONDONTWRITEBYTECODE=1" in config["Env"]


def test_no_file_is_a_surprise(image: BuiltImage) -> None:
    assert surprises(image.root) == []


def test_the_server_is_there_and_nothing_else_of_the_repository(image: BuiltImage) -> None:
    wanted = tracked("backend", "scripts/license-admin")
    wanted["alive.py"] = (REPOSITORY / "scripts/image/alive.py").read_bytes()

    assert len(wanted) > 200
    assert contents(image.root / HOME) == wanted


def test_everything_is_compiled_already(image: BuiltImage) -> None:
    sources = [*(image.root / HOME).rglob("*.py"), *libraries(image).rglob("*.py")]
    kept = [
        path for path in sources if not list((path.parent / "__pycache__").glob(f"{path.stem}.*"))
    ]

    assert len(sources) > 2_000
    assert kept == []


def test_nothing_in_it_can_install_anything(image: BuiltImage) -> None:
    for python in ("/opt/license/bin/python", "/usr/bin/python3"):
        for module in ("pip", "ensurepip", "hatchling", "setuptools"):
            words = ["chroot", str(image.root), python, "-c", f"import {module}"]
            ended = subprocess.run(words, capture_output=True, text=True, check=False)
            assert "ModuleNotFoundError" in ended.stderr, (python, module)
    words = ["chroot", str(image.root), "/opt/license/bin/python", "-c", "import django"]
    assert subprocess.run(words, check=False).returncode == 0
    for program in ("gcc", "cc", "make", "git", "curl", "wget"):
        assert not (image.root / "usr/bin" / program).exists()


def test_what_production_needs_is_there_and_loads(image: BuiltImage) -> None:
    loaded = "psycopg, redis, google.cloud.kms_v1, grpc, uvloop, httptools, opentelemetry.sdk.trace"
    loaded += ", opentelemetry.exporter.otlp.proto.http, coditect_license_token"
    code = f"import {loaded}; print(psycopg.pq.__impl__)"
    words = ["chroot", str(image.root), "/opt/license/bin/python", "-c", code]

    asked = subprocess.run(words, capture_output=True, text=True, check=False)

    assert (asked.returncode, asked.stdout) == (0, "binary\n"), asked.stderr


def test_the_bill_lists_what_pip_lists(image: BuiltImage) -> None:
    words = [sys.executable, "-m", "pip", "list", "--format=json", "--path"]
    asked = subprocess.run(
        [*words, str(libraries(image))], capture_output=True, text=True, check=True
    )
    found = {
        (one["name"].lower().replace("_", "-"), one["version"]) for one in json.loads(asked.stdout)
    }

    assert len(found) > 40
    assert listed(image, "pypi") == {(name.replace(".", "-"), version) for name, version in found}


def test_the_bill_lists_what_dpkg_lists(image: BuiltImage) -> None:
    words = ["dpkg-query", f"--admindir={image.root}/var/lib/dpkg", "--show"]
    asked = subprocess.run(
        [*words, "--showformat=${Package} ${Version}\n"], capture_output=True, text=True, check=True
    )
    found = {tuple(line.split()) for line in asked.stdout.splitlines()}

    assert len(found) > 50
    assert listed(image, "deb") == found


def test_the_bill_is_cyclonedx_and_is_left_as_a_file(image: BuiltImage) -> None:
    document = bill_of(image)

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document)) is None
    assert document["metadata"]["component"]["version"] == VERSION
    hashed = {one["name"] for one in document["components"] if "hashes" in one}
    assert hashed == {name for name, _ in listed(image, "pypi")} - {"coditect-license-token"}
    BILL.parent.mkdir(parents=True, exist_ok=True)
    BILL.write_text(json.dumps(document, indent=1) + "\n")
