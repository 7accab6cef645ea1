"""What a benchmark answers: figures with their spread, targets, rows, one answer per question."""

import statistics
from collections.abc import Sequence

from msgspec import Struct


class Target(Struct, frozen=True, omit_defaults=True):
    """What a figure's median shall reach. Source: README.md of this folder."""

    at_least: float | None = None
    at_most: float | None = None
    aim: float | None = None

    def is_met(self, median: float) -> bool:
        """Return whether a median is within the bounds; ``aim`` is a hope and binds nobody."""
        high_enough = self.at_least is None or median >= self.at_least
        return high_enough and (self.at_most is None or median <= self.at_most)

    def __str__(self) -> str:
        bounds = [
            f"{sign} {shown(bound)}"
            for sign, bound in ((">=", self.at_least), ("<=", self.at_most), ("aim", self.aim))
            if bound is not None
        ]
        return ", ".join(bounds)


class Figure(Struct, frozen=True, omit_defaults=True):
    """One measured quantity over all rounds."""

    name: str
    unit: str
    median: float
    lowest: float
    highest: float
    target: Target | None = None
    is_met: bool | None = None


class Row(Struct, frozen=True):
    """The figures of one kind of request, or of one operation."""

    name: str
    figures: list[Figure]


class Answer(Struct, frozen=True):
    """What one question came to. ``remarks`` say what a reader must know to use the figures."""

    question: str
    asks: str
    rows: list[Row]
    remarks: list[str]

    def misses(self) -> list[str]:
        """Return one line for each target that was not met."""
        return [
            f"{self.question}, {row.name}: {figure.name} {shown(figure.median)} {figure.unit}, "
            f"target {figure.target}"
            for row in self.rows
            for figure in row.figures
            if figure.is_met is False
        ]


def figure(name: str, unit: str, values: Sequence[float], target: Target | None = None) -> Figure:
    """Return the median and the range of one value per round, judged by its target."""
    median = statistics.median(values)
    return Figure(
        name=name,
        unit=unit,
        median=_rounded(median),
        lowest=_rounded(min(values)),
        highest=_rounded(max(values)),
        target=target,
        is_met=None if target is None else target.is_met(median),
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which a share (0 to 1) of the ordered values lies, or is it."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def shown(value: float) -> str:
    """Return a number as the table prints it: enough digits to compare, no more."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
