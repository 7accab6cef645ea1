"""``manage.py quickstart``: from an empty folder to a server with a demo license."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from coditect_license.asgi import application
from coditect_license.demo import Demo, prepare_demo
from coditect_license.ledger import take_server_seat
from coditect_license.listening import PortBusy, listen, serve
from leasing.stores.gate import ServerAlreadyRunning
from signing.errors import SigningError
from signing.queries import active_key
from signing.wiring import present_root

_GREETING = """
The license server listens on {base_url} (API docs: {base_url}/api/docs/).
Acquire a seat of the demo license ({seats} seats):

curl -X POST {base_url}/api/v1/licenses/acquire/ \\
  -H "Content-Type: application/json" \\
  -d '{{"license_key":"{license_key}","hardware_id":"my-laptop"}}'

The key and an owner's token are in {file}; Ctrl-C drains and stops.
"""


class Command(BaseCommand):
    """Migrates, makes the demo license, and serves. For the embedded profile."""

    help = "Migrate, make the demo tenant with a 10-seat license, and serve both planes."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take ``--prepare-only``."""
        said = "make what is missing, and leave serving to manage.py serve, with a login of its own"
        parser.add_argument("--prepare-only", action="store_true", help=said)

    def handle(self, *_arguments: Any, prepare_only: bool, **_options: Any) -> None:
        """Prepare what is missing and serve until Ctrl-C."""
        if not settings.EMBEDDED:
            raise CommandError("quickstart is for LICENSE_PROFILE=embedded")
        try:
            bound = listen(settings.HOST, settings.PORT)
            self._prepare()
            if prepare_only:
                bound.close()
            elif not serve(application, bound):
                raise CommandError("the server did not start; the log above says why")
        except (PortBusy, ServerAlreadyRunning, SigningError) as error:
            raise CommandError(str(error)) from error
        if not prepare_only:
            self.stdout.write("stopped: every acknowledged change is kept")

    def _prepare(self) -> None:
        take_server_seat()()
        self._say("preparing the database")
        call_command("migrate", verbosity=0)
        is_local = settings.LICENSE_SIGNER == "local"
        if is_local and active_key() is None and not settings.LICENSE_ROOT_KEY_FILE.exists():
            self._say("making the RSA-4096 root key of this folder (a few seconds, once)")
        keys = present_root().keys
        pems = [signer.public_key.pem() for signer in (keys.active, *keys.beside) if signer]
        (settings.LICENSE_DATA_DIR / "root.pem").write_text("".join(pems))
        file = settings.LICENSE_DATA_DIR / "demo.json"
        self._greet(prepare_demo(file, base_url=f"http://{settings.HOST}:{settings.PORT}"), file)
        connection.close()

    def _greet(self, demo: Demo, file: Path) -> None:
        self._say(
            _GREETING.format(
                base_url=demo.base_url,
                seats=demo.seats,
                license_key=demo.license_key,
                file=file,
            )
        )

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
