"""``license-admin key``: what signs, and the peppers that license keys are stored under."""

from collections import Counter

from django.conf import settings

from coditect_license.backups.manifest import fingerprints
from coditect_license.license_admin.commands import Call, Nouns
from coditect_license.license_admin.output import Answer
from licenses.models import License
from signing.models import SigningKey
from tenants.current import tenant_transaction
from tenants.models import Tenant


def declare(nouns: Nouns) -> None:
    """Declare the noun. Roots are changed by manage.py rotate_signing_key, revoke_signing_key."""
    noun = nouns.noun(
        "key",
        "signing keys and peppers (to change a root: manage.py rotate_signing_key)",
    )
    noun.verb("list", _list, "show every root key, with its status")
    noun.verb("peppers", _peppers, "show which peppers license keys need, and which are there")


def _list(_call: Call) -> Answer:
    return [
        {
            "key_id": key.key_id,
            "status": key.status,
            "algorithm": key.algorithm,
            "not_before": key.not_before,
            "revoked_at": key.revoked_at,
            "location": key.location,
        }
        for key in SigningKey.objects.order_by("not_before", "key_id")
    ]


def _peppers(_call: Call) -> Answer:
    used: Counter[int] = Counter()
    for tenant in Tenant.objects.order_by("id"):
        with tenant_transaction(tenant.id):
            rows = License.objects.filter(tenant_id=tenant.id)
            used.update(rows.values_list("pepper_version", flat=True))
    prints = fingerprints(settings.LICENSE_KEY_PEPPERS)
    return [
        {
            "version": version,
            "is_here": version in settings.LICENSE_KEY_PEPPERS,
            "is_newest": version == max(settings.LICENSE_KEY_PEPPERS),
            "licenses": used[version],
            "fingerprint": prints.get(str(version)),
        }
        for version in sorted({*used, *settings.LICENSE_KEY_PEPPERS})
    ]
