"""The verdict after a fault: were the promises kept, as programs and as the ledger saw it?"""

from pathlib import Path
from typing import Final

from support.books import Books
from support.crowd import Crowd

from tests.support.history import check
from tests.support.history_events import write_history
from tests.support.telling import tell

_SHOWN: Final = 10
_KEPT: Final = Path(__file__).resolve().parents[2] / ".local/faults"


def findings(crowd: Crowd, books: Books) -> list[str]:
    """Return what breaks S1 to S4, S6, S7, S14 or S15 in what was recorded, ten of a kind.

    S2 twice: no program that was sure of its lease was refused, and no faithful device lost its
    seat to an outage of ours.
    """
    broken = {
        "surprise": crowd.surprises,
        "live holder refused (S2)": crowd.refusals,
        "acknowledged and not in the ledger (S14)": books.lost_acknowledgements(crowd.events),
        "lease shortened (S7, S14)": books.lost_renewals(crowd.promised),
        "contradiction (S15)": books.contradictions(),
        **check(crowd.events).broken,
    }
    return [f"{what}: {one}" for what, all_ in broken.items() for one in all_[:_SHOWN]]


def assert_promises_kept(crowd: Crowd, books: Books, *, name: str) -> None:
    """Check that there are no findings; keep the history."""
    found, path = findings(crowd, books), _keep(crowd, name)
    summary, *_ = str(check(crowd.events)).splitlines()
    tell(f"{name}: {summary}; {crowd.failures} calls were not answered")
    how = f"(cd backend && python -m tests.support.history {path})"
    told = [f"seed {crowd.seed}, the history is kept:", how, *found]
    assert not found, "\n".join(told)


def _keep(crowd: Crowd, name: str) -> Path:
    _KEPT.mkdir(parents=True, exist_ok=True)
    path = _KEPT / f"{name.replace(' ', '-')}.jsonl"
    write_history(path, crowd.events)
    return path
