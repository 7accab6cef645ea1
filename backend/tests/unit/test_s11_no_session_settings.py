"""S11: no code leaves a setting in a database session, which a pooler hands to the next caller.

One that was left behind by one path poisons correct transactions of others that come later.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

BACKEND = Path(__file__).parents[2]

MAY_SET = {
    "tenants/current.py": "whom a tenant's transaction acts for, until it ends",
    "leasing/stores/postgres/statements/state.py": (
        "what holds within a transaction of the leasing plane, or within the one session that is"
        " nobody else's (docs/adr/0016)"
    ),
}
"""The only files that set anything, and what."""

SETS = re.compile(
    r"""
    \bset_config\s*\(
    | (?:^|;|\bEXECUTE\s+')\s*(?:SET|RESET|DISCARD)\s+(?!TRANSACTION\b|CONSTRAINTS\b)[A-Za-z{]
    | \bSET\s+(?:SESSION|LOCAL|ROLE)\b
    | \bALTER\s+(?:ROLE|USER|DATABASE|SYSTEM)\b.*\bSET\b
    | (?:^|[\s=])-c\s*[a-z_.]+=
    """,
    re.VERBOSE,
)
FOR_THE_SESSION = re.compile(r"set_config\s*\((?:[^()]|\([^()]*\))*,\s*(?!true\b)\w+\s*\)")


def texts(source: str) -> Iterator[str]:
    """Yield every text of a program but its docstrings; what is put in shows as {}."""
    tree = ast.parse(source)
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) for part in getattr(node, "values", ())}
    for node in ast.walk(tree):
        if id(node) in documentation or (id(node) in parts and isinstance(node, ast.Constant)):
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                part.value if isinstance(part, ast.Constant) else "{}"  # type: ignore[misc]
                for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def setting(source: str) -> list[str]:
    return [text for text in texts(source) if SETS.search(text)]


def test_s11_settings_are_set_in_two_places() -> None:
    found = {
        str(path.relative_to(BACKEND)): setting(path.read_text())
        for path in sorted(BACKEND.rglob("*.py"))
        if "tests" not in path.relative_to(BACKEND).parts
    }

    assert len(found) > 150
    assert {name: texts for name, texts in found.items() if texts}.keys() == MAY_SET.keys()


def test_s11_a_tenants_settings_end_with_its_transaction() -> None:
    (text,) = setting((BACKEND / "tenants/current.py").read_text())

    assert text.count("set_config") == 2
    assert text.count(", true)") == 2
    assert text.count("%s") == 1  # the tenant, handed over and not written into the statement
    assert FOR_THE_SESSION.search(text) is None


@pytest.mark.parametrize(
    "source",
    [
        "execute(\"SET app.tenant_id = 'x'\")",
        "execute(f'SET app.tenant_id = {tenant}')",
        "execute('SET ROLE control_plane')",
        "execute('SELECT 1; SET ROLE ' + role)",
        "execute('RESET ROLE')",
        "execute('DISCARD ALL')",
        "execute(f\"SELECT set_config('app.tenant_id', '{tenant}', false)\")",
        "execute('SELECT set_config(%s, %s, %s)')",
        "execute('SET SESSION AUTHORIZATION owner')",
        "execute('ALTER ROLE app SET app.tenant_id TO 1')",
        "connect(options='-c app.tenant_id=1')",
    ],
)
def test_each_way_to_set_something_would_be_found(source: str) -> None:
    assert setting(source)


@pytest.mark.parametrize(
    "source",
    [
        "execute('UPDATE seat\\nSET device = null')",
        "execute('SELECT current_setting(%s, true)')",
        '"""SET is a word."""',
        "say('Set the seats of a license')",
    ],
)
def test_what_sets_nothing_is_let_be(source: str) -> None:
    assert not setting(source)


def test_a_setting_of_the_session_is_told_from_one_of_the_transaction() -> None:
    assert FOR_THE_SESSION.search("SELECT set_config('app.tenant_id', %s, false)")
    assert not FOR_THE_SESSION.search("SELECT set_config('app.tenant_id', %s, true)")
