"""How long property tests search: ``HYPOTHESIS_PROFILE=thorough`` searches for minutes."""

import os

from hypothesis import HealthCheck, settings

_PROFILES = {
    "moderate": settings(max_examples=60, stateful_step_count=40),
    "thorough": settings(max_examples=2_000, stateful_step_count=80),
}


def patience(*, most: int | None = None) -> settings:
    """Return the settings of the profile that the environment names, without time limits.

    ``most`` is how many examples the moderate one tries where each of them is slow.
    """
    name = os.environ.get("HYPOTHESIS_PROFILE", "moderate")
    profile = _PROFILES[name]
    if most is not None and name == "moderate":
        profile = settings(profile, max_examples=most)
    return settings(
        profile,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
