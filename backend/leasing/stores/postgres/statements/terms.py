"""The terms of licenses, by key and by id, and whom a key lets in."""

from leasing.stores.postgres.statements.forms import hex_of, wanted
from leasing.stores.postgres.statements.joins import PRODUCT_OF_LICENSE, TERMS_OF_LICENSE

TERMS = f"""
SELECT coalesce(json_agg(json_build_array(w.place, {TERMS_OF_LICENSE})), '[]')::text
FROM {wanted("place", "tenant", "hmac")} AS w
JOIN license AS l ON l.key_hmac = w.hmac AND (w.tenant IS NULL OR l.tenant_id = w.tenant)
{PRODUCT_OF_LICENSE}"""

# Locks the licenses that acquires ask for: grants of one license come one after the other.
LOCK_LICENSES = f"""
SELECT 1 FROM {wanted("place", "tenant", "hmac")} AS w
JOIN license AS l ON l.key_hmac = w.hmac AND (w.tenant IS NULL OR l.tenant_id = w.tenant)
ORDER BY l.tenant_id, l.id FOR NO KEY UPDATE OF l"""

TERMS_OF_LICENSES = f"""
SELECT coalesce(json_agg(json_build_array(w.place, {TERMS_OF_LICENSE})), '[]')::text
FROM {wanted("place", "tenant", "license")} AS w
JOIN license AS l ON l.tenant_id = w.tenant AND l.id = w.license
JOIN product AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_id"""

# Locks the licenses of sessions that may come back, as an acquire does.
LOCK_LICENSES_BY_ID = f"""
SELECT 1 FROM {wanted("place", "tenant", "license")} AS w
JOIN license AS l ON l.tenant_id = w.tenant AND l.id = w.license
ORDER BY l.tenant_id, l.id FOR NO KEY UPDATE OF l"""

LICENSES_OF_KEYS = f"""
SELECT l.key_hmac, {hex_of("l.tenant_id")}, {hex_of("l.id")}, l.key_auth
FROM jsonb_array_elements_text(%(hmacs)s::jsonb) AS k
JOIN license AS l ON l.key_hmac = k.value"""
