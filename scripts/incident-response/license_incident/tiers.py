"""The tiers: which steps, in which order. The page is always the first.

observe takes down what there is and changes nothing but the database's backups. The block tiers
extend the leases of the innocent before they block. restore takes back what the journal says.
"""

import shlex
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from license_incident import blocks, cloud, evidence, extension, snapshot
from license_incident.journal import Journal
from license_incident.paging import Pager
from license_incident.rules import Network
from license_incident.settings import Settings
from license_incident.steps import Step, StepFailed, command

PROGRAM: Final = "scripts/incident-response/license-incident"
_UPLOAD_SECONDS: Final = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident and what its steps need. ``now`` is when this run began.

    ``reaches_application`` False leaves out what takes the right to run programs in pods.
    """

    id: str
    settings: Settings
    pager: Pager
    journal: Journal
    now: datetime
    summary: str = ""
    tenants: tuple[str, ...] = ()
    reaches_application: bool = True

    @property
    def evidence(self) -> Path:
        """The folder of this run's evidence, which is new."""
        return self.journal.folder / f"evidence-{self.now:%Y%m%dT%H%M%S.%fZ}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """How long a block lasts, leases are extended, and their programs are waited for."""

    lasts: timedelta = timedelta(hours=1)
    extend_seconds: int = 3_600
    most_wait_seconds: float = 180.0


def page(incident: Incident, tier: str, details: dict[str, Any] | None = None) -> Step:
    """Return the step that wakes somebody, with the commands that a person may want next."""
    summary = f"License API incident {incident.id} ({tier}): {incident.summary or 'no summary'}"
    told = {"tier": tier, **next_commands(incident), **(details or {})}
    shown = f"POST {incident.pager.url} trigger {incident.id} # {summary}"
    return Step(
        name="page",
        shows=[shown],
        act=lambda: incident.pager.trigger(incident.id, summary, told),
    )


def next_commands(incident: Incident) -> dict[str, str]:
    """Return the exact commands that a person can give; blocking is nobody else's decision."""
    sure = f"--incident {incident.id} --yes --confirm {incident.id}"
    tenant = incident.tenants[0] if incident.tenants else "TENANT"
    return {
        "block a source": f"{PROGRAM} block-source {sure} --source ADDRESS",
        "block a tenant": f"{PROGRAM} block-tenant {sure} --tenant {tenant}",
        "block everybody": f"{PROGRAM} block-all {sure}",
        "undo": f"{PROGRAM} restore {sure}",
    }


def observe(incident: Incident) -> list[Step]:
    """Page, begin a backup, take the evidence down, seal it and bring it to the locked bucket."""
    description = f"incident {incident.id} {incident.now:%Y-%m-%dT%H:%M:%SZ}"
    begun, checked = snapshot.steps(incident.settings, description)
    return [page(incident, "observe"), begun, *take_evidence(incident), checked]


def take_evidence(incident: Incident) -> list[Step]:
    """Return the steps of the evidence alone."""
    folder, sealed = incident.evidence, list[str]()
    taken = evidence.steps(
        incident.settings,
        folder,
        now=incident.now,
        tenants=incident.tenants if incident.reaches_application else None,
    )
    upload = cloud.upload(incident.settings, str(folder), incident.id)
    return [
        _folder(folder),
        *taken,
        _journal_so_far(incident),
        evidence.seal_step(folder, sealed),
        command("upload", upload, seconds=_UPLOAD_SECONDS),
        _page_the_seal(incident, sealed),
    ]


def _folder(folder: Path) -> Step:
    def act() -> str:
        folder.mkdir(mode=0o700)
        return str(folder)

    return Step(name="folder", shows=[shlex.join(["mkdir", "--mode=0700", str(folder)])], act=act)


def _journal_so_far(incident: Incident) -> Step:
    source = incident.journal.folder / "journal.jsonl"
    to = incident.evidence / "journal-so-far.jsonl"

    def act() -> str:
        shutil.copyfile(source, to)
        return to.name

    return Step(name="journal so far", shows=[f"cp {source} {to}"], act=act, file=to.name)


def _page_the_seal(incident: Incident, sealed: Sequence[str]) -> Step:
    """Return the step that keeps the seal where whoever changes the folder has no hand in it."""

    def act() -> str:
        if not sealed:
            raise StepFailed("nothing was sealed")
        summary = f"License API incident {incident.id}: evidence sealed"
        told = {"seal": sealed[-1], "folder": str(incident.evidence)}
        return incident.pager.trigger(incident.id, summary, told)

    shown = f"POST {incident.pager.url} trigger {incident.id} # the seal"
    return Step(name="page the seal", shows=[shown], act=act)


def block_source(incident: Incident, sources: Sequence[Network], care: Care) -> list[Step]:
    """Refuse up to ten ranges at the edge, for everybody's licenses."""
    until = incident.now + care.lasts
    block = blocks.block_source(incident.settings, incident.id, until, sources)
    told = {"sources": [str(one) for one in sources], "until": until.isoformat()}
    checked = blocks.is_in_force(incident.settings, incident.id)
    return [page(incident, "block-source", told), *_extended(incident, care), block, checked]


def block_tenant(incident: Incident, tenant: str, care: Care) -> list[Step]:
    """Suspend one tenant; the leases of all others are extended."""
    until = incident.now + care.lasts
    return [
        page(incident, "block-tenant", {"tenant": tenant, "until": until.isoformat()}),
        blocks.tenant_is_known(incident.settings, tenant),
        *_extended(incident, care, spared=(tenant,)),
        blocks.block_tenant(incident.settings, tenant, until),
    ]


def block_all(incident: Incident, care: Care) -> list[Step]:
    """Answer everybody 502 at the edge."""
    until = incident.now + care.lasts
    block = blocks.block_all(incident.settings, incident.id, until)
    checked = blocks.is_in_force(incident.settings, incident.id)
    told = {"until": until.isoformat()}
    extended = _extended(incident, care, spared=incident.tenants)
    return [page(incident, "block-all", told), *extended, block, checked]


def _extended(incident: Incident, care: Care, spared: Sequence[str] = ()) -> list[Step]:
    return extension.steps(
        incident.settings,
        incident.id,
        seconds=care.extend_seconds,
        most_wait_seconds=care.most_wait_seconds,
        spared=spared,
    )


def restore(incident: Incident, is_done: Callable[[], bool]) -> Iterator[Step]:
    """Take back what the journal says, then resolve the page if nothing is left.

    ``is_done`` is asked when everything else was tried.
    """
    standing = blocks.standing(incident.journal.entries())
    yield from blocks.undo_steps(incident.settings, incident.id, standing)

    def resolve() -> str:
        if not is_done():
            raise StepFailed("something is still blocked: the page stays open")
        return incident.pager.resolve(incident.id)

    shown = f"POST {incident.pager.url} resolve {incident.id}"
    yield Step(name="resolve the page", shows=[shown], act=resolve)


def overdue(incident: Incident) -> list[Step]:
    """Return the steps that take back an incident's blocks whose end has passed."""
    standing = blocks.standing(incident.journal.entries())
    over = [undo for undo in standing if datetime.fromisoformat(undo["until"]) <= incident.now]
    return list(blocks.undo_steps(incident.settings, incident.id, over))
