"""What may be asked for, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from license_incident import rules
from license_incident.errors import Refused

END = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["inc-1", "alert-0123456789abcdef", "2030-01-01", "a" * 24])
def test_an_incident_id_is_short_and_plain(text: str) -> None:
    assert rules.incident_id(text) == text


@pytest.mark.parametrize(
    "text", ["", "abc", "Inc-1", "a" * 25, "inc 1", "inc-1;rm", "../x1", "inc-"]
)
def test_what_is_no_incident_id_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        rules.incident_id(text)


def test_a_source_is_an_address_or_a_range() -> None:
    found = rules.sources(["203.0.113.7", "198.51.100.0/24", "2001:db8::/32"])

    assert [str(one) for one in found] == ["203.0.113.7/32", "198.51.100.0/24", "2001:db8::/32"]


@pytest.mark.parametrize("own", [str(range_) for range_ in rules.OWN_RANGES])
def test_every_range_of_our_own_is_refused(own: str) -> None:
    inside = own.partition("/")[0]
    with pytest.raises(Refused):
        rules.sources([inside])


@pytest.mark.parametrize(
    "text", ["0.0.0.0/0", "::/0", "8.0.0.0/15", "2001::/31", "203.0.113.7/24", "host.example", ""]
)
def test_a_source_that_is_too_wide_or_none_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        rules.sources([text])


def test_one_rule_has_ten_ranges_at_most() -> None:
    with pytest.raises(Refused):
        rules.sources([f"203.0.113.{host}" for host in range(11)])
    with pytest.raises(Refused):
        rules.sources([])


def test_the_offices_range_is_never_blocked() -> None:
    with pytest.raises(Refused, match="our own"):
        rules.sources(["203.0.113.7"], never=["203.0.113.0/24"])


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1_800), ("24h", 86_400)])
def test_a_time_has_a_unit(text: str, seconds: int) -> None:
    assert rules.duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "1", "1d", "-1h", "59s", "25h", "0m"])
def test_a_block_lasts_a_minute_to_a_day(text: str) -> None:
    with pytest.raises(Refused):
        rules.duration(text)


def test_a_rules_description_says_whose_it_is_and_fits() -> None:
    mark = rules.mark("a" * 24, END)

    assert len(mark) <= 64
    assert rules.read_mark(mark) == ("a" * 24, END)
    assert rules.read_mark("Incident: refuses at once; waits on an unused address") is None
