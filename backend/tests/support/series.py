"""What this process counts, as a scrape would read it."""

import re

from foundation.metrics import exposition


def value(series: str) -> float:
    """Return the value of a series, named with its labels as in a scrape; 0 where there is none."""
    found = re.search(rf"^{re.escape(series)} (\S+)$", exposition(), re.MULTILINE)
    return float(found.group(1)) if found else 0.0
