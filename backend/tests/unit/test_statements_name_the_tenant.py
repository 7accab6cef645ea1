"""A batch mixes tenants, so every statement of the stores joins on the tenant given (S11)."""

from types import ModuleType

import pytest
from sqlglot import exp

from leasing.stores.postgres import statements as postgres
from leasing.stores.sqlite import statements as sqlite
from tests.support.tenant_check import TENANT_TABLES, parsed, untied, untied_in

DIALECTS: dict[str, ModuleType] = {"postgres": postgres, "sqlite": sqlite}
BY_LICENSE_KEY = {"TERMS", "LICENSES_OF_KEYS", "LOCK_LICENSES"}
"""The key is the credential, so it names the tenant; with a tenant given, that counts as well."""
OF_THE_SYSTEM = {
    ("sqlite", "LAPSED_ANYWHERE"),
    ("postgres", "WALK"),
    ("sqlite", "CENSUS_PAGE"),
    ("postgres", "CENSUS_PAGE"),
    ("sqlite", "EXTENSION_PAGE"),
    ("postgres", "EXTENSION_PAGE"),
}
"""Nobody calls it: operators' figures, and what housekeeping and an operator's extension look for,
which change what they find in its own tenant."""
NO_QUERY = {"BEGIN", "BEGIN_SNAPSHOT", "COMMIT"}
POSTGRES_ALONE = {"seats_version", "seats_change"}


def texts(dialect: str) -> dict[str, str]:
    """Return every statement of a store, by its name."""
    return {
        name: text
        for name, text in vars(DIALECTS[dialect]).items()
        if isinstance(text, str) and name.isupper() and name not in NO_QUERY
    }


NAMED = [(dialect, name) for dialect in DIALECTS for name in texts(dialect)]
TIED = [
    (dialect, name)
    for dialect, name in NAMED
    if name not in BY_LICENSE_KEY and (dialect, name) not in OF_THE_SYSTEM
]


def ties(tree: exp.Expr) -> list[exp.Expr]:
    """Return the equalities of a tree that speak of a tenant."""
    return [
        equality
        for equality in tree.find_all(exp.EQ, exp.NullSafeEQ, exp.In)
        if any(column.name == "tenant_id" for column in equality.find_all(exp.Column))
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_statement_is_looked_at(dialect: str) -> None:
    tables = {
        table.name
        for name, text in texts(dialect).items()
        for table in parsed(text, dialect).find_all(exp.Table)
    }

    assert tables >= TENANT_TABLES - (POSTGRES_ALONE if dialect == "sqlite" else set())
    assert len(texts(dialect)) >= 29


@pytest.mark.parametrize(("dialect", "name"), TIED)
def test_s11_each_table_is_tied_to_the_tenant_given(dialect: str, name: str) -> None:
    assert untied(texts(dialect)[name], dialect) == set()


@pytest.mark.parametrize(("dialect", "name"), sorted({*NAMED} - {*TIED}))
def test_the_exceptions_are_exceptions(dialect: str, name: str) -> None:
    text = texts(dialect)[name]

    assert untied(text, dialect), "needs no exception"
    if name in BY_LICENSE_KEY:
        assert "l.key_hmac = " in text


@pytest.mark.parametrize(("dialect", "name"), TIED)
def test_a_statement_that_lost_any_of_its_ties_is_noticed(dialect: str, name: str) -> None:
    text = texts(dialect)[name]
    for place in range(len(ties(parsed(text, dialect)))):
        tree = parsed(text, dialect)
        ties(tree)[place].replace(exp.true())

        assert untied_in(tree), f"nobody missed tie {place} of {name}"


FORGETFUL = """
SELECT slot FROM seat WHERE session_id = %(session)s::uuid;
SELECT slot FROM seat WHERE session_id = %(session)s OR tenant_id = %(tenant)s;
SELECT slot FROM seat WHERE NOT tenant_id = %(tenant)s;
SELECT slot FROM seat WHERE tenant_id = tenant_id;
SELECT slot FROM seat WHERE tenant_id = %(license)s;
SELECT s.slot FROM seat AS s LEFT JOIN license AS l ON s.tenant_id = %(tenant)s;
SELECT s.slot FROM seat AS s LEFT JOIN license AS l
    ON l.tenant_id = s.tenant_id AND l.tenant_id = %(tenant)s;
SELECT (SELECT count(*) FROM seat_instance AS a WHERE a.session_id = s.session_id)
    FROM seat AS s WHERE s.tenant_id = %(tenant)s;
DELETE FROM seat_instance WHERE session_id = %(session)s;
UPDATE seat SET gen = 1 FROM (SELECT value AS license FROM json_array_elements(%(rows)s)) AS w
    WHERE seat.license_id = w.license;
INSERT INTO seats_version (tenant_id, license_id) SELECT license, tenant FROM w;
INSERT INTO seats_version (license_id) SELECT license FROM w;
INSERT INTO seats_version (tenant_id, license_id) SELECT tenant, license FROM w
    ON CONFLICT (license_id) DO UPDATE SET version = 1
"""


@pytest.mark.parametrize("forgetful", FORGETFUL.split(";"))
def test_a_statement_that_forgets_the_tenant_is_noticed(forgetful: str) -> None:
    assert untied(forgetful, "postgres")
