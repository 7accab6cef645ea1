"""Joins and columns that several statements share."""

from leasing.stores.sqlite.statements.forms import dashed

TERMS_OF_LICENSE = """json_array(
    l.tenant_id, l.id, p.code, l.tier, json(l.entitlements),
    l.seats, l.overdraft_seats, l.status, l.expires_at || 'Z',
    l.ttl_seconds, l.heartbeat_interval_seconds,
    json(CASE WHEN l.key_auth THEN 'true' ELSE 'false' END), l.seats_per_person)"""

HOLDING = f"""json_array(
    {dashed("s.session_id")}, s.slot, s.gen, s.device, s.lease_expires_at || 'Z',
    s.unnamed_expires_at || 'Z', s.seq,
    coalesce(i.token_issued_at, CASE WHEN i.instance_id IS NULL THEN s.token_issued_at END)
        || 'Z',
    coalesce(i.token_expires_at, CASE WHEN i.instance_id IS NULL THEN s.token_expires_at END)
        || 'Z')"""

SEAT_OF_SESSION = """
CROSS JOIN seat AS s ON s.session_id = w.session AND s.tenant_id = w.tenant"""
