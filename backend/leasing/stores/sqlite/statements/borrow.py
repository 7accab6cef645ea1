"""What loans read and write."""

# Answers how long the license of a session lends its seats, and until when this one is lent.
LOAN = """
SELECT l.offline_seconds, n.borrowed_until
FROM license_session AS n
CROSS JOIN license AS l ON l.tenant_id = n.tenant_id AND l.id = n.license_id
WHERE n.tenant_id = :tenant AND n.id = :session"""

# Notes until when the seat of a session is lent.
LEND = """
UPDATE license_session SET borrowed_until = :until WHERE tenant_id = :tenant AND id = :session"""
