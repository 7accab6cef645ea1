"""The role ``leasing``, and walls around every tenant's rows (docs/adr/0011). PostgreSQL only.

The leasing store acts as this role. It may touch the columns named here and no others, of every
tenant, because one batch mixes tenants. Whoever else is not the owner of the tables sees no row
until a policy of his own says otherwise.

Roles belong to the whole cluster. The role is made when it is missing, which takes CREATEROLE; a
DBA may make it beforehand (docs/how-to/database-roles.md). Going back leaves it, for other
databases may use it.
"""

from typing import NamedTuple

from django.db import migrations

from tenants.walls import PostgresOnly, make_role


class Reach(NamedTuple):
    """What the role may do with a table: the columns it reads, puts and changes."""

    select: str = ""
    insert: str = ""
    update: str = ""
    delete: bool = False


REACH = {
    "product": Reach(select="tenant_id, id, code"),
    "license": Reach(
        select="tenant_id, id, product_id, tier, entitlements, seats, overdraft_seats, status,"
        " expires_at, ttl_seconds, heartbeat_interval_seconds, key_auth, key_hmac",
        update="updated_at",  # locking a row takes this right; LOCKED_ONLY lets no change pass
    ),
    "seat": Reach(
        select="tenant_id, license_id, slot, session_id, device, gen, lease_expires_at,"
        " unnamed_expires_at",
        insert="tenant_id, license_id, slot, session_id, device, gen, lease_expires_at,"
        " unnamed_expires_at",
        update="session_id, device, gen, lease_expires_at, unnamed_expires_at",
    ),
    "seat_instance": Reach(
        select="tenant_id, session_id, instance_id, lease_expires_at, token_issued_at,"
        " token_expires_at",
        insert="tenant_id, session_id, instance_id, lease_expires_at, token_issued_at,"
        " token_expires_at",
        update="lease_expires_at, token_issued_at, token_expires_at",
        delete=True,
    ),
    "license_session": Reach(
        select="tenant_id, license_id, slot, id, device, gen, started_at, ended_at, end_reason, seq,"
        " token_issued_at, token_expires_at",
        insert="tenant_id, license_id, slot, id, device, gen, principal, metadata, started_at,"
        " ended_at, end_reason, seq, token_issued_at, token_expires_at",
        update="gen, ended_at, end_reason, seq, token_issued_at, token_expires_at",
    ),
    "seats_version": Reach(
        select="tenant_id, license_id, version",
        insert="tenant_id, license_id, version",
        update="version",
    ),
    "seats_change": Reach(
        select="tenant_id, license_id, place, version, changes",
        insert="tenant_id, license_id, place, version, changes",
        update="version, changes",
    ),
    "audit_event": Reach(
        insert="tenant_id, id, at, action, principal, license_id, session_id, details"
    ),
    "denial_count": Reach(
        select="tenant_id, license_id, reason, hour, count",
        insert="tenant_id, license_id, reason, hour, count",
        update="count",
    ),
    "ledger_state": Reach(
        select="id, last_alive_at, hold_since, silent_since, timeline",
        insert="id, last_alive_at, timeline",
        update="last_alive_at, hold_since, silent_since, timeline",
    ),
}
WALLED = (*(table for table in REACH if table != "ledger_state"), "tenant")
LOCKED_ONLY = {"license"}


def _grants(table: str, reach: Reach) -> list[str]:
    rights = [f"{right} ({columns})" for right, columns in _columns(reach).items() if columns]
    if reach.delete:
        rights.append("DELETE")
    return [f"GRANT {', '.join(rights)} ON {table} TO leasing"]


def _columns(reach: Reach) -> dict[str, str]:
    return {"SELECT": reach.select, "INSERT": reach.insert, "UPDATE": reach.update}


def _policies(table: str, reach: Reach) -> dict[str, str]:
    """Return the conditions of the policies on a table, by the deed each of them allows."""
    allowed = {
        "SELECT": "USING (true)" if reach.select else "",
        "INSERT": "WITH CHECK (true)" if reach.insert else "",
        "UPDATE": f"USING (true) WITH CHECK ({str(table not in LOCKED_ONLY).lower()})"
        if reach.update
        else "",
        "DELETE": "USING (true)" if reach.delete else "",
    }
    return {deed: condition for deed, condition in allowed.items() if condition}


def _forwards() -> list[str]:
    walls = [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in WALLED]
    grants = [sql for table, reach in REACH.items() for sql in _grants(table, reach)]
    policies = [
        f"CREATE POLICY leasing_{deed.lower()} ON {table} FOR {deed} TO leasing {condition}"
        for table, reach in REACH.items()
        if table in WALLED
        for deed, condition in _policies(table, reach).items()
    ]
    return [make_role("leasing"), *walls, *grants, *policies]


def _backwards() -> list[str]:
    policies = [
        f"DROP POLICY leasing_{deed.lower()} ON {table}"
        for table, reach in REACH.items()
        if table in WALLED
        for deed in _policies(table, reach)
    ]
    revoked = [f"REVOKE ALL ON {table} FROM leasing" for table in REACH]
    walls = [f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY" for table in WALLED]
    return [*policies, *revoked, *walls]


class Migration(migrations.Migration):

    dependencies = [
        ('leasing', '0007_reinstatement'),
        ('licenses', '0001_initial'),
        ('audit', '0001_initial'),
        ('tenants', '0001_initial'),
    ]

    operations = [PostgresOnly(_forwards(), _backwards())]
