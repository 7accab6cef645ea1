"""The judges of the load suite: what they count, and that each limit can be missed."""

import pytest
from benchmarks.load import judging
from benchmarks.load.exposition import read_histogram
from benchmarks.load.samples import UNANSWERED, Sample, Samples

from tests.support.history_events import Event

LICENSE = Event("license", seats=1, ttl_ms=60_000)
SCRAPE = """# HELP kms_sign_seconds s
# TYPE kms_sign_seconds histogram
kms_sign_seconds_bucket{le="0.1"} 98.0
kms_sign_seconds_bucket{le="0.2"} 100.0
kms_sign_seconds_bucket{le="+Inf"} 100.0
kms_sign_seconds_count 100.0
kms_sign_seconds_sum 5.0
"""


def beats(count: int, *, status: int = 200, ms: float = 5, first_at: float = 0) -> list[Sample]:
    return [Sample("renew", first_at + number / 100, status, ms) for number in range(count)]


def misses(scenario: str, samples: Samples) -> list[str]:
    answer = judging.JUDGES[scenario](samples)
    return [
        f"{row.name}: {one.name}"
        for row in answer.rows
        for one in row.figures
        if one.is_met is False
    ]


def test_steady_heartbeats_pass_and_each_limit_can_be_missed() -> None:
    good = beats(100)

    assert misses("steady", Samples(good, [LICENSE])) == []
    assert misses("steady", Samples([], [LICENSE])) == ["renew: calls"]
    failed = Samples([*good, *beats(1, status=503)], [LICENSE])
    assert misses("steady", failed) == ["renew: failed"]
    assert misses("steady", Samples(beats(9, ms=500), [LICENSE])) == ["renew: p99"]
    cut_off = Samples([*good, *beats(1, status=UNANSWERED)], [LICENSE])
    assert misses("steady", cut_off) == []


def test_a_broken_promise_in_the_history_is_a_miss() -> None:
    held = Event("acquire", device="a", replied_ms=2, outcome="held", session="s", lease_ms=60_000)
    lost = Event("heartbeat", device="a", sent_ms=9, replied_ms=10, outcome="lost", session="s")

    assert misses("steady", Samples(beats(9), [LICENSE, held])) == []
    broken = Samples(beats(9), [LICENSE, held, lost])
    assert misses("steady", broken) == ["history: promises broken"]


def test_the_hostile_must_neither_be_let_in_nor_break_anything() -> None:
    refused = Samples([*beats(9), Sample("bad key", 0, 404, 5)], [LICENSE])

    assert misses("hostile", refused) == []
    for status in (200, 500, 0):
        refused.calls.append(Sample("bad key", 0, status, 5))
        assert misses("hostile", refused) == ["bad key: let in or broken"]
        refused.calls.pop()


def flood(*, offered: int = 60, renewals: list[Sample] | None = None) -> Samples:
    """Return a flood of ten seconds: ten calls of each kind before it, more in it."""
    kinds = ("export", "control", "read", "acquire", "release")
    before = [Sample(kind, 1 + n / 10, 200, 5) for kind in kinds for n in range(10)]
    during = [
        Sample(kind, 10 + 10 * n / offered, 503 if kind == "export" else 200, 5)
        for kind in kinds
        for n in range(offered)
    ]
    renewed = beats(2_000, first_at=5) if renewals is None else renewals
    marks = {"carried": 0.0, "flood": 10.0, "over": 20.0}
    return Samples([*before, *during, *renewed], [LICENSE], marks)


def test_a_flood_five_times_of_what_is_carried_passes() -> None:
    assert misses("overload", flood()) == []
    assert misses("overload", flood(offered=40)) == ["the mix: offered of carried"]


def test_renewals_that_fail_in_a_flood_are_a_miss() -> None:
    failing = [*beats(990, first_at=10), *beats(10, status=503, first_at=10)]
    slow_after = [*beats(990, first_at=10), *beats(1, ms=5_000, first_at=21)]
    lost = [*beats(1_500, first_at=10), *beats(1, status=410, first_at=20)]

    assert misses("overload", flood(renewals=failing)) == ["programs: renewals answered well"]
    assert misses("overload", flood(renewals=slow_after)) == ["programs: recovery"]
    assert misses("overload", flood(renewals=lost)) == ["programs: answered 410"]


def test_shedding_out_of_the_contracts_order_is_a_miss() -> None:
    samples = flood()
    samples.calls += [Sample("acquire", 11, 503, 5)] * 60

    assert judging.out_of_order(judging.shares_shed(samples.calls)) == ["acquire"]
    assert misses("overload", samples) == ["order: kinds out of order"]


@pytest.mark.parametrize(("name", "p99"), [("kms_sign_seconds", 0.2), ("another", 0.0)])
def test_a_histogram_is_read_from_a_scrape(name: str, p99: float) -> None:
    assert read_histogram(SCRAPE, name)["p99"] == p99
