"""Pass the write gate of a file over and over until standard input ends. Argument: the file."""

import selectors
import sys
from pathlib import Path

from leasing.stores.gate import WriteGate
from tests.support.telling import tell


def main(database: Path) -> None:
    gate = WriteGate(database)
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ)
    tell("writing")
    while not selector.select(timeout=0):
        with gate:
            sum(range(20_000))
    gate.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
