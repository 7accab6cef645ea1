"""Kubernetes objects of a folder with a kustomization."""

from pathlib import Path
from typing import Any

from deploy.kubernetes.rendering import render_folder


def rendered(folder: Path) -> list[dict[str, Any]]:
    """Return the objects that kustomize renders of the folder."""
    return render_folder(folder)
