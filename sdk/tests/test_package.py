"""What is shipped: its face, its weight, its dependencies, its wheel."""

import ast
import resource
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import coditect_license_sdk

SDK = Path(__file__).parents[1]
SOURCE = SDK / "src" / "coditect_license_sdk"
ALLOWED = {"httpx", "cryptography", "platformdirs"}
OURS = {"coditect_license_sdk", "coditect_license_token"}


def test_every_public_name_can_be_imported_and_is_in_order() -> None:
    assert coditect_license_sdk.__all__ == sorted(coditect_license_sdk.__all__)
    for name in coditect_license_sdk.__all__:
        assert getattr(coditect_license_sdk, name).__doc__
    assert set(coditect_license_sdk.__all__) <= set(dir(coditect_license_sdk))
    with pytest.raises(AttributeError, match="Nonsense"):
        coditect_license_sdk.Nonsense  # noqa: B018


def test_importing_takes_less_than_60_ms() -> None:
    cost = _least_seconds("import coditect_license_sdk") - _least_seconds("pass")

    assert cost < 0.060, f"{cost * 1000:.0f} ms"


def test_naming_the_client_loads_nothing_heavy_either() -> None:
    heavy = "httpx,cryptography,asyncio,ssl,platformdirs,subprocess,tempfile"
    program = (
        "from coditect_license_sdk import LicenseClient, LicenseError; import sys; "
        f"print([module for module in '{heavy}'.split(',') if module in sys.modules])"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert loaded == "[]\n"


def _least_seconds(program: str) -> float:
    """The least CPU time of several runs: what else the machine does can only add to it."""
    return min(_cpu_seconds(program) for _ in range(9))


def _cpu_seconds(program: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_three_dependencies_are_declared_and_no_other_is_imported() -> None:
    project = tomllib.loads((SDK / "pyproject.toml").read_text())["project"]
    foreign = {name for file in SOURCE.rglob("*.py") for name in _foreign_imports(file)}

    assert set(project["dependencies"]) == ALLOWED
    assert foreign == ALLOWED


@pytest.mark.parametrize(
    ("module", "door"),
    [("httpx", {"_transport.py"}), ("platformdirs", {"_options.py"})],
)
def test_a_foreign_library_enters_by_one_door(module: str, door: set[str]) -> None:
    users = {file.name for file in SOURCE.rglob("*.py") if module in _foreign_imports(file)}

    assert users == door


def _foreign_imports(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names - set(sys.stdlib_module_names) - OURS


def test_the_wheel_carries_both_packages_and_runs_alone(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [*build, "--disable-pip-version-check", "-w", tmp_path, SDK], check=True, timeout=120
    )
    wheel = next(tmp_path.glob("coditect_license_sdk-*.whl"))
    target = tmp_path / "target"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    subprocess.run(
        [*install, "--disable-pip-version-check", "--target", target, wheel],
        check=True,
        timeout=120,
    )
    program = (
        "import coditect_license_sdk as sdk, coditect_license_token as token; "
        "from coditect_license_sdk.testing import FakeLicenseServer; "
        f"assert sdk.__file__.startswith({str(target)!r}), sdk.__file__; "
        f"assert token.__file__.startswith({str(target)!r}), token.__file__; "
        "server = FakeLicenseServer(); server.start(); "
        "client = sdk.LicenseClient("
        "server.url, license_key=server.license_key, roots=server.roots, cache_dir='.'); "
        "lease = client.acquire(); assert lease.is_valid(); lease.release(); server.stop()"
    )

    subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            f"import sys; sys.path[0] = {str(target)!r}; {program}",
        ],
        check=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert (target / "coditect_license_sdk" / "py.typed").exists()
    assert (target / "bin" / "coditect-license").exists()
