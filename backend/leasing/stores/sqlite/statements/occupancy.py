"""How full a license is."""

# Counts the live seats of a license, and its rows.
COUNT_SEATS = """
SELECT count(*) FILTER (WHERE session_id IS NOT NULL AND lease_expires_at > :now), count(*)
FROM seat WHERE tenant_id = :tenant AND license_id = :license"""

# Answers held seats that end before the horizon, live ones first to last, then lapsed ones.
SEATS_ENDING = """
SELECT lease_expires_at, slot FROM seat
WHERE tenant_id = :tenant AND license_id = :license AND session_id IS NOT NULL
  AND lease_expires_at > :now AND lease_expires_at < :horizon
ORDER BY lease_expires_at LIMIT :most"""

# Answers held seats under the cap whose lease has lapsed.
SEATS_LAPSED = """
SELECT slot FROM seat
WHERE tenant_id = :tenant AND license_id = :license AND session_id IS NOT NULL
  AND lease_expires_at <= :now AND slot < :cap
ORDER BY slot LIMIT :most"""
