"""How unfriendly the world of one run is; drawn from its seed."""

from dataclasses import dataclass
from random import Random

MOST_PATIENCE_SECONDS = 10.0
"""How long a program waits for a reply at the most."""

LATEST_SECONDS = 6.0
"""How late a request or a reply may come at the most."""

_DISKS = ((0.002, 0.05), (0.2, 1.5), (0.5, 3.0), (1.0, 4.0))


@dataclass(frozen=True)
class Weather:
    """Chances between 0 and 1, and times in seconds."""

    loss: float
    duplication: float
    lateness: float
    commit_seconds: tuple[float, float]
    mishap_seconds: float
    patience_seconds: float

    @classmethod
    def drawn(cls, random: Random) -> "Weather":
        return cls(
            loss=random.choice([0.0, 0.01, 0.03, 0.1]),
            duplication=random.choice([0.0, 0.02, 0.1]),
            lateness=random.choice([0.0, 0.02, 0.1]),
            commit_seconds=random.choices(_DISKS, weights=[1, 3, 4, 4])[0],
            mishap_seconds=random.choice([8.0, 20.0, 60.0]),
            patience_seconds=random.choice([3.0, 6.0, MOST_PATIENCE_SECONDS]),
        )

    def delay(self, random: Random) -> float:
        """Return how long a message travels."""
        if random.random() < self.lateness:
            return random.uniform(0, LATEST_SECONDS)
        return 0.0005 + 0.04 * random.random()

    def copies(self, random: Random) -> int:
        """Return how often a request arrives that is not lost."""
        return 2 if random.random() < self.duplication else 1

    def is_lost(self, random: Random) -> bool:
        return random.random() < self.loss
