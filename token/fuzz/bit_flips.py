"""Random bit flips in true documents, of which none may be taken.

`python -m fuzz.bit_flips --flips 1000000`, in `token/`.

One to three bits of a document change at a time; the flips are spread over the kinds of documents
and all processors. The same seed gives the same flips.
"""

import argparse
import os
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Final, NamedTuple

from coditect_license_token import TokenError
from fuzz.targets import sealed_documents

_A_SHARE: Final = 10_000
"""How many flips one call to a worker makes."""


class Share(NamedTuple):
    """A part of the work: which kind, with which seed, how many flips."""

    kind: str
    seed: str
    flips: int


def taken(share: Share) -> list[str]:
    """Flip bits and return each document that was taken, in hexadecimal."""
    sealed = sealed_documents()[share.kind]
    chance = random.Random(share.seed)  # noqa: S311  a seed must give the same flips again
    bits = range(8 * len(sealed.document))
    found = []
    for _ in range(share.flips):
        document = bytearray(sealed.document)
        for bit in chance.sample(bits, chance.choice((1, 1, 2, 3))):
            document[bit >> 3] ^= 1 << (bit & 7)
        try:
            sealed.open(bytes(document))
        except TokenError:
            continue
        found.append(document.hex())
    return found


def shares(flips: int, seed: str) -> list[Share]:
    """Spread flips evenly over the kinds, in parts that a worker does in about a second."""
    kinds = list(sealed_documents())
    parts = max(1, flips // (len(kinds) * _A_SHARE))
    return [
        Share(kind, f"{seed} {kind} {part}", -(-flips // (len(kinds) * parts)))
        for part in range(parts)
        for kind in kinds
    ]


def main() -> int:
    """Print how many flips were made and taken; exit 1 when one was taken."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.bit_flips", description=__doc__)
    parser.add_argument("--flips", type=int, default=1_000_000)
    parser.add_argument("--seed", default="1")
    chosen = parser.parse_args()
    work = shares(chosen.flips, chosen.seed)
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        found = [text for part in workers.map(taken, work) for text in part]
    sys.stdout.write(f"{sum(part.flips for part in work)} flips, {len(found)} taken\n")
    sys.stdout.writelines(f"{text}\n" for text in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
