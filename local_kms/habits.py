"""What Cloud KMS does slowly, as switches that may be turned while the server runs."""

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Habits:
    """How the service behaves when nothing is wrong. All durations are seconds.

    ``generation_seconds``: how long a new asymmetric version stays PENDING_GENERATION; 0 answers
    with an enabled one, which Cloud KMS never does. ``disable_seconds``: how long a version goes on
    to sign after it was disabled or scheduled for destruction (Cloud KMS: usually up to a minute,
    in exceptional cases hours). ``projects_without_api``: callers of these projects are refused.
    """

    generation_seconds: float = 0
    disable_seconds: float = 0
    projects_without_api: set[str] = field(default_factory=set)
