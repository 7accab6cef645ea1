"""S11: Django's models reach the current tenant's rows and no others, on either database."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import models

from audit.models import AuditEvent
from licenses.models import License, Product
from tenants.current import tenant_transaction
from tenants.errors import ForeignRow, NoCurrentTenant, TenantAlreadySet
from tenants.models import Tenant
from tenants.rows import TenantRow
from tests.support.customer import Customer


@pytest.fixture(params=["db", "postgres_db"], autouse=True)
def database(request: pytest.FixtureRequest) -> object:
    """Each test of this file runs on SQLite, where the models are all there is, and PostgreSQL."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def alice() -> Customer:
    return Customer("alice", seats=3)


@pytest.fixture
def charlie() -> Customer:
    return Customer("charlie", seats=5)


@pytest.fixture
def within(alice: Customer, charlie: Customer) -> Iterator[None]:
    """Everything happens on behalf of Alice, and Charlie has rows too."""
    with tenant_transaction(alice.tenant.id):
        yield


USES: dict[str, Callable[[], object]] = {
    "all": lambda: list(License.objects.all()),
    "get": lambda: License.objects.get(seats=5),
    "first": License.objects.first,
    "count": License.objects.count,
    "exists": License.objects.exists,
    "aggregate": lambda: License.objects.aggregate(models.Sum("seats")),
    "values": lambda: list(License.objects.values_list("seats")),
    "iterator": lambda: list(License.objects.iterator()),
    "in bulk": lambda: License.objects.in_bulk([]) or License.objects.latest("created_at"),
    "update": lambda: License.objects.update(seats=0),
    "delete": lambda: Product.objects.all().delete(),
    "create": lambda: License.objects.create(tenant_id=UUID(int=1)),
    "get or create": lambda: License.objects.get_or_create(seats=9),
    "update or create": lambda: License.objects.update_or_create(seats=9),
    "bulk create": lambda: License.objects.bulk_create([License(tenant_id=UUID(int=1))]),
    "bulk update": lambda: License.objects.bulk_update(License.across_tenants.all(), ["seats"]),
    "lock": lambda: list(Product.objects.select_for_update()),
    "subquery": lambda: Tenant.objects.filter(id__in=License.objects.values("tenant")).exists(),
    "another model's": AuditEvent.objects.count,
}


@pytest.mark.parametrize("use", USES)
def test_s11_without_a_tenant_nothing_is_read_and_nothing_written(
    use: str, alice: Customer, charlie: Customer
) -> None:
    before = snapshot()

    with pytest.raises(NoCurrentTenant):
        USES[use]()

    assert snapshot() == before


ROWS: dict[str, Callable[[Any], object]] = {
    "save": lambda row: row.save(),
    "save some fields": lambda row: row.save(update_fields=["created_at"]),
    "insert": lambda row: row.save(force_insert=True),
    "delete": lambda row: row.delete(),
}


@pytest.mark.parametrize("deed", ROWS)
def test_s11_a_row_of_another_tenant_is_not_written(
    deed: str, within: None, charlie: Customer
) -> None:
    with pytest.raises(ForeignRow):
        ROWS[deed](charlie.license)


@pytest.mark.parametrize("deed", ROWS)
def test_s11_a_row_is_not_written_without_a_tenant(deed: str, charlie: Customer) -> None:
    with pytest.raises(NoCurrentTenant):
        ROWS[deed](charlie.license)


