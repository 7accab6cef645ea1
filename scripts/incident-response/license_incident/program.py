"""The program: words in, steps taken or shown, an exit status out."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import FrameType
from typing import Final, TextIO, TypeAlias

from license_incident import blocks, rules, seal, settings, snapshot, tiers
from license_incident.errors import Refused
from license_incident.journal import Journal, locked, now, private_folder
from license_incident.paging import Pager
from license_incident.settings import Settings
from license_incident.steps import Run, Step
from license_incident.webhook.command import serve

MOST_FAILED: Final = 63
"""The exit status is the number of failed steps, up to this; what is above has its own meaning."""

REFUSED: Final = 64
"""Of words that make no sense or would do harm: nothing was run."""

_DESCRIPTION: Final = """\
What is done in an incident, in tiers. Without --yes every command is printed and none is run.
"""
_EPILOG: Final = """\
exit status: the number of failed steps; 64: refused, nothing was run.
docs/runbooks/license-api-breach.md shows when to use which.
"""
_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  nameless else
_Deed = Callable[[argparse.Namespace, tiers.Incident, Run], Iterable[Step]]


def main(words: Sequence[str] | None = None, out: TextIO | None = None) -> int:
    """Run the program and return its exit status."""
    out = out or sys.stdout
    os.umask(0o077)  # whatever is written is for whoever runs this alone
    signal.signal(signal.SIGTERM, _ended)
    asked = parser().parse_args(words)
    try:
        status: int = asked.run(asked, out)
    except Refused as refusal:
        sys.stderr.write(f"refused: {refusal}\n")
        return REFUSED
    return status


def _ended(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)


def parser() -> argparse.ArgumentParser:
    """Return the parser of every word."""
    whole = argparse.ArgumentParser(
        prog="license-incident",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verbs = whole.add_subparsers(required=True, metavar="TIER")
    _tier(verbs, "observe", _observe, "page, begin a backup, take and seal the evidence")
    _tier(verbs, "page", _page, "page and nothing else")
    _tier(verbs, "evidence", _evidence, "take and seal the evidence and nothing else")
    _tier(verbs, "snapshot", _snapshot, "begin a backup of the database and nothing else")
    source = _tier(verbs, "block-source", _block_source, "refuse addresses at the edge")
    source.add_argument("--source", action="append", required=True, metavar="CIDR")
    _tier(verbs, "block-tenant", _block_tenant, "suspend the one --tenant")
    _tier(verbs, "block-all", _block_all, "answer everybody 502 at the edge")
    for name in ("block-source", "block-tenant", "block-all"):
        _takes_care(verbs.choices[name])
    _tier(verbs, "restore", _restore, "take back what this incident's journal says")
    _verify_words(verbs)
    _expire_words(verbs)
    _webhook_words(verbs)
    return whole


def _tier(verbs: _Verbs, name: str, deed: _Deed, help_: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=help_, allow_abbrev=False)
    verb.add_argument("--incident", required=True, metavar="ID", help="4 to 24 of a-z, 0-9 and -")
    verb.add_argument("--summary", default="", metavar="TEXT", help="for whoever is paged")
    verb.add_argument(
        "--tenant", action="append", default=[], metavar="TENANT", help="whom it is about"
    )
    _takes_consent(verb)
    verb.set_defaults(run=_run, deed=deed, tier=name)
    return verb


def _takes_consent(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--dry-run", action="store_true", help="print the commands: the default")
    verb.add_argument("--yes", action="store_true", help="run them; takes --confirm too")
    verb.add_argument("--confirm", metavar="ID", help="the id of the incident once more")


def _takes_care(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--for", dest="lasts", default="1h", metavar="TIME", help="30m, 1h … 24h")
    verb.add_argument(
        "--extend-seconds", type=int, default=3_600, metavar="N", help="leases of the others"
    )
    verb.add_argument(
        "--wait-seconds",
        type=float,
        default=180.0,
        metavar="N",
        help="wait for their heartbeats that long at most; 0 costs programs that were not told",
    )


def _run(asked: argparse.Namespace, out: TextIO) -> int:
    id_ = rules.incident_id(asked.incident)
    is_dry = not _is_confirmed(asked, id_)
    place = settings.from_environment()
    folder = place.folder / id_
    pager = _pager()
    if not is_dry:
        private_folder(place.folder)
        private_folder(folder)
    journal = Journal(folder, secrets=(pager.key,))
    run = Run(asked.tier, journal, out, is_dry)
    incident = tiers.Incident(
        id=id_,
        settings=place,
        pager=pager,
        journal=journal,
        now=now(),
        summary=asked.summary,
        tenants=tuple(rules.tenant(one) for one in asked.tenant),
    )
    steps = asked.deed(asked, incident, run)
    with nullcontext() if is_dry else locked(folder):
        return _status(run.take(steps), run, out)


def _is_confirmed(asked: argparse.Namespace, id_: str) -> bool:
    """Return whether the person means it. Half a consent is a mistake."""
    if asked.dry_run or not (asked.yes or asked.confirm):
        if asked.yes:
            raise Refused("--dry-run and --yes are not one will")
        return False
    if not asked.yes or asked.confirm != id_:
        raise Refused(f"to act say --yes --confirm {id_}")
    return True


def _pager() -> Pager:
    return Pager(settings.pagerduty_url(), settings.secret("PAGERDUTY_KEY"))


def _status(failed: int, run: Run, out: TextIO) -> int:
    if run.is_dry:
        out.write("dry run: nothing was done; --yes --confirm ID runs it\n")
        return 0
    out.write(f"{len(run.done)} steps done, {failed} failed: {run.journal.folder}/journal.jsonl\n")
    return min(failed, MOST_FAILED)


def _observe(_asked: argparse.Namespace, incident: tiers.Incident, _run: Run) -> Iterable[Step]:
    return tiers.observe(incident)


def _page(_asked: argparse.Namespace, incident: tiers.Incident, _run: Run) -> Iterable[Step]:
    return [tiers.page(incident, "page")]


def _evidence(_asked: argparse.Namespace, incident: tiers.Incident, _run: Run) -> Iterable[Step]:
    return tiers.take_evidence(incident)


def _snapshot(_asked: argparse.Namespace, incident: tiers.Incident, _run: Run) -> Iterable[Step]:
    moment = f"{incident.now:%Y-%m-%dT%H:%M:%SZ}"
    return snapshot.steps(incident.settings, f"incident {incident.id} {moment}")


def _care(asked: argparse.Namespace) -> tiers.Care:
    if asked.wait_seconds < 0:
        raise Refused("--wait-seconds is 0 or more")
    return tiers.Care(
        lasts=rules.duration(asked.lasts),
        extend_seconds=asked.extend_seconds,
        most_wait_seconds=asked.wait_seconds,
    )


def _block_source(asked: argparse.Namespace, incident: tiers.Incident, _run: Run) -> Iterable[Step]:
    found = rules.sources(asked.source, incident.settings.own_ranges)
    return tiers.block_source(incident, found, _care(asked))


def _block_tenant(asked: argparse.Namespace, incident: tiers.Incident, _run: Run) -> Iterable[Step]:
    if len(incident.tenants) != 1:
        raise Refused("block-tenant takes one --tenant")
    return tiers.block_tenant(incident, incident.tenants[0], _care(asked))


def _block_all(asked: argparse.Namespace, incident: tiers.Incident, _run: Run) -> Iterable[Step]:
    return tiers.block_all(incident, _care(asked))


def _restore(_asked: argparse.Namespace, incident: tiers.Incident, run: Run) -> Iterable[Step]:
    if not incident.journal.entries():
        raise Refused(f"there is no journal of {incident.id} in {incident.journal.folder.parent}")
    return tiers.restore(incident, lambda: not run.failed)


def _verify_words(verbs: _Verbs) -> None:
    verb = verbs.add_parser("verify", help="look whether evidence is as it was sealed")
    verb.add_argument("folder", type=Path)
    verb.add_argument("--seal", metavar="SHA256", help="as the page or the journal has it")
    verb.set_defaults(run=_verify)


def _verify(asked: argparse.Namespace, out: TextIO) -> int:
    found = seal.findings(asked.folder, asked.seal)
    out.writelines(f"{one}\n" for one in found)
    out.write("NOT as it was sealed\n" if found else "as it was sealed\n")
    return min(len(found), MOST_FAILED)


def _expire_words(verbs: _Verbs) -> None:
    verb = verbs.add_parser("expire", help="take back every block whose end has passed")
    verb.add_argument("--edge-only", action="store_true", help="go by the edge, not by journals")
    verb.add_argument("--yes", action="store_true", help="do it; otherwise commands are printed")
    verb.set_defaults(run=_expire)


def _webhook_words(verbs: _Verbs) -> None:
    verb = verbs.add_parser("webhook", help="serve Alertmanager's webhook: observe, never a block")
    verb.add_argument("--host", default="127.0.0.1")
    verb.add_argument("--port", type=int, default=8080)
    verb.set_defaults(run=serve)


def _expire(asked: argparse.Namespace, out: TextIO) -> int:
    """Take back what is over: a block's end needs no consent, its beginning had it."""
    place = settings.from_environment()
    private_folder(place.folder)
    journal = Journal(private_folder(place.folder / "expire"))
    run = Run("expire", journal, out, is_dry=not asked.yes)
    run.take([blocks.overdue_at_edge(place, now())])
    failed = len(run.failed)
    for folder in [] if asked.edge_only else _incidents(place):
        failed += _expire_one(place, folder, out, is_dry=not asked.yes)
    return min(failed, MOST_FAILED)


def _incidents(place: Settings) -> list[Path]:
    return sorted(path.parent for path in place.folder.glob("*/journal.jsonl"))


def _expire_one(place: Settings, folder: Path, out: TextIO, *, is_dry: bool) -> int:
    journal = Journal(folder)
    incident = tiers.Incident(
        id=folder.name, settings=place, pager=_pager(), journal=journal, now=now()
    )
    with locked(folder):
        run = Run("restore", journal, out, is_dry)
        return run.take(tiers.overdue(incident))
