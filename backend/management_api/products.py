"""``/api/v1/products/``: the programs that a vendor sells."""

from typing import Final
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from licenses import operations, queries
from licenses.errors import ProductCodeTaken
from licenses.models import Product
from management_api.answers import created, found
from management_api.calls import Call, describes
from management_api.fields import SLUG, Instant, Text
from management_api.idempotency import once
from management_api.paging import PageQuery, page
from management_api.permissions import ReadsOrManages
from management_api.preconditions import check_match, require_match, tagged
from management_api.serializers import Nothing, StrictSerializer, asked, read
from management_api.views import ManagementView

TAG: Final = "products"
ADDRESS: Final = "/api/v1/products/"

_SHOWN: Final = {
    "id": "0198a5c2-7f3b-7c11-9d5e-3a1f0c5b7e21",
    "code": "studio",
    "name": "Studio",
    "archived_at": None,
    "created_at": "2025-12-29T04:35:35.407120+00:00",
    "updated_at": "2025-12-29T04:35:35.407120+00:00",
}


class ProductAnswer(serializers.Serializer[Product]):
    """A program that is sold."""

    id = serializers.UUIDField()
    code = serializers.CharField(help_text="The audience of its lease tokens; never changes.")
    name = serializers.CharField()
    archived_at = Instant(allow_null=True, help_text="Since when it is sold no more.")
    created_at = Instant()
    updated_at = Instant()


class ProductBody(StrictSerializer):
    """A new product."""

    code = Text(pattern=SLUG, max_length=63, help_text="Lower case letters, digits and hyphens.")
    name = Text(max_length=200)


class ProductChange(StrictSerializer):
    """What may be changed of a product."""

    name = Text(max_length=200)


class ProductQuery(PageQuery):
    """Which products."""

    search = Text(required=False, max_length=100, help_text="A part of code or name, in any case.")
    archived = serializers.ChoiceField(("true", "false"), required=False)


class Products(ManagementView):
    """All products of the tenant."""

    permission_classes = (ReadsOrManages,)

    @describes(
        Call(
            operation_id="list_products",
            tag=TAG,
            summary="List products",
            description="Newest first.",
            query=ProductQuery,
            answer=ProductAnswer,
            is_list=True,
            shown=_SHOWN,
        )
    )
    def get(self, request: Request) -> Response:
        """Answer 200 with a page of products."""
        query = asked(ProductQuery, request)
        wanted = {"true": True, "false": False}.get(query.get("archived", ""))
        rows = queries.products(search=query.get("search"), is_archived=wanted)
        return page(rows, query, ProductAnswer)

    @describes(
        Call(
            operation_id="create_product",
            tag=TAG,
            summary="Create a product",
            description="Its `code` is the audience of its lease tokens and never changes.",
            status=201,
            body=ProductBody,
            answer=ProductAnswer,
            example={"code": "studio", "name": "Studio"},
            shown=_SHOWN,
            is_once=True,
            problems=(ProductCodeTaken,),
        )
    )
    @once
    def post(self, request: Request) -> Response:
        """Answer 201 with the product."""
        body = read(ProductBody, request)
        principal = self.principal
        tenant = queries.owner()
        product = operations.create_product(tenant=tenant, principal=principal.label, **body)
        return created(ProductAnswer(product).data, f"{ADDRESS}{product.id}/")


class OneProduct(ManagementView):
    """One product."""

    permission_classes = (ReadsOrManages,)

    @describes(
        Call(
            operation_id="read_product",
            tag=TAG,
            summary="Read a product",
            description="With the `ETag` that a change names.",
            answer=ProductAnswer,
            shown=_SHOWN,
        )
    )
    def get(self, request: Request, product_id: UUID) -> Response:
        """Answer 200 with the product."""
        del request
        product = found(queries.product_by_id(product_id=product_id))
        return tagged(ProductAnswer(product).data)

    @describes(
        Call(
            operation_id="change_product",
            tag=TAG,
            summary="Change a product",
            description="Its code stays: lease tokens name it.",
            body=ProductChange,
            answer=ProductAnswer,
            example={"name": "Studio Professional"},
            shown={**_SHOWN, "name": "Studio Professional"},
            if_match="required",
        )
    )
    def patch(self, request: Request, product_id: UUID) -> Response:
        """Answer 200 with the product as it is now."""
        body = read(ProductChange, request)
        product = _locked(product_id)
        require_match(request, ProductAnswer(product).data)
        operations.rename_product(product=product, principal=self.principal.label, **body)
        return tagged(ProductAnswer(product).data)


class ArchiveProduct(ManagementView):
    """One product's end of sale."""

    permission_classes = (ReadsOrManages,)

    @describes(
        Call(
            operation_id="archive_product",
            tag=TAG,
            summary="Archive a product",
            description="No license is sold for it any more; those sold go on.",
            body=Nothing,
            answer=ProductAnswer,
            example={},
            shown={**_SHOWN, "archived_at": _SHOWN["updated_at"]},
            if_match="optional",
        )
    )
    def post(self, request: Request, product_id: UUID) -> Response:
        """Answer 200 with the product, archived."""
        read(Nothing, request)
        product = _locked(product_id)
        check_match(request, ProductAnswer(product).data)
        operations.archive_product(product=product, principal=self.principal.label)
        return tagged(ProductAnswer(product).data)


class UnarchiveProduct(ManagementView):
    """One product's return to sale."""

    permission_classes = (ReadsOrManages,)

    @describes(
        Call(
            operation_id="unarchive_product",
            tag=TAG,
            summary="Unarchive a product",
            description="Licenses may be sold for it again.",
            body=Nothing,
            answer=ProductAnswer,
            example={},
            shown=_SHOWN,
            if_match="optional",
        )
    )
    def post(self, request: Request, product_id: UUID) -> Response:
        """Answer 200 with the product, on sale."""
        read(Nothing, request)
        product = _locked(product_id)
        check_match(request, ProductAnswer(product).data)
        operations.unarchive_product(product=product, principal=self.principal.label)
        return tagged(ProductAnswer(product).data)


def _locked(product_id: UUID) -> Product:
    return found(queries.locked_product(product_id=product_id))
