"""``license-admin product``: the programs that are sold."""

from coditect_license.license_admin.commands import Call, Nouns
from coditect_license.license_admin.naming import (
    on_behalf,
    product_named,
    require_valid,
    takes_tenant,
)
from coditect_license.license_admin.output import Answer, Record
from licenses import operations, queries
from licenses.models import License, Product


def declare(nouns: Nouns) -> None:
    """Declare the noun."""
    noun = nouns.noun("product", "the programs that are sold")
    create = noun.verb("create", _create, "make a product", dry_run=True)
    create.add_argument("code", help="the audience of its lease tokens; never changes")
    create.add_argument("--name", required=True, help="for people to read")
    listed = noun.verb("list", _list, "show a tenant's products")
    listed.add_argument("--search", help="a part of code or name, in any case")
    show = noun.verb("show", _show, "show a product")
    rename = noun.verb("rename", _rename, "give a product another name", dry_run=True)
    rename.add_argument("--name", required=True, help="for people to read")
    archive = noun.verb("archive", _archive, "sell a product no more; licenses go on", dry_run=True)
    unarchive = noun.verb("unarchive", _unarchive, "sell an archived product again", dry_run=True)
    for parser in (show, rename, archive, unarchive):
        parser.add_argument("product", metavar="PRODUCT", help="code or id")
    for parser in (create, listed, show, rename, archive, unarchive):
        takes_tenant(parser)


def _create(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        product = Product(tenant=tenant, code=call.asked.code, name=call.asked.name)
        require_valid(product, "code", "name")
        made = operations.create_product(
            tenant=tenant, code=product.code, name=product.name, principal=call.principal
        )
        return _shown(made)


def _list(call: Call) -> Answer:
    with on_behalf(call):
        found = queries.products(search=call.asked.search)
        return [_shown(row) for row in found.order_by("code")]


def _show(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        product = product_named(tenant, call.asked.product)
        sold = License.objects.filter(tenant_id=tenant.id, product_id=product.id)
        return {**_shown(product), "licenses": sold.count()}


def _rename(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        require_valid(Product(name=call.asked.name), "name")
        product = product_named(tenant, call.asked.product)
        operations.rename_product(product=product, name=call.asked.name, principal=call.principal)
        return _shown(product)


def _archive(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        product = product_named(tenant, call.asked.product)
        operations.archive_product(product=product, principal=call.principal)
        return _shown(product)


def _unarchive(call: Call) -> Answer:
    with on_behalf(call) as tenant:
        product = product_named(tenant, call.asked.product)
        operations.unarchive_product(product=product, principal=call.principal)
        return _shown(product)


def _shown(product: Product) -> Record:
    return {
        "id": product.id,
        "code": product.code,
        "name": product.name,
        "archived_at": product.archived_at,
        "created_at": product.created_at,
    }
