"""Figures that tests print (``pytest -s`` shows them) and lines that children say."""

import sys


def tell(sentence: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()
