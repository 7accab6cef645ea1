"""`make fuzz`: coverage-guided fuzzing of every target for SECONDS in all, then one line for each.

In `token/`: `python -m fuzz --seconds 60`, some targets by name; `python -m fuzz TARGET --replay
FILE` runs one input, as a crash says how. What was found interesting is kept for the next time
in `.local/fuzz`, beside the crashes.
"""

import argparse
import hashlib
import re
import subprocess
import sys
from pathlib import Path

from fuzz.targets import TARGETS, seeds

_FOLDER = Path(__file__).parents[2] / ".local" / "fuzz"
_LONGEST_BYTES = 40_000  # beyond every size a verifier takes


def main() -> int:
    """Fuzz, or replay; exit 1 when an input was found that breaks a promise."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=60, help="for all targets together")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run one input and no fuzzer")
    chosen = parser.parse_args()
    names = chosen.targets or list(TARGETS)
    if unknown := set(names) - set(TARGETS):
        parser.error(f"no target: {', '.join(sorted(unknown))}")
    if chosen.replay:
        for name in names:
            TARGETS[name](chosen.replay.read_bytes())
        return 0
    seconds = max(1, chosen.seconds // len(names))
    return max(_fuzz(name, seconds) for name in names)


def _fuzz(name: str, seconds: int) -> int:
    """Fuzz one target in a process of its own: the fuzzer ends the process it runs in."""
    corpus, crashes = _FOLDER / name / "corpus", _FOLDER / name / "crashes"
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds(name):
        (corpus / hashlib.sha256(seed).hexdigest()[:32]).write_bytes(seed)
    options = (
        f"-max_total_time={seconds}",
        f"-max_len={_LONGEST_BYTES}",
        f"-artifact_prefix={crashes}/",
        "-timeout=5",
        "-print_final_stats=1",
    )
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.guided", name, str(corpus), *options],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    inputs = re.search(r"number_of_executed_units:\s*(\d+)", said)
    found = re.findall(r"Test unit written to (\S+)", said)
    ended = "nothing found" if done.returncode == 0 else f"FOUND SOMETHING, exit {done.returncode}"
    sys.stdout.write(
        f"{name}: {inputs[1] if inputs else 0} inputs in {seconds} s, "
        f"{len(list(corpus.iterdir()))} kept, {ended}\n"
    )
    if done.returncode:
        sys.stdout.write(said[-3000:])
        sys.stdout.writelines(
            f"again: make fuzz TARGETS={name} REPLAY={Path(file).resolve()}\n" for file in found
        )
    sys.stdout.flush()
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
