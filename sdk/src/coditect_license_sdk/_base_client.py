"""What both clients have in common: settings, trust, the cache, starting without a server."""

import dataclasses
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coditect_license_sdk import _options
from coditect_license_sdk._cache import Kept, LeaseCache
from coditect_license_sdk._clock import Clock, Reading, SystemClock, read_clocks
from coditect_license_sdk._dialogue import Grant, Party
from coditect_license_sdk._hardware import hardware_id as this_device
from coditect_license_sdk._holding import Holding
from coditect_license_sdk._lease import LeaseView
from coditect_license_sdk._options import Options, TokenSource
from coditect_license_sdk._plan import DEFAULT_INTERVAL_SECONDS, Window
from coditect_license_sdk.errors import (
    ClockSuspect,
    ServerBusy,
    ServerFault,
    ServerUnreachable,
    VerificationFailed,
)

if TYPE_CHECKING:
    from coditect_license_sdk._trust import Trust
    from coditect_license_sdk._verify import Expected
    from coditect_license_token import Roots

_AWAY: Final = (ServerUnreachable, ServerBusy, ServerFault)
_log = logging.getLogger("coditect_license_sdk")


class BaseClient:
    """Settings shared by LicenseClient and AsyncLicenseClient; see there."""

    def __init__(
        self,
        base_url: str | None = None,
        *,
        license_key: str | None = None,
        token: TokenSource | None = None,
        roots: "Roots | Path | str | bytes | None" = None,
        audience: str | None = None,
        issuer: str | None = None,
        hardware_id: str | None = None,
        instance_id: str | None = None,
        timeout_seconds: float = _options.DEFAULT_TIMEOUT_SECONDS,
        proxy: str | None = None,
        ca_file: str | None = None,
        cache_dir: Path | str | None = None,
        offline_ok: bool = True,
        metadata: Mapping[str, object] | None = None,
        clock: Clock | None = None,
    ) -> None:
        folder = Path(cache_dir) if cache_dir else _options.default_cache_dir()
        device = hardware_id or _options.setting("HARDWARE_ID") or this_device(folder)
        self._options = Options(
            base_url=_options.require_url(base_url or _options.setting("URL")),
            license_key=_options.require_license_key(license_key or _options.secret_setting("KEY")),
            token=token or _options.token_setting(),
            roots=roots if roots is not None else _options.setting("ROOTS"),
            audience=audience,
            issuer=issuer,
            hardware_id=_options.require_device(device),
            instance_id=_options.require_instance(instance_id),
            timeout_seconds=_options.require_timeout(timeout_seconds),
            proxy=proxy,
            ca_file=ca_file,
            cache_dir=folder,
            offline_ok=offline_ok,
            metadata=_options.require_metadata(metadata),
        )
        self._clock = clock or SystemClock()
        self._cache = self._open_cache()
        self._trust = self._load_trust()
        self._start_process()

    @property
    def base_url(self) -> str:
        """The server's address."""
        return self._options.base_url

    @property
    def hardware_id(self) -> str:
        """What names this device to the server."""
        return self._options.hardware_id

    @property
    def instance_id(self) -> str:
        """What names this program among those of the device; another one after a fork."""
        self._ensure_process()
        return self._instance_id

    def kept_lease(self) -> LeaseView | None:
        """Give the lease kept on this device if it is in force, asking nobody.

        Raises ClockSuspect when the clock stands before a time the server has signed.
        """
        holding = self._new_holding()
        if not self._resume(holding) or holding.grant is None:
            return None
        return LeaseView(holding, self._clock, holding.grant)

    def _start_process(self) -> None:
        """Begin in this process: an instance id of its own, nothing shared with a parent."""
        self._process_id = os.getpid()
        self._instance_id = self._options.instance_id or _options.fresh_instance_id()

    def _ensure_process(self) -> None:
        """Begin anew in a forked child: a parent's locks and connections are not ours to touch."""
        if os.getpid() != self._process_id:
            self._start_process()

    def _open_cache(self) -> LeaseCache:
        return LeaseCache(
            self._options.cache_dir,
            base_url=self._options.base_url,
            license_key=self._options.license_key,
            hardware_id=self._options.hardware_id,
        )

    def _load_trust(self) -> "Trust":
        from coditect_license_sdk._trust import (
            Trust,
            load_roots,
        )

        kept = self._cache.load()
        trust = Trust(load_roots(self._options.roots), lowest_version=kept.keyset_version)
        if kept.keyset is not None:
            _recall(trust, kept)
        return trust

    def _new_holding(self) -> Holding:
        self._ensure_process()
        party = Party(
            license_key=self._options.license_key,
            hardware_id=self._options.hardware_id,
            instance_id=self._instance_id,
            expected=self._expected(),
            metadata=self._options.metadata,
        )
        return Holding(party, self._trust, now=self._clock.boot_seconds())

    def _expected(self) -> "Expected":
        from coditect_license_sdk._verify import Expected

        return Expected(
            hardware_id=self._options.hardware_id,
            audience=self._options.audience,
            issuer=self._options.issuer,
        )

    def _forget_proof(self) -> None:
        """Keep the floor and drop the token: a seat given back must not start a program.

        Unless another program of the device wrote it last: that one still uses the seat.
        """
        kept = self._cache.load()
        if kept.license_token is not None and kept.instance_id == self._instance_id:
            self._cache.save(dataclasses.replace(kept, license_token=None, delegation=None))

    def _resume_offline(self, holding: Holding) -> bool:
        """Begin with the kept proof if the server is away and the program may start without it."""
        away = isinstance(holding.reason, _AWAY)
        return self._options.offline_ok and away and self._resume(holding)

    def _resume(self, holding: Holding) -> bool:
        kept, reading = self._cache.load(), read_clocks(self._clock)
        if kept.license_token is None or kept.delegation is None or kept.floor is None:
            return False
        if kept.floor.is_undercut(reading):
            raise ClockSuspect(
                "the clock stands before the server's last signed time: set it right, or connect"
            ) from holding.reason
        return self._resume_kept(holding, kept, reading)

    def _resume_kept(self, holding: Holding, kept: Kept, reading: Reading) -> bool:
        wall = reading.wall_seconds
        now = max(wall, kept.floor.lowest_now(reading)) if kept.floor else wall
        try:
            grant = self._open_kept(kept, now=now)
        except VerificationFailed as error:
            _log.warning("the kept lease cannot be used: %s", error)
            return False
        boot, claims = reading.boot_seconds, grant.claims
        window = Window(boot - (now - claims.issued_at), boot + (claims.expires - now))
        holding.resume(grant, window, now=boot)
        holding.floor = kept.floor
        return True

    def _open_kept(self, kept: Kept, *, now: float) -> Grant:
        from coditect_license_sdk._verify import (
            Proof,
            open_kept_proof,
        )

        proof = Proof(kept.license_token or "", kept.delegation or "")
        verified = open_kept_proof(
            proof,
            roots=self._trust.roots,
            expected=self._expected(),
            now=int(now),
            revoked=self._trust.revoked,
        )
        return Grant(
            claims=verified.claims,
            proof=proof,
            key_id=verified.key_id,
            root_id=verified.root_id,
            interval_seconds=DEFAULT_INTERVAL_SECONDS,
            next_seconds=0.0,
        )


def _recall(trust: "Trust", kept: Kept) -> None:
    from coditect_license_sdk._trust import (
        Edition,
        KeyNews,
    )

    edition = Edition(keyset=kept.keyset or "", revocations=kept.revocations)
    try:
        trust.recall(KeyNews(editions=(edition,), links=kept.links))
    except VerificationFailed as error:
        _log.warning("the kept key set cannot be used: %s", error)
