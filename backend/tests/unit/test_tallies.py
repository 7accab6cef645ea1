"""Plain counts, and the form that a scrape gives them."""

import gc
import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families

from foundation import metrics
from foundation.tallies import Buckets, BucketsByLabels, OpenThings, Spread, Tally

tally = metrics.tally("test_tally_total", "Of this test.", ("kind", "code"), known=[("a", "1")])
buckets = metrics.buckets("test_buckets", "Of this test.", (1, 2.5))
set_gauges = metrics.gauges("test_gauges", "Of this test.", ("name",))


def samples(name: str) -> dict[tuple[str, ...], float]:
    """Return the exported series of a name by its labels' values, with the sample's own name."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.exposition())
        for sample in family.samples
        if sample.name.startswith(name)
    }


def test_a_tally_counts_by_labels_and_shows_known_ones_as_nothing() -> None:
    before = samples("test_tally")

    tally.add("b", 200)
    tally.add("b", 200)

    assert before == {("test_tally_total", "1", "a"): 0}
    assert samples("test_tally") == before | {("test_tally_total", "200", "b"): 2}


def test_a_value_belongs_to_the_bucket_that_it_is_the_bound_of() -> None:
    for value in (0.5, 1, 2.5, 2.6):
        buckets.add(value)

    assert samples("test_buckets") == {
        ("test_buckets_bucket", "1.0"): 2,
        ("test_buckets_bucket", "2.5"): 3,
        ("test_buckets_bucket", "+Inf"): 4,
        ("test_buckets_count",): 4,
        ("test_buckets_sum",): pytest.approx(6.6),
    }


def test_a_gauge_shows_what_there_is_when_it_is_asked() -> None:
    assert samples("test_gauges") == {}
    readings: dict[tuple[str, ...], float] = {("one",): 1.0, ("other",): 2.0}
    set_gauges(lambda: readings)

    assert samples("test_gauges") == {("test_gauges", "one"): 1, ("test_gauges", "other"): 2}
    del readings["one",]
    assert samples("test_gauges") == {("test_gauges", "other"): 2}


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match="test_buckets"):
        metrics.buckets("test_buckets", "Of nobody.", (1,))


def test_what_is_read_does_not_change_afterwards() -> None:
    counted, spread = Tally(), BucketsByLabels((1,))
    counted.add("a")
    spread.of("a").add(0.5)
    read = counted.read(), spread.read()

    counted.add("b")
    spread.of("b").add(0.5)

    assert read == ({("a",): 1}, {("a",): Spread((1, 1), 0.5)})


def test_somebody_may_read_while_another_counts() -> None:
    counted, by_labels, is_over = Tally(), BucketsByLabels((1,)), threading.Event()

    def count() -> None:
        for number in range(20_000):
            counted.add(str(number))
            by_labels.of(str(number)).add(1)
        is_over.set()

    thread = threading.Thread(target=count)
    thread.start()
    while not is_over.is_set():
        assert len(counted.read()) <= 20_000
        by_labels.read()
    thread.join()

    assert sum(counted.read().values()) == 20_000


class Door:
    is_open = True


def test_things_are_counted_while_they_are_open_and_live() -> None:
    things, one, other = OpenThings(), Door(), Door()
    for door in (one, other, one):
        things.note(door, lambda door: door.is_open)

    assert things.count() == 2
    one.is_open = False
    assert things.count() == 1
    del other, door
    gc.collect()
    assert things.count() == 0


def test_buckets_begin_empty() -> None:
    assert Buckets((1, 2)).read() == Spread((0, 0, 0), 0.0)
