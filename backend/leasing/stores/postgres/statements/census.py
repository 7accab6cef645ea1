"""What is read of the whole ledger, for figures about it."""

from leasing.stores.postgres.statements.forms import given, stored

# Answers the seats that follow one in the order of their key, counted by license.
CENSUS_PAGE = f"""
WITH page AS MATERIALIZED (
    SELECT tenant_id, license_id, slot, session_id, lease_expires_at FROM seat
    WHERE (tenant_id, license_id, slot) > (%(tenant)s::uuid, %(license)s::uuid, %(slot)s::bigint)
    ORDER BY tenant_id, license_id, slot LIMIT %(most)s)
SELECT p.tenant_id::text, p.license_id::text, p.live, p.lapsed, p.last_slot,
       coalesce(l.seats, 0), coalesce(l.seats + l.overdraft_seats, 0)
FROM (SELECT tenant_id, license_id,
             count(*) FILTER (WHERE session_id IS NOT NULL
                              AND lease_expires_at > clock.now) AS live,
             count(*) FILTER (WHERE session_id IS NOT NULL
                              AND lease_expires_at <= clock.now) AS lapsed,
             max(slot) AS last_slot
      FROM page CROSS JOIN (SELECT coalesce({given("now")}, clock_timestamp()) AS now) AS clock
      GROUP BY tenant_id, license_id) AS p
LEFT JOIN license AS l ON l.tenant_id = p.tenant_id AND l.id = p.license_id
ORDER BY p.tenant_id, p.license_id"""

# Answers the database's clock, the hold as noted, and how many connections the login may have.
STANDING = f"""
SELECT {stored("clock_timestamp()")}, {stored("hold_since")}, {stored("silent_since")},
       least(current_setting('max_connections')::int
             - current_setting('superuser_reserved_connections')::int
             - coalesce(current_setting('reserved_connections', true)::int, 0),
             (SELECT nullif(datconnlimit, -1) FROM pg_database
              WHERE datname = current_database()),
             (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = session_user))
FROM (SELECT 1) AS one LEFT JOIN ledger_state ON id = 1"""
