"""The package as a whole: pure, small at the face, fast."""

import ast
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import coditect_license_token
from coditect_license_token import (
    Delegation,
    LicenseData,
    LicenseToken,
    Roots,
    open_delegation,
    open_license_data,
    open_license_token,
    seal_delegation,
    seal_license_token,
)
from coditect_license_token.testing import InMemorySigner

SOURCE = Path(__file__).parents[1] / "src" / "coditect_license_token"
ALLOWED_IMPORTS = {
    "base64",
    "binascii",
    "coditect_license_token",
    "collections",
    "cryptography",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "hashlib",
    "hmac",
    "json",
    "re",
    "typing",
}
IMPURE_CALLS = {"now", "utcnow", "today", "open", "getenv", "generate"}


def _nodes() -> Iterator[ast.AST]:
    for path in SOURCE.glob("*.py"):
        if path.name != "testing.py":
            yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def test_it_imports_the_standard_library_and_cryptography_only() -> None:
    names = {
        name.partition(".")[0]
        for node in _nodes()
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert names == ALLOWED_IMPORTS


def test_it_reads_no_clock_no_file_and_no_environment() -> None:
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in _nodes()
        if isinstance(node, ast.Call)
    }
    assert not called & IMPURE_CALLS


def test_nothing_in_it_imports_the_test_signer() -> None:
    modules = {str(node.module) for node in _nodes() if isinstance(node, ast.ImportFrom)}
    assert "coditect_license_token.testing" not in modules


def test_the_face_is_what_it_lists() -> None:
    public = {name for name in vars(coditect_license_token) if not name.startswith("_")}
    modules = {path.stem for path in SOURCE.glob("*.py")}
    assert public - modules == set(coditect_license_token.__all__) - modules


def test_offline_verification_takes_far_less_than_a_millisecond(  # noqa: PLR0917
    claims: LicenseToken,
    delegation: Delegation,
    license_data: LicenseData,
    root: InMemorySigner,
    signer: InMemorySigner,
    roots: Roots,
    now: int,
) -> None:
    token = seal_license_token(claims, signer=signer)
    sealed_delegation = seal_delegation(delegation, root=root)
    document = license_data.with_signature(root.sign(license_data.signed_bytes()))
    took_seconds = []
    for _ in range(50):
        begin = time.process_time()
        opened = open_delegation(sealed_delegation, roots=roots, now=now)
        open_license_token(token, delegation=opened, now=now, hardware_id="device-1")
        open_license_data(document, roots=roots, now=None)
        took_seconds.append(time.process_time() - begin)
    assert statistics.median(took_seconds) < 0.001
