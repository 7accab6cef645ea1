"""Whether a SQL statement stays within the tenants that its caller names (S11), by reading it.

A statement is given its tenants as ``tenant`` of the rows it is handed, or as the value ``tenant``.
Every table with a tenant that it touches must be tied to that by equalities which always hold:
conjuncts of WHERE and ON, from column to column, also by way of the query around it. The ON of an
outer join ties the table joined alone. What is put into a table must have the given tenant in the
place of ``tenant_id``.
"""

import re
from collections.abc import Iterator
from typing import Final

import sqlglot
from sqlglot import exp

TENANT_TABLES: Final = frozenset(
    {
        "product",
        "license",
        "seat",
        "seat_instance",
        "license_session",
        "seats_version",
        "seats_change",
        "audit_event",
        "denial_count",
    }
)
CONTROL_PLANE_TABLES: Final = frozenset(
    {
        "erasure",
        "retention_choice",
        "api_token",
        "audit_checkpoint",
        "audit_entry",
        "audit_head",
        "audit_subject",
        "kept_answer",
        "member",
        "outbox_message",
        "service_account",
        "signature_count",
        "tier",
    }
)
"""Tables with a tenant that no statement of the stores touches."""

_GIVEN: Final = "given"  # stands for the values of a statement, as if they were columns
_VALUE: Final = {"postgres": re.compile(r"%\((\w+)\)s"), "sqlite": re.compile(r"(?<!:):(\w+)")}

Column = tuple[str, str]
"""The name a table goes by, and a column of it."""


def untied(statement: str, dialect: str) -> set[str]:
    """Return the tables with a tenant, as they are named there, that a statement does not tie."""
    return untied_in(parsed(statement, dialect))


def parsed(statement: str, dialect: str) -> exp.Expr:
    """Return a statement as a tree."""
    return sqlglot.parse_one(_VALUE[dialect].sub(rf"{_GIVEN}.\1", statement), dialect=dialect)


def untied_in(tree: exp.Expr) -> set[str]:
    """Return the same for a tree."""
    return {name for part in tree.find_all(*_PARTS) for name in _untied_of(part)}


_PARTS: Final = (exp.Select, exp.Update, exp.Delete, exp.Insert)


def _untied_of(part: exp.Expr) -> Iterator[str]:
    if isinstance(part, exp.Insert):
        if part.this.find(exp.Table).name in TENANT_TABLES and not _puts_given_tenant(part):
            yield part.this.find(exp.Table).name
        return
    tied = _tied(_ties(part))
    for table in _tables(part):
        if table.name in TENANT_TABLES and (table.alias_or_name, "tenant_id") not in tied:
            yield table.alias_or_name


def _puts_given_tenant(insert: exp.Insert) -> bool:
    """Return whether the tenant put is that of the rows given, and a conflict is one of its own."""
    columns = [column.name for column in insert.this.expressions]
    if "tenant_id" not in columns:
        return False
    put = _put_by(insert)[columns.index("tenant_id")]
    conflict = insert.args.get("conflict")
    keys = [key.name for key in conflict.args["conflict_keys"]] if conflict else ["tenant_id"]
    return put.name == "tenant" and "tenant_id" in keys


def _put_by(insert: exp.Insert) -> list[exp.Expr]:
    """Return what a statement puts into its columns, selected or named as values."""
    if isinstance(insert.expression, exp.Values):
        (row,) = insert.expression.expressions
        return [value.find(exp.Column) or value for value in row.expressions]
    return list(insert.expression.selects)


def _tables(part: exp.Expr) -> Iterator[exp.Table]:
    """Return the tables of one query, not those of queries within it."""
    for table in part.find_all(exp.Table):
        if table.find_ancestor(*_PARTS) is part:
            yield table


def _ties(part: exp.Expr) -> list[tuple[Column, Column]]:
    """Return which column holds which other to its value, in a query and in those around it."""
    found: list[tuple[Column, Column]] = []
    around: exp.Expr | None = part
    while around is not None:
        if where := around.args.get("where"):
            found += _both_ways(where.this)
        for join in _joins(around):
            if on := join.args.get("on"):
                found += [tie for tie in _both_ways(on) if not join.side or _is_into(join, tie)]
        around = around.find_ancestor(*_PARTS)
    return found


def _joins(part: exp.Expr) -> Iterator[exp.Join]:
    for join in part.find_all(exp.Join):
        if join.find_ancestor(*_PARTS) is part:
            yield join


def _is_into(join: exp.Join, tie: tuple[Column, Column]) -> bool:
    return bool(tie[1][0] == join.this.alias_or_name != tie[0][0])


def _both_ways(condition: exp.Expr) -> Iterator[tuple[Column, Column]]:
    """Return the columns that the conjuncts of a condition make equal, also in pairs of rows."""
    conjuncts = condition.flatten() if isinstance(condition, exp.And) else [condition]
    for conjunct in conjuncts:
        for one, other in _sides(conjunct.unnest()):
            pair = _column(one), _column(other)
            if pair[0] and pair[1]:
                yield pair[0], pair[1]
                yield pair[1], pair[0]


def _sides(conjunct: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    if isinstance(conjunct, exp.EQ | exp.NullSafeEQ):
        yield from zip(_members(conjunct.left), _members(conjunct.right), strict=True)
    elif isinstance(conjunct, exp.In) and (query := conjunct.args.get("query")):
        yield from zip(_members(conjunct.this), query.unnest().selects, strict=True)


def _members(side: exp.Expr) -> list[exp.Expr]:
    return list(side.expressions) if isinstance(side, exp.Tuple) else [side]


def _column(side: exp.Expr) -> Column | None:
    """Return a column, cast or not, with the name of the only table where it needs none."""
    while isinstance(side, exp.Cast | exp.Paren):
        side = side.this
    if not isinstance(side, exp.Column):
        return None
    part = side.find_ancestor(*_PARTS)
    tables = [table.alias_or_name for table in _tables(part)] if part else []
    return side.table or (tables[0] if len(tables) == 1 else ""), side.name


def _tied(ties: list[tuple[Column, Column]]) -> set[Column]:
    """Return every column that equals a tenant given, by any number of steps."""
    tied = {column for tie in ties for column in tie if _is_given(column)}
    while more := {held for holding, held in ties if holding in tied} - tied:
        tied |= more
    return tied


def _is_given(column: Column) -> bool:
    """Return whether this is the tenant of the rows or of the values that a statement is given.

    No table has a column of that name.
    """
    return column[1] == "tenant"
