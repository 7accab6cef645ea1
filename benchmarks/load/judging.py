"""What each scenario came to, judged by its limits. Pure: no clock, no client, no server."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from benchmarks.figures import Answer, Figure, Row, Target, figure, percentile
from benchmarks.load.samples import Sample, Samples
from tests.support.history import check

GOOD: Final = frozenset({200, 201, 204})
INTERVAL_SECONDS: Final = 2.0
"""How far apart the scenarios' heartbeats are; the product's own are 120 s."""

SHED_FIRST: Final = ("export", "control", "read", "acquire", "release", "renew")
"""The contract's order; the control plane's other calls are reads and writes of staff."""

_WELL_MS: Final = 1_000
_NONE: Final = Target(at_most=0)
_ALL: Final = Target(at_least=1)
_REMARK: Final = "every call counts, from when it was sent; Locust shares the cores with the server"


def acquisitions(samples: Samples, sign_seconds: dict[str, float]) -> Answer:
    """Judge a hundred devices that acquire at once; ``sign_seconds`` are the server's own."""
    signed = [
        _one("signatures", "", sign_seconds["count"], Target(at_least=1)),
        _one("signing, mean", "ms", 1_000 * sign_seconds["sum"] / max(1, sign_seconds["count"])),
        _one("signing, p99 below", "ms", 1_000 * sign_seconds["p99"], Target(at_most=400)),
    ]
    rows = [_row(samples, "acquire", p99_ms=2_000), _row(samples, "release"), Row("KMS", signed)]
    return _answer("acquisitions", "A hundred devices acquire at once?", samples, rows)


def storm(samples: Samples) -> Answer:
    """Judge a morning's log-on."""
    rows = [_row(samples, "acquire", p99_ms=2_000), _row(samples, "renew")]
    return _answer("storm", "A morning's log-on?", samples, rows)


def steady(samples: Samples) -> Answer:
    """Judge programs at work."""
    return _answer(
        "steady", "Heartbeats with jitter?", samples, [_row(samples, "renew", p99_ms=100)]
    )


def herd(samples: Samples) -> Answer:
    """Judge what came back after the server was killed and started again."""
    back_at = samples.marks["back"]
    beats = samples.of("renew")
    figures = [
        _one("answered 410", "calls", sum(one.status == 410 for one in beats), _NONE),
        _one("away", "s", back_at - samples.marks["killed"]),
        _one("recovery", "s", _recovered_at(beats, back_at) - back_at, _IN_TWO_INTERVALS),
        _one("renewals after", "calls", sum(_is_after(one, back_at) for one in beats), _ALL),
    ]
    rows = [Row("renew", figures)]
    return _answer("herd", "All come back after a restart?", samples, rows)


def hostile(samples: Samples) -> Answer:
    """Judge what honest clients saw beside a hostile one, and what that one was answered."""
    attacks = ("bad key", "bad token", "malformed", "oversized", "flood")
    rows = [_row(samples, "renew", p99_ms=500)]
    rows += [_attack(samples, kind) for kind in attacks]
    return _answer("hostile", "Honest clients beside a hostile one?", samples, rows)


def overload(samples: Samples) -> Answer:
    """Judge five times of what the server carries."""
    marks, mix = samples.marks, set(SHED_FIRST) - {"renew"}
    carried = samples.rate(mix, "carried", "flood")
    offered = samples.rate(mix, "flood", "over")
    during = [one for one in samples.answered() if marks["flood"] <= one.sent_at < marks["over"]]
    beats = [one for one in during if one.kind == "renew"]
    lost = sum(one.status == 410 for one in samples.of("renew"))
    recovery = _recovered_at(samples.of("renew"), marks["over"]) - marks["over"]
    rate = [
        _one("carried before", "calls/s", carried),
        _one("offered", "calls/s", offered),
        _one("offered of carried", "ratio", offered / carried, Target(at_least=5)),
    ]
    good = sum(one.status in GOOD for one in beats) / max(1, len(beats))
    programs = [
        _one("renewals", "calls", len(beats), _ALL),
        _one("renewals answered well", "ratio", good, Target(at_least=0.999)),
        *_latencies(beats),
        _one("answered 410", "calls", lost, _NONE),
        _one("recovery", "s", recovery, _IN_TWO_INTERVALS),
    ]
    rows = [Row("the mix", rate), Row("programs", programs), *_shedding(during)]
    return _answer("overload", "Five times what the server carries?", samples, rows)


