"""license-admin in the test's own process, as an operator types it."""

import io
import json
import sys
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from audit.models import AuditEvent
from coditect_license.license_admin.program import main
from tenants.current import tenant_transaction


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit status, and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """What a command with ``--json`` answered."""
        assert self.status == 0, self.err
        return json.loads(self.out)


def admin(*words: object, stdin: str = "") -> Ended:
    """Run a command and return how it ended, also when the words make no command."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(stdin), out, err
    try:
        status = main([str(word) for word in words])
    except SystemExit as end:  # how argparse ends
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
    return Ended(status, out.getvalue(), err.getvalue())


def answer(*words: object, stdin: str = "") -> Any:
    """Run a command with ``--json`` and return its answer. Raises AssertionError when it failed."""
    return admin(*words, "--json", stdin=stdin).answer


def make_license(*more: object) -> dict[str, Any]:
    """Sell three seats of acme's product as pro for 30 days, unless more is said."""
    words = ("--product", "studio", "--tier", "pro", "--seats", 3, "--days", 30, *more)
    made: dict[str, Any] = answer("license", "create", "--tenant", "acme", *words)
    return made


def deed(verb: str, license_id: str, *more: object) -> Any:
    """Do something with a license of acme's."""
    return answer("license", verb, license_id, "--tenant", "acme", *more)


def make_acme() -> dict[str, Any]:
    """Make a tenant with a product."""
    made: dict[str, Any] = answer("tenant", "create", "acme", "--name", "Acme Inc.")
    answer("product", "create", "studio", "--name", "Studio", "--tenant", "acme")
    return made


def records_of(tenant_id: str) -> list[tuple[str, str]]:
    """Return the actions in a tenant's audit, oldest first, each with its principal."""
    with tenant_transaction(UUID(tenant_id)):
        events = AuditEvent.objects.filter(tenant_id=tenant_id).order_by("at", "id")
        return list(events.values_list("action", "principal"))
