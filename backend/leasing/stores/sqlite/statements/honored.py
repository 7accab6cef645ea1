"""Sessions that run without a seat, on the evidence of a token (docs/adr/0010)."""

from leasing.stores.sqlite.statements.joins import TERMS_OF_LICENSE

# Answers terms, device, gen, end, seq and the last token of a session that runs without a seat.
HONORED = f"""
SELECT json_array({TERMS_OF_LICENSE}, n.device, n.gen, n.ended_at || 'Z', n.seq,
                  n.token_issued_at || 'Z', n.token_expires_at || 'Z')
FROM license_session AS n
CROSS JOIN license AS l ON l.tenant_id = n.tenant_id AND l.id = n.license_id
CROSS JOIN product AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_id
WHERE n.tenant_id = :tenant AND n.id = :session AND n.slot IS NULL AND n.ended_at > :now"""

# Begins a session without a seat, or moves its end on.
HONOR = """
INSERT INTO license_session (tenant_id, license_id, id, device, gen, principal, metadata,
                             started_at, ended_at, end_reason, seq)
VALUES (:tenant, :license, :session, :device, :gen, :principal, '{}',
        :since, :ends, 'taken_over', :seq)
ON CONFLICT (tenant_id, id) DO UPDATE SET ended_at = max(ended_at, excluded.ended_at)
WHERE license_session.slot IS NULL"""

# Ends a session that runs without a seat; answers its license.
END_HONORED = """
UPDATE license_session SET ended_at = :now, end_reason = 'released'
WHERE tenant_id = :tenant AND id = :session AND slot IS NULL AND ended_at > :now
RETURNING license_id"""
