"""The addresses of the contract as a table, for whoever tests them."""

from pathlib import Path
from typing import Any, Final

import yaml

REPOSITORY: Final = Path(__file__).resolve().parents[2]
CONTRACT: Final = REPOSITORY / "docs/api/openapi.yaml"
PAGE: Final = REPOSITORY / "docs/compliance/penetration-test.md"
BEGIN: Final = "<!-- python -m scripts.compliance: endpoints from here -->"
END: Final = "<!-- python -m scripts.compliance: endpoints to here -->"
METHODS: Final = ("get", "post", "put", "patch", "delete")


def operations(contract: Path = CONTRACT) -> list[tuple[str, str, str, str]]:
    """Return method, path, what it asks for (or ``open``), and summary of every operation."""
    paths: dict[str, dict[str, Any]] = _read(contract)["paths"]
    return [
        (method.upper(), path, _asks(operations[method]), operations[method]["summary"])
        for path, operations in paths.items()
        for method in METHODS
        if method in operations
    ]


def pack_page(page: Path = PAGE) -> str:
    """Return the pack with its table of addresses made anew."""
    before, _, rest = page.read_text().partition(BEGIN)
    rows = "".join(
        f"| `{method}` | `{path}` | {asks} | {says} |\n"
        for method, path, asks, says in operations()
    )
    table = f"| method | address | asks for | does |\n| --- | --- | --- | --- |\n{rows}"
    return f"{before}{BEGIN}\n\n{table}\n{END}{rest.partition(END)[2]}"


def _read(contract: Path) -> Any:
    return yaml.load(contract.read_text(), Loader=yaml.CSafeLoader)  # large: the other takes 5 s


def _asks(operation: dict[str, Any]) -> str:
    schemes = operation["security"]
    if {} in schemes:
        return "credential, or a license key in the body"
    return "credential" if schemes else "open"
