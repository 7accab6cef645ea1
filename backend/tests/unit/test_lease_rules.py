"""Decisions about seats and leases, value by value."""

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leasing.errors import LeaseLost
from leasing.rules import (
    Evidence,
    Hold,
    Terms,
    counted_after,
    hold_after,
    hold_end,
    hold_seen_at,
    is_evidence_in_force,
    is_evidence_of,
    is_live,
    is_token_due,
    lease_end,
    loss,
    lowest_count,
    may_grant,
    may_have_lost,
    next_count,
    refusal,
    was_away,
)
from licenses.errors import LicenseExpired, LicenseRevoked, LicenseSuspended
from licenses.rules import LicenseStatus
from tests.support.clock import START

NOW = START
A_MOMENT = timedelta(microseconds=1)
INSTANTS = st.integers(-(10**9), 10**9).map(lambda offset: NOW + timedelta(seconds=offset))

TERMS = Terms(
    tenant_id="0b7c6a52-7d5c-4f0e-8c43-52f9c57be001",
    license_id="b1946ac9-2ddf-4f59-a5a8-2d4d95c3a001",
    audience="studio",
    tier="pro",
    entitlements=(),
    seats=10,
    overdraft_seats=2,
    status=LicenseStatus.ACTIVE,
    expires_at=NOW + timedelta(days=365),
    ttl_seconds=360,
    heartbeat_interval_seconds=120,
    key_auth=False,
)


def terms(**changes: object) -> Terms:
    return msgspec.structs.replace(TERMS, **changes)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_the_cap_is_the_seats_and_the_stated_overdraft() -> None:
    assert TERMS.cap == 12


def test_an_active_license_refuses_nobody() -> None:
    assert refusal(TERMS, NOW) is None


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"status": LicenseStatus.SUSPENDED}, LicenseSuspended),
        ({"status": LicenseStatus.REVOKED}, LicenseRevoked),
        ({"expires_at": NOW}, LicenseExpired),
        ({"expires_at": NOW, "status": LicenseStatus.REVOKED}, LicenseRevoked),
    ],
)
def test_a_license_without_force_says_why(
    changes: dict[str, object], refused: type[Exception]
) -> None:
    assert isinstance(refusal(terms(**changes), NOW), refused)


def test_a_license_is_in_force_until_its_end_and_not_at_it() -> None:
    almost_over = terms(expires_at=NOW + A_MOMENT)

    assert refusal(almost_over, NOW) is None
    assert refusal(almost_over, NOW + A_MOMENT) is not None


def test_a_lease_runs_one_ttl() -> None:
    assert lease_end(TERMS, NOW) == NOW + seconds(360)


def test_s7_a_lease_ends_with_its_license() -> None:
    assert lease_end(terms(expires_at=NOW + seconds(10)), NOW) == NOW + seconds(10)


@given(now=INSTANTS, current=INSTANTS, expires_at=INSTANTS, ttl=st.integers(60, 86_400))
def test_s7_a_renewal_never_shortens(
    now: datetime, current: datetime, expires_at: datetime, ttl: int
) -> None:
    assert lease_end(terms(expires_at=expires_at, ttl_seconds=ttl), now, current) >= current


def test_a_lease_is_live_before_its_end_and_not_at_it() -> None:
    assert is_live(NOW + A_MOMENT, NOW)
    assert not is_live(NOW, NOW)
    assert not is_live(None, NOW)


def test_s2_a_hold_lasts_one_and_a_fifth_heartbeat_intervals() -> None:
    hold = Hold(NOW, silent_since=NOW - seconds(60))

    assert hold_end(hold, 120, NOW) == NOW + seconds(144)
    assert hold_end(hold, 120, NOW + seconds(144) - A_MOMENT) == NOW + seconds(144)
    assert hold_end(hold, 120, NOW + seconds(144)) is None


def test_without_a_gap_there_is_no_hold() -> None:
    assert hold_end(None, 120, NOW) is None


def test_a_lease_counts_while_it_runs_and_during_a_hold_if_it_ran_before_the_silence() -> None:
    silent_since = NOW - timedelta(days=1)

    assert counted_after(None, 120, NOW) == NOW
    assert counted_after(Hold(NOW, silent_since), 120, NOW) == silent_since
    assert counted_after(Hold(NOW - seconds(144), silent_since), 120, NOW) == NOW


def test_s2_a_second_silence_shelters_those_whom_the_first_hold_sheltered() -> None:
    first = Hold(NOW, silent_since=NOW - seconds(600))

    second = hold_after(NOW + seconds(60), NOW + seconds(120), first)
    much_later = hold_after(NOW + timedelta(days=1), NOW + timedelta(days=2), first)

    assert second == Hold(NOW + seconds(120), first.silent_since)
    assert much_later.silent_since == NOW + timedelta(days=1)


