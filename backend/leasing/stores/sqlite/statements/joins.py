"""Joins and columns that several statements share."""

from leasing.stores.sqlite.statements.forms import dashed

TERMS_OF_LICENSE = """json_array(
    l.tenant_id, l.id, p.code, l.tier, json(l.entitlements),
    l.seats, l.overdraft_seats, l.status, l.expires_at || 'Z',
    l.ttl_seconds, l.heartbeat_interval_seconds,
    json(CASE WHEN l.key_auth THEN 'true' ELSE 'false' END), l.seats_per_person)"""

HOLDING = f"""json_array(
    {dashed("s.session_id")}, s.slot, s.gen, s.device, s.lease_expires_at || 'Z',
    s.unnamed_expires_at || 'Z', n.seq,
    coalesce(i.token_issued_at, CASE WHEN i.instance_id IS NULL THEN n.token_issued_at END)
        || 'Z',
    coalesce(i.token_expires_at, CASE WHEN i.instance_id IS NULL THEN n.token_expires_at END)
        || 'Z')"""

# The record of a session names its seat, so the seat needs no index for sessions.
SEAT_OF_SESSION = """
CROSS JOIN license_session AS n ON n.tenant_id = w.tenant AND n.id = w.session
CROSS JOIN seat AS s ON s.tenant_id = n.tenant_id AND s.license_id = n.license_id
    AND s.slot = n.slot AND s.session_id = n.id"""
