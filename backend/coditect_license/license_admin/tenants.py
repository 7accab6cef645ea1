"""``license-admin tenant``: customer organisations."""

from coditect_license.license_admin.commands import Call, Nouns
from coditect_license.license_admin.naming import on_behalf, require_valid
from coditect_license.license_admin.output import Answer, Record
from licenses import customers, operations
from licenses.models import License, Product
from tenants.models import Tenant


def declare(nouns: Nouns) -> None:
    """Declare the noun."""
    noun = nouns.noun("tenant", "customer organisations")
    create = noun.verb("create", _create, "make a tenant")
    create.add_argument("slug", help="lower case, digits and dashes; never changes")
    create.add_argument("--name", required=True, help="for people to read")
    noun.verb("list", _list, "show every tenant")
    show = noun.verb("show", _show, "show a tenant and what it has")
    rename = noun.verb("rename", _rename, "give a tenant another name", dry_run=True)
    rename.add_argument("--name", required=True, help="for people to read")
    suspend = noun.verb(
        "suspend", _suspend, "refuse sign-ins, and suspend every active license", dry_run=True
    )
    resume = noun.verb(
        "resume", _resume, "end a suspension, also of the licenses suspended with it", dry_run=True
    )
    for parser in (show, rename, suspend, resume):
        parser.add_argument("tenant", metavar="TENANT", help="slug or id")


def _create(call: Call) -> Answer:
    asked = call.asked
    require_valid(Tenant(slug=asked.slug, name=asked.name), "slug", "name")
    tenant = operations.create_tenant(slug=asked.slug, name=asked.name, principal=call.principal)
    return _shown(tenant)


def _list(_call: Call) -> Answer:
    return [_shown(tenant) for tenant in Tenant.objects.order_by("slug")]


def _show(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        return {
            **_shown(tenant),
            "products": Product.objects.filter(tenant_id=tenant.id).count(),
            "licenses": License.objects.filter(tenant_id=tenant.id).count(),
        }


def _rename(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        require_valid(Tenant(name=call.asked.name), "name")
        renamed = customers.rename_tenant(
            tenant_id=tenant.id, name=call.asked.name, principal=call.principal
        )
        return _shown(renamed)


def _suspend(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        return _shown(customers.suspend_tenant(tenant_id=tenant.id, principal=call.principal))


def _resume(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        return _shown(customers.resume_tenant(tenant_id=tenant.id, principal=call.principal))


def _shown(tenant: Tenant) -> Record:
    return {
        "id": tenant.id,
        "slug": tenant.slug,
        "name": tenant.name,
        "suspended_at": tenant.suspended_at,
        "created_at": tenant.created_at,
    }
