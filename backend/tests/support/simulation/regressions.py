"""Seeds that found a defect once, kept in a file: ``seed operations  # promise`` to a line."""

from pathlib import Path
from typing import Final

from tests.support.simulation.runs import Order

SEEDS_FILE: Final = Path(__file__).parents[2] / "simulation" / "seeds.txt"


def kept_seeds(path: Path = SEEDS_FILE) -> list[Order]:
    """Return the runs to be repeated for ever."""
    lines = [line.partition("#")[0].split() for line in path.read_text().splitlines()]
    return [Order(int(line[0]), int(line[1])) for line in lines if line]


def keep_seed(order: Order, promise: str, path: Path = SEEDS_FILE) -> None:
    """Keep a run that broke a promise, once."""
    if order in kept_seeds(path):
        return
    with path.open("a") as file:
        file.write(f"{order.seed} {order.operations}  # {promise}\n")