@pytest.mark.usefixtures("within")
class TestOnBehalfOfAlice:
    def test_s11_only_her_rows_are_read(self, alice: Customer, charlie: Customer) -> None:
        assert list(License.objects.all()) == [alice.license]
        assert License.objects.count() == Product.objects.count() == 1
        assert License.objects.aggregate(all=models.Sum("seats")) == {"all": 3}
        assert not License.objects.filter(id=charlie.license.id).exists()
        assert not License.objects.exclude(id=alice.license.id).exists()
        assert set(AuditEvent.objects.values_list("tenant_id", flat=True)) == {alice.tenant.id}

    def test_s11_no_filter_of_ones_own_opens_more(self, charlie: Customer) -> None:
        of_charlie = models.Q(tenant_id=charlie.tenant.id)

        assert not License.objects.filter(of_charlie).exists()
        assert not (License.objects.none() | License.objects.filter(of_charlie)).exists()
        assert (
            not License.objects.filter(of_charlie).union(License.objects.filter(seats=5)).exists()
        )
        assert not License.objects.filter(of_charlie | models.Q(seats=5)).exists()

    def test_s11_relations_lead_to_no_other_tenant(
        self, alice: Customer, charlie: Customer
    ) -> None:
        with pytest.raises(Product.DoesNotExist):
            _ = License.across_tenants.model(
                tenant_id=charlie.tenant.id, product_id=charlie.product.id
            ).product
        assert list(charlie.tenant.licenses.all()) == []
        assert list(charlie.product.licenses.all()) == []
        assert list(alice.tenant.licenses.all()) == [alice.license]
        assert License.objects.select_related("product", "tenant").get().product == alice.product

    def test_s11_nothing_of_another_tenant_is_changed_by_many(self, charlie: Customer) -> None:
        charlies = License.objects.filter(id=charlie.license.id)

        assert charlies.update(seats=1000) == 0
        charlie.license.seats = 1000
        assert License.objects.bulk_update([charlie.license], ["seats"]) == 0
        assert Product.objects.filter(id=charlie.product.id).delete()[0] == 0

    def test_s11_nothing_is_put_into_another_tenant(self, charlie: Customer) -> None:
        product = Product(tenant_id=charlie.tenant.id, code="evil", name="Evil")

        with pytest.raises(ForeignRow):
            Product.objects.bulk_create([product])
        with pytest.raises(ForeignRow):
            Product.objects.create(tenant=charlie.tenant, code="evil", name="Evil")
        with pytest.raises(ForeignRow):
            charlie.tenant.products.create(code="evil", name="Evil")
        with pytest.raises(ForeignRow):
            Product.objects.update_or_create(
                code="studio", defaults={"tenant_id": charlie.tenant.id}, name="Evil"
            )

    def test_s11_no_row_is_given_away(self, charlie: Customer) -> None:
        for values in (
            {"tenant": charlie.tenant},
            {"tenant_id": charlie.tenant.id},
            {"pk": (charlie.tenant.id, charlie.license.id)},
        ):
            with pytest.raises(ForeignRow):
                License.objects.update(**values)

    def test_s11_a_row_that_was_kept_is_not_refreshed(self, charlie: Customer) -> None:
        with pytest.raises(License.DoesNotExist):
            charlie.license.refresh_from_db()

    def test_s11_a_deed_to_a_row_of_another_tenant_is_refused(self, charlie: Customer) -> None:
        with pytest.raises(TenantAlreadySet):
            charlie.resize(1000)
        with pytest.raises(TenantAlreadySet):
            charlie.rotate_key()

    def test_s11_sql_of_ones_own_is_no_way_around(self) -> None:
        with pytest.raises(ForeignRow):
            License.objects.raw("SELECT * FROM license")

    def test_s11_names_are_taken_only_within_the_tenant(self, charlie: Customer) -> None:
        taken = Product(tenant_id=charlie.tenant.id, code=charlie.product.code, name="?")

        taken.validate_constraints()  # Charlie's is not looked at, so nothing is betrayed

    def test_s11_the_list_of_tenants_has_one(self, alice: Customer, charlie: Customer) -> None:
        assert list(Tenant.objects.all()) == [alice.tenant]
        with pytest.raises(ForeignRow):
            charlie.tenant.save()
        with pytest.raises(ForeignRow):
            charlie.tenant.delete()


def test_s11_a_query_that_was_kept_shows_the_present_tenants_rows(
    alice: Customer, charlie: Customer
) -> None:
    with tenant_transaction(alice.tenant.id):
        kept = License.objects.order_by("id")

    with tenant_transaction(charlie.tenant.id):
        assert list(kept.all()) == [charlie.license]
    with pytest.raises(NoCurrentTenant):
        list(kept.all())


def test_s11_whoever_serves_nobody_sees_every_tenant(alice: Customer, charlie: Customer) -> None:
    assert set(Tenant.objects.all()) == {alice.tenant, charlie.tenant}


def test_s11_every_model_with_a_tenant_is_limited_to_it() -> None:
    with_tenant = [model for model in apps.get_models() if has_tenant(model)]

    assert len(with_tenant) >= 9
    for model in with_tenant:
        assert issubclass(model, TenantRow), f"{model.__name__} is open to all tenants"
        assert model._default_manager.name == model._base_manager.name == "objects", model


def has_tenant(model: type[models.Model]) -> bool:
    return "tenant_id" in {field.column for field in model._meta.concrete_fields}


def snapshot() -> list[tuple[object, ...]]:
    return [
        row
        for model in (Product, License)
        for row in model.across_tenants.order_by("pk").values_list()
    ]
