"""The bounds of a license's policy."""

import pytest

from licenses.rules import PolicyMistake, check_personal_cap, check_policy


@pytest.mark.parametrize(
    ("seats", "ttl_seconds", "heartbeat_interval_seconds"),
    [(0, 60, 1), (1, 60, 20), (10, 360, 120), (1_000_000, 86_400, 28_800)],
)
def test_a_policy_within_its_bounds_is_taken(
    seats: int, ttl_seconds: int, heartbeat_interval_seconds: int
) -> None:
    check_policy(
        seats=seats,
        ttl_seconds=ttl_seconds,
        heartbeat_interval_seconds=heartbeat_interval_seconds,
    )


@pytest.mark.parametrize(
    ("seats", "ttl_seconds", "heartbeat_interval_seconds", "named"),
    [
        (-1, 360, 120, "seats"),
        (1_000_001, 360, 120, "seats"),
        (10, 59, 19, "ttl_seconds"),
        (10, 86_401, 120, "ttl_seconds"),
        (10, 360, 0, "heartbeat_interval_seconds"),
        (10, 360, 121, "heartbeat_interval_seconds"),
        (10, 61, 21, "heartbeat_interval_seconds"),
    ],
)
def test_a_policy_out_of_bounds_names_the_number_that_is(
    seats: int, ttl_seconds: int, heartbeat_interval_seconds: int, named: str
) -> None:
    with pytest.raises(PolicyMistake, match=named):
        check_policy(
            seats=seats,
            ttl_seconds=ttl_seconds,
            heartbeat_interval_seconds=heartbeat_interval_seconds,
        )


@pytest.mark.parametrize("seats", [None, 0, 1, 1_000_000])
def test_a_personal_cap_within_bounds_passes(seats: int | None) -> None:
    check_personal_cap(seats)


@pytest.mark.parametrize("seats", [-1, 1_000_001])
def test_a_personal_cap_out_of_bounds_is_named(seats: int) -> None:
    with pytest.raises(PolicyMistake, match="seats_per_person"):
        check_personal_cap(seats)
