"""What several of these tests start from."""

import shutil
from pathlib import Path

import pytest
from deploy.kubernetes.rendering import KUBERNETES


@pytest.fixture
def on_base(tmp_path: Path) -> Path:
    """Return a copy of the folder kubernetes with no overlay in it, to write one into."""
    copy = tmp_path / "kubernetes"
    shutil.copytree(KUBERNETES, copy, ignore=shutil.ignore_patterns("overlays"))
    (copy / "overlays").mkdir()
    return copy
