"""``license-admin usage``: what was used of what was bought."""

from datetime import datetime, timedelta
from typing import Final

from coditect_license.license_admin.commands import Call, Nouns
from coditect_license.license_admin.errors import AdminError, NotFound
from coditect_license.license_admin.naming import as_id, instant, on_behalf, takes_tenant
from coditect_license.license_admin.output import Answer, Record
from leasing.usage import DAY, HOUR, PeriodUsage, usage

_STEPS: Final = {"hour": HOUR, "day": DAY}
_LONGEST: Final = {"hour": timedelta(days=31), "day": timedelta(days=366)}
_USUAL: Final = {"hour": timedelta(days=1), "day": timedelta(days=30)}


def declare(nouns: Nouns) -> None:
    """Declare the noun."""
    noun = nouns.noun("usage", "what was used of what was bought")
    show = noun.verb("show", _show, "show seats held and denials, by hour or by day, in UTC")
    show.add_argument("--license", metavar="ID", help="of one license only")
    show.add_argument("--by", choices=sorted(_STEPS), default="day", help="so long is a row (day)")
    show.add_argument("--since", type=instant, metavar="WHEN", help="a day ago by hour; 30 by day")
    show.add_argument("--until", type=instant, metavar="WHEN", help="now, unless given")
    takes_tenant(show)


def _show(call: Call) -> Answer:
    asked, now = call.asked, call.clock()
    license_id = as_id(asked.license) if asked.license else None
    if asked.license and license_id is None:
        raise NotFound(f"{asked.license} is no id of a license")
    start, end = _time(asked.since, asked.until or now, asked.by)
    with on_behalf(call):
        found = usage(license_id=license_id, start=start, end=end, step=_STEPS[asked.by], now=now)
    call.say(f"of {found.seats} seats that there are now")
    return [_shown(one) for one in found.periods]


def _time(since: datetime | None, end: datetime, by: str) -> tuple[datetime, datetime]:
    """Return from when to when. Raises AdminError."""
    try:
        start = end - _USUAL[by] if since is None else since
    except OverflowError as mistake:
        raise AdminError("--until is too early") from mistake
    if not timedelta(0) < end - start <= _LONGEST[by]:
        days = _LONGEST[by].days
        raise AdminError(f"--since comes before --until, by {days} days at most by {by}")
    return start, end


def _shown(one: PeriodUsage) -> Record:
    return {
        "start": one.held.start,
        "end": one.held.end,
        "peak": one.held.peak,
        "average": round(one.held.average, 6),
        "denials": one.denials,
    }
