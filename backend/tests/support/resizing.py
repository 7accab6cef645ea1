"""A vendor's script that resizes one license many times."""

from pathlib import Path
from time import perf_counter

from licenses.models import License
from licenses.operations import resize
from tests.support.databases import use_database


def longest_resize_seconds(database: Path, license_id: str, times: int) -> float:
    """Resize a license of a database file; return how long the longest write took."""
    use_database(database)
    license_ = License.across_tenants.get(id=license_id)
    worst_seconds = 0.0
    for turn in range(times):
        began_at = perf_counter()
        resize(license=license_, seats=10 + turn, principal="user:script")
        worst_seconds = max(worst_seconds, perf_counter() - began_at)
    return worst_seconds
