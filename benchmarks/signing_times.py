"""``python -m benchmarks.signing_times RESULT.json``: the kept run of signing_latency as tables.

docs/signing-cost.md has the tables, and a test holds both together.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

Rows = Mapping[str, Sequence[Mapping[str, Any]]]

AT_ONCE: Final = ("1 at once", "100 at once", "1,000 at once")


def tables(result: Mapping[str, Any]) -> Sequence[str]:
    """Return the tables of a kept run. Raises KeyError when it did not ask this question."""
    answers = {answer["question"]: answer for answer in result["answers"]}
    rows = {row["name"]: row["figures"] for row in answers["signing_latency"]["rows"]}
    return _times(rows), _targets(rows)


def _times(rows: Rows) -> str:
    kinds = [name.removesuffix(f", {AT_ONCE[0]}") for name in rows if name.endswith(AT_ONCE[0])]
    lines = [
        ["Cloud KMS, acquire", *AT_ONCE],
        ["---", *["---:"] * len(AT_ONCE)],
        *([kind, *(_cell(rows[f"{kind}, {many}"]) for many in AT_ONCE)] for kind in kinds),
    ]
    return _table(lines)


def _targets(rows: Rows) -> str:
    lines = [["acquire", "figure", "measured", "target"], ["---", "---", "---:", "---"]]
    for name, figures in rows.items():
        for figure in figures:
            if "target" in figure:
                verdict = "met" if figure["is_met"] else "missed"
                bound = f"≤ {figure['target']['at_most']:,} {figure['unit']}, {verdict}"
                lines.append([name, figure["name"], _ms(figure["median"]), bound])
    return _table(lines)


def _table(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(figures: Sequence[Mapping[str, Any]]) -> str:
    """Return p50 / p99 / worst in ms and, unless all were granted, how many in a hundred were."""
    by_name = {figure["name"]: figure["median"] for figure in figures}
    times = " / ".join(_ms(by_name[name]) for name in ("p50", "p99", "worst"))
    refused, granted = by_name.get("refused (503)", 0), by_name.get("granted", 0)
    if not refused:
        return times
    return f"{times}; granted {100 * granted / (granted + refused):.0f} %"


def _ms(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def main(arguments: Sequence[str]) -> None:
    """Print the tables of a kept run."""
    sys.stdout.write("\n\n".join(tables(json.loads(Path(arguments[0]).read_bytes()))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
