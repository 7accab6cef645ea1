"""What is done about notices: the page at once, the evidence one incident after the other.

::

    FOLDER/webhook/seen-KEY       an alert that was taken on; it is not taken on twice
    FOLDER/webhook/pending-ID     an incident that is not finished; the next start finishes it
"""

import json
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TextIO

from license_incident import tiers
from license_incident.errors import Busy, Refused
from license_incident.journal import Journal, locked, private_folder
from license_incident.paging import Pager
from license_incident.settings import Settings
from license_incident.steps import Run
from license_incident.webhook.alerts import Alert, Notice

MOST_WAITING: Final = 32
"""Incidents whose evidence waits, each for minutes. More are refused: Alertmanager asks again."""


KEPT_SECONDS: Final = 30 * 86_400


class Full(Exception):
    """Too many incidents wait; nothing was taken on."""


@dataclass(frozen=True, slots=True)
class Case:
    """One incident to look at."""

    incident: str
    summary: str
    told: list[dict[str, str]]


class Desk:
    """Takes notices on, and works in threads of its own. It has no way to block anything."""

    def __init__(
        self,
        settings: Settings,
        pager: Pager,
        *,
        clock: Callable[[], datetime],
        out: TextIO | None = None,
    ) -> None:
        self._settings = settings
        self._pager = pager
        self._clock = clock
        self._out = out or sys.stdout
        self._folder = private_folder(private_folder(settings.folder) / "webhook")
        self._taking = threading.Lock()
        self._pages: queue.Queue[Case] = queue.Queue(MOST_WAITING)
        self._evidence: queue.Queue[Case] = queue.Queue(MOST_WAITING)

    def start(self) -> None:
        """Begin to work, first on what an earlier process did not finish."""
        self._forget_old()
        for path in sorted(self._folder.glob("pending-*")):
            with suppress(ValueError, TypeError, queue.Full):
                self._pages.put_nowait(Case(**json.loads(path.read_text(encoding="utf-8"))))
        threading.Thread(target=self._page_all, name="pages", daemon=True).start()
        threading.Thread(target=self._take_all, name="evidence", daemon=True).start()

    def take(self, notice: Notice) -> bool:
        """Take a notice on and return whether it says anything new. Raises Full.

        What is taken on is on disk before this returns.
        """
        with self._taking:
            new = [alert for alert in notice.alerts if not self._seen(alert).exists()]
            if not new:
                return False
            if self._pages.full() or self._evidence.full():
                raise Full
            case = Case(notice.incident, notice.summary, [alert.told for alert in new])
            self._pending(case).write_text(json.dumps(asdict(case)), encoding="utf-8")
            for alert in new:
                self._seen(alert).touch(mode=0o600)
            self._pages.put_nowait(case)
            return True

    def _forget_old(self) -> None:
        """Forget alerts that were taken on so long ago that nobody sends them again."""
        before = self._clock().timestamp() - KEPT_SECONDS
        for path in self._folder.glob("seen-*"):
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)

    def _seen(self, alert: Alert) -> Path:
        return self._folder / f"seen-{alert.key}"

    def _pending(self, case: Case) -> Path:
        return self._folder / f"pending-{case.incident}"

    def _page_all(self) -> None:
        """Page whatever comes, whatever evidence is being taken meanwhile."""
        while True:
            case = self._pages.get()
            incident = self._incident(case)
            step = tiers.page(incident, "alert", {"alerts": case.told})
            Run("alert", incident.journal, self._out, is_dry=False).take([step])
            self._evidence.put(case)

    def _take_all(self) -> None:
        while True:
            case = self._evidence.get()
            try:
                self._take_evidence(case)
            except (OSError, Refused) as failure:
                self._out.write(f"evidence of {case.incident} was not taken: {failure}\n")
            self._pending(case).unlink(missing_ok=True)

    def _take_evidence(self, case: Case) -> None:
        incident = self._incident(case)
        _begin, *steps = tiers.observe(incident)  # it was paged already
        with suppress(Busy), locked(incident.journal.folder):
            Run("observe", incident.journal, self._out, is_dry=False).take(steps)

    def _incident(self, case: Case) -> tiers.Incident:
        folder = private_folder(self._settings.folder / case.incident)
        return tiers.Incident(
            id=case.incident,
            settings=self._settings,
            pager=self._pager,
            journal=Journal(folder, secrets=(self._pager.key,)),
            now=self._clock(),
            summary=case.summary,
            reaches_application=False,
        )