def test_s2_a_heartbeat_in_time_loses_nothing() -> None:
    assert loss(TERMS, NOW + A_MOMENT, hold=None, now=NOW) is None


def test_a_heartbeat_at_the_end_of_the_lease_has_lost_it() -> None:
    lost = loss(TERMS, NOW, hold=None, now=NOW)

    assert isinstance(lost, LeaseLost)
    assert lost.reason == "expired"


def test_s2_a_heartbeat_after_the_ledgers_own_absence_loses_nothing() -> None:
    silent_since = NOW - timedelta(hours=5)
    running = silent_since + A_MOMENT

    assert loss(TERMS, running, hold=Hold(NOW - seconds(143), silent_since), now=NOW) is None
    assert loss(TERMS, running, hold=Hold(NOW - seconds(144), silent_since), now=NOW) is not None


def test_s1_a_lease_that_lapsed_before_the_ledger_fell_silent_stays_lost() -> None:
    hold = Hold(NOW, silent_since=NOW - seconds(600))

    assert loss(TERMS, hold.silent_since, hold=hold, now=NOW) is not None


def test_a_token_is_due_from_half_its_life_on() -> None:
    issued, expires = NOW, NOW + seconds(360)

    assert not is_token_due(issued, expires, NOW + seconds(180) - A_MOMENT)
    assert is_token_due(issued, expires, NOW + seconds(180))


def test_a_token_is_due_when_there_is_none() -> None:
    assert is_token_due(None, None, NOW)


@given(live=st.integers(0, 20), cap=st.integers(0, 20))
def test_s1_a_seat_is_granted_only_below_the_cap(live: int, cap: int) -> None:
    assert may_grant(live=live, cap=cap) == (live + 1 <= cap)


def test_a_silence_of_more_than_thirty_seconds_is_an_absence() -> None:
    assert not was_away(NOW, NOW + seconds(30))
    assert was_away(NOW, NOW + seconds(30) + A_MOMENT)


def test_s13_a_clock_that_went_back_is_no_absence() -> None:
    assert not was_away(NOW, NOW - seconds(3_600))


EVIDENCE = Evidence(
    tenant_id=TERMS.tenant_id,
    license_id=TERMS.license_id,
    audience=TERMS.audience,
    device="d" * 22,
    gen=1,
    seq=1,
    issued_at=NOW,
    expires_at=NOW + seconds(360),
)


def test_s13_a_hold_that_was_noted_for_later_begins_now() -> None:
    ahead = Hold(NOW + seconds(3_600), NOW - seconds(60))

    assert hold_seen_at(ahead, NOW) == Hold(NOW, NOW - seconds(60))
    assert hold_seen_at(ahead, NOW + seconds(3_600)) is ahead
    assert hold_seen_at(None, NOW) is None


def test_s13_nobody_is_sheltered_from_what_is_to_come() -> None:
    ahead = Hold(NOW + seconds(3_600), NOW + seconds(3_000))

    assert hold_seen_at(ahead, NOW) == Hold(NOW, NOW)


def test_s6_counts_go_on_one_by_one_and_jump_after_a_hold() -> None:
    lowest = lowest_count(Hold(NOW, NOW - seconds(60)))

    assert next_count(7, lowest_count(None)) == 8
    assert next_count(7, lowest) == lowest == int(NOW.timestamp() * 1_000)
    assert next_count(lowest, lowest) == lowest + 1


@given(st.integers(0, 2**40), INSTANTS)
def test_s6_a_count_always_grows(last: int, since: datetime) -> None:
    assert next_count(last, lowest_count(Hold(since, since))) > last


def test_what_happened_before_a_hold_may_be_lost_and_nothing_since() -> None:
    hold = Hold(NOW, NOW - seconds(60))

    assert may_have_lost(hold, NOW - A_MOMENT)
    assert not may_have_lost(hold, NOW)
    assert not may_have_lost(None, NOW)


@pytest.mark.parametrize("claim", ["tenant_id", "license_id", "audience"])
def test_s11_evidence_speaks_of_one_license_alone(claim: str) -> None:
    assert is_evidence_of(EVIDENCE, TERMS)
    assert not is_evidence_of(EVIDENCE, terms(**{claim: "another"}))


def test_evidence_is_in_force_until_its_end_and_from_a_little_before_its_beginning() -> None:
    assert is_evidence_in_force(EVIDENCE, NOW - seconds(300))
    assert not is_evidence_in_force(EVIDENCE, NOW - seconds(300) - A_MOMENT)
    assert is_evidence_in_force(EVIDENCE, NOW + seconds(360) - A_MOMENT)
    assert not is_evidence_in_force(EVIDENCE, NOW + seconds(360))
