"""Enter the write gate of a file, or take its server seat, and stay there until killed.

Arguments: the file, and ``gate`` or ``server``.
"""

import sys
from pathlib import Path

from leasing.stores.gate import ServerSeat, WriteGate
from tests.support.telling import tell


def main(database: Path, what: str) -> None:
    gate = WriteGate(database)
    seat = ServerSeat(database) if what == "server" else None
    if what == "gate":
        gate.acquire()
    tell("inside")
    sys.stdin.read()
    if seat is not None:
        seat.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
