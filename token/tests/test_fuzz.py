"""The fuzzer's promises hold for every vector, can be broken, and hold for random bit flips."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz.targets import TARGETS, seeds
from support.planted_verifiers import BUGS

from coditect_license_token import strict_base64, strict_json

TOKEN_FOLDER = Path(__file__).parents[1]
PACKAGE = TOKEN_FOLDER / "src" / "coditect_license_token"


def run(*words: str, sources: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=TOKEN_FOLDER,
        env={**os.environ, "PYTHONPATH": str(sources)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.mark.parametrize("name", TARGETS)
def test_what_a_target_promises_holds_for_every_vector(name: str) -> None:
    given = list(seeds(name))

    for document in given:
        TARGETS[name](document)
    assert given


@pytest.mark.parametrize(
    ("bug", "target", "document"),
    [
        ("base64url not canonical", "base64", b"AB"),
        ("base64url not canonical", "compact", b"e30.e30.AB"),
        ("the last of equal members", "strict", b'{"a":1,"a":2}'),
        ("any depth", "strict", b'{"a":' + b"[" * 2_000),
        ("the token's signature not verified", "sealed", b""),
    ],
)
def test_a_target_notices_a_planted_bug_and_an_input_can_be_run_again(
    tmp_path: Path, bug: str, target: str, document: bytes
) -> None:
    (planted,) = (one for one in BUGS if one.name == bug)
    broken = shutil.copytree(PACKAGE, tmp_path / "broken" / PACKAGE.name) / Path(planted.file).name
    broken.write_text(planted.plant(broken.read_text()))
    found = tmp_path / "found"
    found.write_bytes(document or forged_token())

    codes = [
        run("fuzz", target, "--replay", str(found), sources=sources).returncode
        for sources in (tmp_path / "broken", PACKAGE.parent)
    ]

    assert codes == [1, 0]


def forged_token() -> bytes:
    """Change the claims of a true token, and not its signature."""
    header, payload, signature = next(seeds("sealed")).decode().split(".")
    claims = strict_json.decode_object(strict_base64.decode_url(payload))
    other = strict_base64.encode_url(strict_json.encode({**claims, "tier": "basic"}))
    return f"{header}.{other}.{signature}".encode()


def test_random_bit_flips_are_all_refused() -> None:
    flipped = run("fuzz.bit_flips", "--flips", "200000", sources=PACKAGE.parent)

    assert (flipped.stdout, flipped.stderr) == ("200000 flips, 0 taken\n", "")
