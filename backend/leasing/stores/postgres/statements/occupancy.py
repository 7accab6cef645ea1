"""How full a license is."""

from leasing.stores.postgres.known import KeptChanges
from leasing.stores.postgres.statements.forms import given, hex_of, named, rows, stored, wanted

_SEATS_OF_LICENSE = """
FROM seat WHERE tenant_id = %(tenant)s::uuid AND license_id = %(license)s::uuid"""

COUNT_SEATS = f"""
SELECT count(*) FILTER (WHERE session_id IS NOT NULL AND lease_expires_at > {given("now")}),
       count(*){_SEATS_OF_LICENSE}"""

SEATS_ENDING = f"""
SELECT {stored("lease_expires_at")}, slot{_SEATS_OF_LICENSE} AND session_id IS NOT NULL
  AND lease_expires_at > {given("now")} AND lease_expires_at < {given("horizon")}
ORDER BY lease_expires_at LIMIT %(most)s"""

SEATS_LAPSED = f"""
SELECT slot{_SEATS_OF_LICENSE} AND session_id IS NOT NULL
  AND lease_expires_at <= {given("now")} AND slot < %(cap)s
ORDER BY slot LIMIT %(most)s"""

# Answers what a look at every seat of a license finds, and the version that it found them at: all
# of one instant, so that no change is counted twice or not at all.
SEATS_AT_A_VERSION = f"""
SELECT (SELECT json_build_array(c.live, c.made)::text FROM ({COUNT_SEATS}) AS c (live, made)),
       (SELECT coalesce(json_agg(json_build_array(e.ends, e.slot)), '[]')::text
        FROM ({SEATS_ENDING}) AS e (ends, slot)),
       (SELECT coalesce(json_agg(e.slot), '[]')::text FROM ({SEATS_LAPSED}) AS e),
       coalesce((SELECT version FROM seats_version
                 WHERE tenant_id = %(tenant)s::uuid AND license_id = %(license)s::uuid), 0)"""

# Answers the version of the seats of each license, 0 without one, and the changes since the one
# that is known, as far as they are kept.
CHANGES_SINCE = f"""
SELECT coalesce(json_agg(json_build_array({hex_of("w.license")}, coalesce(v.version, 0), (
    SELECT coalesce(json_agg(json_build_array(c.version, c.changes::json)), '[]')
    FROM seats_change AS c
    WHERE c.tenant_id = w.tenant AND c.license_id = w.license AND c.version > w.version))),
    '[]')::text
FROM {wanted("tenant", "license", "version")} AS w
LEFT JOIN seats_version AS v ON v.tenant_id = w.tenant AND v.license_id = w.license"""

# Counts one change of the seats of each [tenant, license]; answers the versions that led to.
COUNT_VERSIONS = f"""
WITH counted AS (
    INSERT INTO seats_version (tenant_id, license_id, version)
    SELECT tenant, license, 1 FROM {named("rows", ("tenant", "license"))} AS w
    ON CONFLICT (tenant_id, license_id) DO UPDATE SET version = seats_version.version + 1
    RETURNING license_id, version)
SELECT json_agg(json_build_array({hex_of("license_id")}, version))::text FROM counted"""

# Keeps what led to a version, in the place of what led to one long before.
KEEP_CHANGES = f"""
INSERT INTO seats_change (tenant_id, license_id, place, version, changes)
SELECT tenant, license, place, version, changes FROM {rows(KeptChanges)} AS w
ON CONFLICT (tenant_id, license_id, place) DO UPDATE SET
    version = excluded.version, changes = excluded.changes"""
