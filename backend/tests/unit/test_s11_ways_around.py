"""S11: whoever looks across tenants, or writes SQL of his own, is named here with a reason.

Models are limited to the current tenant, and on SQLite they are all there is. What passes them by
has to name the tenant itself.
"""

import ast
from pathlib import Path

import pytest

BACKEND = Path(__file__).parents[2]
WAYS_AROUND = {"across_tenants", "cursor", "extra", "RawSQL"}

NAMED = {
    "tenants/current.py": "says whose the transaction is",
    "tenants/wiring.py": "asks what the login may do",
    "signing/queries.py": "asks for the database's clock",
    "audit/book.py": "chains the events of the tenant that each statement names",
    "privacy/erasing.py": "deletes whole tenants, with a login that sees all rows, or not at all",
}
"""Files of the control plane. The leasing plane's statements have a test of their own
(test_statements_name_the_tenant.py)."""


def ways_around(source: str) -> set[str]:
    tree = ast.parse(source)
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    used |= {function.id for function in called if isinstance(function, ast.Name)}
    return used & WAYS_AROUND


def is_of_the_control_plane(path: Path) -> bool:
    rooms = path.relative_to(BACKEND).parts
    return not {"tests", "migrations"} & set(rooms) and rooms[:2] != ("leasing", "stores")


def test_s11_every_way_around_the_models_is_named() -> None:
    files = [path for path in BACKEND.rglob("*.py") if is_of_the_control_plane(path)]
    found = {
        str(path.relative_to(BACKEND)): ways
        for path in files
        if (ways := ways_around(path.read_text()))
    }

    assert len(files) > 150
    assert {"tenants/current.py", "signing/queries.py"} <= found.keys()
    unnamed = {name: ways for name, ways in found.items() if name not in NAMED}
    assert not unnamed, f"uses tenant_transaction and objects, or is named here: {unnamed}"


@pytest.mark.parametrize(
    "source",
    [
        "License.across_tenants.count()",
        "with connection.cursor() as cursor: pass",
        "License.objects.extra(where=['1 = 1'])",
        "License.objects.annotate(x=RawSQL('1', []))",
        "manager = Seat.across_tenants",
    ],
)
def test_each_way_around_would_be_found(source: str) -> None:
    assert ways_around(source)
