"""``manage.py rotate_signing_key``: one root follows another, without a request failing."""

import argparse
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from coditect_license.management.key_ids import TakesKeyIds, key_id
from foundation.clock import Clock, rfc3339
from leasing.queries import longest_loan
from signing.errors import SigningError
from signing.queries import database_now
from signing.rotation import Rotation, Standing
from signing.rotation_steps import DEED, ORDER, Periods, Step, wait_seconds
from signing.wiring import rotation_from_settings

_LONGEST_PAUSE_SECONDS = 60.0


class Command(TakesKeyIds):
    """Does the steps that are due and says what it waits for; run it again later."""

    help = (
        "Rotate the root key: create, publish, switch, retire, disable, destroy. Does what is due "
        "and ends; run it again after the time that it prints. Safe to repeat at any moment, also "
        "after a crash. See docs/how-to/rotate-the-signing-key.md."
    )

    def __init__(
        self,
        *arguments: Any,
        rotation: Rotation | None = None,
        clock: Clock = database_now,
        pause: Callable[[float], None] = time.sleep,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._given = rotation
        self._clock = clock
        self._pause = pause

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what can be asked for."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--status", action="store_true", help="say where the rotation stands")
        what.add_argument("--dry-run", action="store_true", help="print the plan, change nothing")
        what.add_argument("--abort", action="store_true", help="give up, before the new key signs")
        what.add_argument(
            "--restore", metavar="KEY_ID", type=key_id, help="take back a scheduled destruction"
        )
        what.add_argument("--wait", action="store_true", help="go on until all steps are done")
        parser.add_argument(
            "--until",
            choices=[step.value for step in ORDER],
            help="stop after this step; 'publish' leaves a stand-by",
        )
        _add_periods(parser)

    def handle(self, *_arguments: Any, **options: Any) -> None:
        """Do what was asked for and print where the rotation stands."""
        periods = Periods.from_days(
            longest_offline=self._longest_offline_days(options["longest_offline_days"]),
            regret=options["keep_disabled_days"],
        )
        rotation = self._given or rotation_from_settings()
        try:
            self._act(rotation, periods, options)
        except SigningError as refusal:
            raise CommandError(str(refusal)) from refusal

    def _longest_offline_days(self, promised: float) -> float:
        """Return what was promised, or how long a seat may be lent for when that is longer."""
        lent = longest_loan(now=self._clock()) / timedelta(days=1)
        if lent > promised:
            self.stdout.write(f"seats are lent for {lent:.1f} days: clients may be offline so long")
        return max(promised, lent)

    def _act(self, rotation: Rotation, periods: Periods, options: dict[str, Any]) -> None:
        until = Step(options["until"]) if options["until"] else None
        if options["status"] or options["dry_run"]:
            self._show(rotation.standing(), periods, is_plan=options["dry_run"])
        elif options["abort"]:
            self._show(rotation.abort(), periods)
        elif options["restore"]:
            rotation.restore(options["restore"])
            self.stdout.write(f"the destruction of {options['restore']} is taken back: disabled")
        else:
            self._advance(rotation, periods, until, is_waiting=options["wait"])

    def _advance(
        self, rotation: Rotation, periods: Periods, until: Step | None, *, is_waiting: bool
    ) -> None:
        standing = rotation.advance(periods, until=until)
        self._show(standing, periods)
        while is_waiting and not _is_over(standing, until):
            self._pause(self._pause_seconds(standing))
            following = rotation.advance(periods, until=until)
            if following != standing:
                self._show(following, periods)
            standing = following

    def _pause_seconds(self, standing: Standing) -> float:
        if standing.due_at is None:
            return 0.0
        left_seconds = (standing.due_at - self._clock()).total_seconds()
        return min(max(left_seconds, 1.0), _LONGEST_PAUSE_SECONDS)

    def _show(self, standing: Standing | None, periods: Periods, *, is_plan: bool = False) -> None:
        if standing is None:
            self.stdout.write("no rotation is open")
            if is_plan:
                self._show_steps(Step.CREATE, self._clock(), periods)
            return
        self.stdout.write(
            f"rotation {standing.rotation_id} ({standing.outcome}): the root {standing.old_key_id} "
            f"is followed by {standing.new_key_id or 'a key that is not made yet'}"
        )
        if standing.step is not None and standing.due_at is not None:
            self._show_steps(standing.step, standing.due_at, standing.periods)

    def _show_steps(self, coming: Step, due_at: datetime, periods: Periods) -> None:
        now, earliest = self._clock(), due_at
        for step in ORDER:
            place = ORDER.index(step) - ORDER.index(coming)
            if place > 0:
                earliest = max(earliest, now) + timedelta(seconds=wait_seconds(step, periods))
            said = "done" if place < 0 else _when(earliest, now)
            self.stdout.write(f"  {step.value:<8} {DEED[step]}: {said}")


def _add_periods(parser: CommandParser) -> None:
    parser.add_argument(
        "--longest-offline-days",
        type=_days,
        default=7.0,
        help="how long clients are promised to run offline (7); the longest loan of a seat counts "
        "where it is longer",
    )
    parser.add_argument(
        "--keep-disabled-days",
        type=_days,
        default=30.0,
        help="how long the old key stays disabled before its destruction is scheduled (30)",
    )


def _days(text: str) -> float:
    days = float(text)
    if not 0 <= days <= 3_650:
        raise argparse.ArgumentTypeError("a number of days from 0 to 3650")
    return days


def _when(earliest: datetime, now: datetime) -> str:
    return "now" if earliest <= now else f"not before {rfc3339(earliest)}"


def _is_over(standing: Standing, until: Step | None) -> bool:
    if standing.step is None:
        return True
    return until is not None and ORDER.index(standing.step) > ORDER.index(until)
