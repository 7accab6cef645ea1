"""``python -m scripts.cost``: writes the tables of docs/cost.md from prices and quantities."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from scripts.cost.price_list import read_prices, read_quantities
from scripts.cost.tables import PAGE, tables, written


def main(words: Sequence[str] | None = None) -> int:
    """Write the page, or with ``--check`` only say that it is not as it would be written."""
    asked = _parser().parse_args(words)
    prices = read_prices(asked.prices)
    for price in prices.stale(datetime.now(UTC).date()):
        sys.stderr.write(f"warning: {price.name} was read on {price.read}: look again\n")
    page = asked.page.read_text()
    made = written(page, tables(prices, read_quantities()))
    if made == page:
        return 0
    sys.stdout.write(f"{'not in step' if asked.check else 'wrote'}: {asked.page.name}\n")
    if not asked.check:
        asked.page.write_text(made)
    return 1 if asked.check else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.cost",
        description="Write what a month costs into docs/cost.md.",
        allow_abbrev=False,
    )
    own = Path(__file__).parent / "prices.toml"
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if the page differs")
    parser.add_argument("--prices", metavar="FILE", type=Path, default=own, help="other prices")
    parser.add_argument("--page", metavar="FILE", type=Path, default=PAGE, help="another page")
    return parser


if __name__ == "__main__":
    sys.exit(main())