_IN_TWO_INTERVALS: Final = Target(at_most=2 * INTERVAL_SECONDS)


def shares_shed(calls: list[Sample]) -> dict[str, float]:
    """Return which share of each kind was answered 503, the first to be shed first."""
    asked, shed = Counter(one.kind for one in calls), Counter()  # type: ignore[var-annotated]
    shed.update(one.kind for one in calls if one.status == 503)
    return {kind: shed[kind] / asked[kind] for kind in SHED_FIRST if asked[kind]}


def out_of_order(shares: dict[str, float], *, tolerance: float = 0.02) -> list[str]:
    """Return the kinds of which more was shed than of one that the contract sheds before."""
    ordered = list(shares.items())
    return [kind for (_, before), (kind, share) in pairwise(ordered) if share > before + tolerance]


def _shedding(calls: list[Sample]) -> list[Row]:
    shares = shares_shed(calls)
    rows = [
        Row(kind, _fate([one for one in calls if one.kind == kind], share))
        for kind, share in shares.items()
    ]
    wrong = out_of_order(shares)
    return [*rows, Row("order", [_one("kinds out of order", "", len(wrong), _NONE)])]


def _fate(calls: list[Sample], shed: float) -> list[Figure]:
    unanswered = sum(one.status == 0 for one in calls) / len(calls)
    others = Counter(one.status for one in calls if one.status not in {0, 200, 201, 204, 503})
    return [
        _one("calls", "", len(calls)),
        _one("shed", "ratio", shed),
        _one("no answer in 10 s", "ratio", unanswered),
        *(_one(f"answered {status}", "calls", count) for status, count in others.items()),
        *_latencies(calls),
    ]


def _attack(samples: Samples, kind: str) -> Row:
    calls = samples.of(kind)
    wrong = sum(one.status in GOOD or one.status in {0, 500} for one in calls)
    figures = [_one("calls", "", len(calls)), _one("let in or broken", "calls", wrong, _NONE)]
    return Row(kind, figures)


def _row(samples: Samples, kind: str, p99_ms: float | None = None) -> Row:
    calls = samples.of(kind)
    good = sum(one.status in GOOD for one in calls)
    target = Target(at_most=p99_ms) if p99_ms else None
    figures = [
        _one("calls", "", len(calls), _ALL),
        _one("failed", "calls", len(calls) - good, _NONE),
        _one("rate", "calls/s", good / _span_seconds(calls)),
        *_latencies(calls, target),
    ]
    return Row(kind, figures)


def _latencies(calls: list[Sample], p99: Target | None = None) -> list[Figure]:
    times = sorted(one.milliseconds for one in calls) or [0.0]
    return [
        _one("p50", "ms", percentile(times, 0.5)),
        _one("p99", "ms", percentile(times, 0.99), p99),
        _one("longest", "ms", times[-1]),
    ]


def _recovered_at(beats: list[Sample], since: float) -> float:
    """Return since when every renewal was answered well, within a second.

    Counted from ``since`` on, by when they were sent.
    """
    bad = [one for one in beats if one.sent_at >= since and not _is_well(one)]
    return max((one.sent_at + one.milliseconds / 1_000 for one in bad), default=since)


def _is_well(one: Sample) -> bool:
    return one.status in GOOD and one.milliseconds <= _WELL_MS


def _is_after(one: Sample, instant: float) -> bool:
    return one.sent_at >= instant and one.status in GOOD


def _span_seconds(calls: list[Sample]) -> float:
    if not calls:
        return 1.0
    return max(0.001, max(one.sent_at for one in calls) - min(one.sent_at for one in calls))


def _answer(question: str, asks: str, samples: Samples, rows: list[Row]) -> Answer:
    broken = sum(map(len, check(samples.events).broken.values()))
    kept = Row("history", [_one("promises broken", "", broken, _NONE)])
    return Answer(question, asks, [*rows, kept], [_REMARK])


def _one(name: str, unit: str, value: float, target: Target | None = None) -> Figure:
    return figure(name, unit, [value], target)


JUDGES: Final[dict[str, Callable[[Samples], Answer]]] = {
    "storm": storm,
    "steady": steady,
    "herd": herd,
    "hostile": hostile,
    "overload": overload,
}
