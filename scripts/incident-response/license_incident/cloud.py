"""The commands of gcloud and kubectl, as lists of words. Nothing is run here."""

from collections.abc import Sequence
from typing import Final

from license_incident.rules import Network
from license_incident.settings import Settings

BLOCK_ALL_PRIORITY: Final = 1
SOURCE_PRIORITIES: Final = range(2, 100)
NOBODY: Final = "192.0.2.1/32"
"""The documentation address that the incident rule waits on (opentofu/modules/cloud-armor)."""

WAITING: Final = "Incident: refuses at once; waits on an unused address"
"""What the incident rule says of itself while it waits, in the same module."""


def describe_policy(settings: Settings) -> list[str]:
    """Return the command that answers the whole policy as JSON."""
    return [*_policies(settings, "describe", settings.policy), "--format=json"]


def set_everybody(settings: Settings, ranges: str, description: str) -> list[str]:
    """Return the command that points the incident rule at ranges: ``*`` is everybody."""
    return [
        *_policies(settings, "rules", "update", str(BLOCK_ALL_PRIORITY)),
        f"--security-policy={settings.policy}",
        f"--src-ip-ranges={ranges}",
        f"--description={description}",
    ]


def create_source(
    settings: Settings, priority: int, sources: Sequence[Network], description: str
) -> list[str]:
    """Return the command that refuses sources before every other rule but the incident's."""
    return [
        *_policies(settings, "rules", "create", str(priority)),
        f"--security-policy={settings.policy}",
        "--action=deny-403",
        f"--src-ip-ranges={','.join(map(str, sources))}",
        f"--description={description}",
    ]


def delete_source(settings: Settings, priority: int) -> list[str]:
    """Return the command that takes a source's rule away."""
    return [
        *_policies(settings, "rules", "delete", str(priority)),
        f"--security-policy={settings.policy}",
    ]


def _policies(settings: Settings, *words: str) -> list[str]:
    where = [f"--project={settings.project}", "--quiet"]
    return ["gcloud", "compute", "security-policies", *words, *where]


def in_worker(settings: Settings, *words: str) -> list[str]:
    """Return the command that runs a program of the server in a worker's container."""
    place = [settings.worker, "--container=server", "--"]
    return ["kubectl", "exec", f"--namespace={settings.namespace}", *place, *words]


def manage(settings: Settings, *words: str) -> list[str]:
    """Return the command of manage.py."""
    return in_worker(settings, "python", "backend/manage.py", *words)


def license_admin(settings: Settings, *words: str) -> list[str]:
    """Return the command of license-admin."""
    return in_worker(settings, "scripts/license-admin", *words)


def kubectl(settings: Settings, *words: str) -> list[str]:
    """Return a command about the namespace."""
    verb, *rest = words
    return ["kubectl", verb, f"--namespace={settings.namespace}", *rest]


def logs_read(project: str, query: str, since: str) -> list[str]:
    """Return the command that reads log lines, oldest first. ``since`` is RFC 3339, in UTC."""
    return [
        "gcloud",
        "logging",
        "read",
        f'timestamp>="{since}" AND ({query})',
        f"--project={project}",
        "--order=asc",
        "--format=json",
        "--quiet",
    ]


def create_backup(settings: Settings, description: str) -> list[str]:
    """Return the command that begins a backup of the database and does not wait for it."""
    return [
        *_sql(settings, "create"),
        "--async",
        f"--description={description}",
        "--format=json",
    ]


def newest_backup(settings: Settings, description: str) -> list[str]:
    """Return the command that answers how the backup of a description stands."""
    return [
        *_sql(settings, "list"),
        f'--filter=description="{description}"',
        "--limit=1",
        "--format=json",
    ]


def _sql(settings: Settings, verb: str) -> list[str]:
    where = [f"--instance={settings.sql_instance}", f"--project={settings.project}"]
    return ["gcloud", "sql", "backups", verb, *where, "--quiet"]


def upload(settings: Settings, folder: str, incident: str) -> list[str]:
    """Return the command that copies a folder into the locked bucket and replaces nothing there."""
    return [
        "gcloud",
        "storage",
        "cp",
        "--recursive",
        "--no-clobber",
        folder,
        f"gs://{settings.bucket}/{incident}/",
        f"--project={settings.project}",
        "--quiet",
    ]
