"""The terms of licenses, by key and by id, and whom a key lets in."""

from leasing.stores.sqlite.statements.forms import wanted
from leasing.stores.sqlite.statements.joins import TERMS_OF_LICENSE

# Answers, for each key HMAC wanted that a license has, its terms; in any tenant if none is named.
TERMS = f"""
SELECT json_group_array(json_array(w.place, {TERMS_OF_LICENSE}))
FROM {wanted("place", "tenant", "hmac")} AS w
CROSS JOIN license AS l ON l.key_hmac = w.hmac AND (w.tenant IS NULL OR l.tenant_id = w.tenant)
CROSS JOIN product AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_id"""

# Answers the terms of each license wanted.
TERMS_OF_LICENSES = f"""
SELECT json_group_array(json_array(w.place, {TERMS_OF_LICENSE}))
FROM {wanted("place", "tenant", "license")} AS w
CROSS JOIN license AS l ON l.tenant_id = w.tenant AND l.id = w.license
CROSS JOIN product AS p ON p.tenant_id = l.tenant_id AND p.id = l.product_id"""

# Answers tenant, license and whether the key is a credential, for each key HMAC that is known.
LICENSES_OF_KEYS = """
SELECT l.key_hmac, l.tenant_id, l.id, l.key_auth FROM json_each(:hmacs) AS k
CROSS JOIN license AS l ON l.key_hmac = k.value"""
