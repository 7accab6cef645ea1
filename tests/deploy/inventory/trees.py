"""One way through every kind of tree: steps from its root to values."""

from collections.abc import Iterator, Sequence
from typing import Any


def found(tree: Any, steps: Sequence[str]) -> Iterator[Any]:
    """Yield every value at the end of the steps.

    A step is a member's name, a place in a list, ``*`` for any, or ``name=value``: those of a
    list (or of an object's members) whose member of that name is that value.
    """
    if not steps:
        yield tree
        return
    for branch in _branches(tree, steps[0]):
        yield from found(branch, steps[1:])


def _branches(tree: Any, step: str) -> Iterator[Any]:
    if isinstance(tree, dict) and step in tree:
        yield tree[step]
        return
    many = list(tree.values()) if isinstance(tree, dict) else tree
    if not isinstance(many, list):
        return
    if step.isdigit() and not isinstance(tree, dict):
        yield from many[int(step) : int(step) + 1]
    elif step == "*":
        yield from many
    elif "=" in step:
        name, _, value = step.partition("=")
        yield from (one for one in many if _says(one, name, value))


def _says(one: Any, name: str, value: str) -> bool:
    return isinstance(one, dict) and name in one and str(one[name]) == value


def by_kind_and_name(documents: Sequence[Any]) -> dict[str, Any]:
    """Return Kubernetes objects by ``Kind name``."""
    return {f"{one['kind']} {one['metadata']['name']}": one for one in documents if one}
