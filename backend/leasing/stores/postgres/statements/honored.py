"""Sessions that run without a seat, on the evidence of a token (docs/adr/0010)."""

from leasing.stores.postgres.statements.forms import given, hex_of
from leasing.stores.postgres.statements.joins import TERMS_OF_LICENSE

_OF_SESSION = "tenant_id = %(tenant)s::uuid AND id = %(session)s::uuid"

HONORED = f"""
SELECT json_build_array({TERMS_OF_LICENSE}, n.device, n.gen, n.ended_at, n.seq, n.token_issued_at,
                        n.token_expires_at)::text
FROM license_session AS n
JOIN license AS l ON l.tenant_id = n.tenant_id AND l.id = n.license_id
JOIN product AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_id
WHERE n.tenant_id = %(tenant)s::uuid AND n.id = %(session)s::uuid
  AND n.slot IS NULL AND n.ended_at > {given("now")}
FOR NO KEY UPDATE OF n"""

HONOR = f"""
INSERT INTO license_session (tenant_id, license_id, id, device, gen, principal, metadata,
                             started_at, ended_at, end_reason, seq)
VALUES (%(tenant)s::uuid, %(license)s::uuid, %(session)s::uuid, %(device)s, %(gen)s,
        %(principal)s, '{{}}', {given("since")}, {given("ends")}, 'taken_over', %(seq)s)
ON CONFLICT (tenant_id, id) DO UPDATE
SET ended_at = greatest(license_session.ended_at, excluded.ended_at)
WHERE license_session.slot IS NULL"""

END_HONORED = f"""
UPDATE license_session SET ended_at = {given("now")}, end_reason = 'released'
WHERE {_OF_SESSION} AND slot IS NULL AND ended_at > {given("now")}
RETURNING {hex_of("license_id")}"""
