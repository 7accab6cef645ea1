"""A histogram of the server's own, read from its metrics."""

import math
import urllib.request

from prometheus_client.parser import text_string_to_metric_families


def histogram(url: str, name: str) -> dict[str, float]:
    """Return count, sum and the bound of p99's bucket, of a histogram without labels."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return read_histogram(answer.read().decode(), name)


def read_histogram(text: str, name: str) -> dict[str, float]:
    """Return what ``histogram`` does from a scrape's text; zeros for one that is not there."""
    families = {one.name: one.samples for one in text_string_to_metric_families(text)}
    samples = families.get(name, [])
    total = {one.name.removeprefix(f"{name}_"): one.value for one in samples}
    count = total.get("count", 0.0)
    bounds = [(float(one.labels["le"]), one.value) for one in samples if "le" in one.labels]
    p99 = next((le for le, upto in bounds if upto >= 0.99 * count), math.inf) if count else 0.0
    return {"count": count, "sum": total.get("sum", 0.0), "p99": p99}
