"""The ledger that the settings name, and its figures.

That is PostgreSQL where LICENSE_DATABASE_URL is set, else SQLite.
"""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from audit.operations import Signed, count_signatures
from foundation.clock import utc_now
from leasing.census import CensusReader
from leasing.figures import FiguresThread
from leasing.lending import Loan, lend
from leasing.store import ExtendingStore
from leasing.stores.postgres import PostgresStore
from leasing.stores.postgres.census import PostgresCensus
from leasing.stores.sqlite import SqliteStore
from leasing.stores.sqlite.census import SqliteCensus
from signing.wiring import sealed_statement
from tenants.current import tenant_transaction


def open_store(*, was_restored: bool = False) -> ExtendingStore:
    """Open the ledger. Raises StoreUnavailable when it cannot be reached.

    ``was_restored`` says that it may have lost commits: a reclaim hold begins.
    """
    if settings.LICENSE_LEASING_DATABASE_URL:
        return PostgresStore(
            settings.LICENSE_LEASING_DATABASE_URL,
            was_restored=was_restored,
            prepares=settings.LICENSE_PREPARED_STATEMENTS,
            seats_per_person=settings.LICENSE_SEATS_PER_PERSON,
        )
    return SqliteStore(
        ledger_file(),
        was_restored=was_restored,
        seats_per_person=settings.LICENSE_SEATS_PER_PERSON,
    )


def lend_from_settings(loan: Loan) -> dict[str, str]:
    """Lend a seat as a file under the present root, and count the signature.

    Raises what :func:`leasing.lending.lend` raises.
    """
    document = lend(loan, open_store=open_store, seal=sealed_statement)
    signed = Signed("license_data", document["key_id"], document["key_id"])
    with tenant_transaction(loan.tenant_id):
        count_signatures({signed: 1}, now=utc_now())
    return document


def figures_from_settings(counts_here: Callable[[], bool]) -> FiguresThread | None:
    """Return what looks at the whole ledger for the metrics, or None where none are served.

    ``counts_here`` says whether this process is the one of the installation that counts seats.
    """
    if not settings.LICENSE_METRICS_PORT:
        return None
    return FiguresThread(
        _census_reader(),
        counts_here=counts_here,
        most_named=settings.LICENSE_METRICS_LICENSES,
        clock=utc_now,
    )


def _census_reader() -> CensusReader:
    url = settings.LICENSE_LEASING_DATABASE_URL
    return PostgresCensus(url) if url else SqliteCensus(ledger_file())


def ledger_file() -> Path:
    """Return the file of a ledger in SQLite."""
    return Path(str(settings.DATABASES["default"]["NAME"]))
