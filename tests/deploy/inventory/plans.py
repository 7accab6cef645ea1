"""What production's plan has: the values of resources as OpenTofu would make them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from deploy.inventory.trees import found
from deploy.opentofu.plans import planned_resources


def planned(path: Path, steps: Sequence[str]) -> Iterator[Any]:
    """Yield what production's plan has at these steps; the first names a type of resource.

    ``type[name=value]`` is those of the type with that value. Nothing is there when no file of
    the module declares that type.
    """
    kind, _, chosen = steps[0].partition("[")
    if not _declared(path.parent, kind):
        return
    named, _, value = chosen.rstrip("]").partition("=")
    for one in planned_resources("production"):
        if one["type"] == kind and (not named or str(one["values"].get(named)) == value):
            yield from found(one["values"], steps[1:])


def _declared(module: Path, kind: str) -> bool:
    return any(f'resource "{kind}"' in file.read_text() for file in module.glob("*.tf"))
