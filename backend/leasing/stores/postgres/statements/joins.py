"""Joins and columns that several statements share."""

TERMS_OF_LICENSE = """json_build_array(
    l.tenant_id, l.id, p.code, l.tier, l.entitlements, l.seats, l.overdraft_seats, l.status,
    l.expires_at, l.ttl_seconds, l.heartbeat_interval_seconds, l.key_auth,
    l.seats_per_person)"""


def _token_part(column: str) -> str:
    unnamed = f"CASE WHEN i.instance_id IS NULL THEN s.{column} END"
    return f"coalesce(i.{column}, {unnamed})"


HOLDING = f"""json_build_array(
    s.session_id, s.slot, s.gen, s.device, s.lease_expires_at,
    s.unnamed_expires_at, s.seq,
    {_token_part("token_issued_at")}, {_token_part("token_expires_at")})"""

SEAT_OF_SESSION = """
JOIN seat AS s ON s.session_id = w.session AND s.tenant_id IS NOT DISTINCT FROM w.tenant"""

LICENSE_OF_SEAT = (
    """JOIN license AS l ON l.id = s.license_id AND l.tenant_id IS NOT DISTINCT FROM s.tenant_id"""
)

PRODUCT_OF_LICENSE = (
    """JOIN product AS p ON p.id = l.product_id AND p.tenant_id IS NOT DISTINCT FROM l.tenant_id"""
)

IN_KEY_ORDER = "ORDER BY s.tenant_id, s.license_id, s.slot FOR NO KEY UPDATE OF s"
