"""Root keys as versions of one key in Cloud KMS, for whoever administers them.

Besides ``kms_service.py`` the only file that knows Google's client. The caller needs
``roles/cloudkms.admin`` on the key for all of this; to name a successor and to prove a new version
also ``roles/cloudkms.signerVerifier``, as a server has it. Servers need nothing of this file.
"""

from collections.abc import Callable
from datetime import UTC
from typing import Any, Final, NoReturn

from signing.errors import SigningUnavailable, UnsafeKey
from signing.key_versions import KeyState, KeyVersion
from signing.signer import Signer
from signing.version_name import VersionName, WrongVersionName

_DEADLINE_SECONDS: Final = 20.0
_RETRY_SECONDS: Final = 10
_STATES: Final = {
    "PENDING_GENERATION": KeyState.PENDING,
    "ENABLED": KeyState.ENABLED,
    "DISABLED": KeyState.DISABLED,
    "DESTROY_SCHEDULED": KeyState.DESTROY_SCHEDULED,
    "DESTROYED": KeyState.DESTROYED,
}
"""The states of versions that Cloud KMS generated; those of imported ones are none of ours."""

_REFUSALS: Final = frozenset(
    {"PERMISSION_DENIED", "UNAUTHENTICATED", "NOT_FOUND", "INVALID_ARGUMENT", "FAILED_PRECONDITION"}
)


class KmsKeyVersions:
    """The versions of the key that ``any_version`` belongs to.

    ``open_signer`` gives the signer of a version. Each call is one or two round trips of at most
    20 s; nothing is repeated, because a rotation is. Connects at the first call.
    """

    def __init__(
        self,
        any_version: VersionName,
        open_signer: Callable[[VersionName], Signer],
        *,
        endpoint: str | None = None,
    ) -> None:
        self._key = any_version.key_name
        self._open_signer = open_signer
        self._endpoint = endpoint
        self._client: Any = None

    def create(self) -> KeyVersion:
        """Have Cloud KMS generate a version; it is pending for a while."""
        return _known(self._call("create_crypto_key_version", parent=self._key))

    def all(self) -> tuple[KeyVersion, ...]:
        """Return the versions that Cloud KMS generated, oldest first.

        Imported ones are left out: whoever imported the key may have it elsewhere as well.
        """
        versions = self._call("list_crypto_key_versions", parent=self._key)
        ours = [_known(one) for one in versions if not one.import_job and one.state.name in _STATES]
        return tuple(sorted(ours, key=lambda one: int(_name(one.location).version)))

    def find(self, location: str) -> KeyVersion:
        """Return the version of that resource name."""
        return _known(self._call("get_crypto_key_version", name=self._ours(location)))

    def signer(self, location: str) -> Signer:
        """Return the signer of an enabled version."""
        self._require(location, KeyState.ENABLED)
        return self._open_signer(_name(location))

    def disable(self, location: str) -> None:
        """Disable a version. Cloud KMS may let it sign for another minute, in rare cases hours."""
        if self.find(location).state is not KeyState.DISABLED:
            self._require(location, KeyState.ENABLED)
            self._set_state(location, "DISABLED")

    def enable(self, location: str) -> None:
        """Enable a disabled version, at once."""
        if self.find(location).state is not KeyState.ENABLED:
            self._require(location, KeyState.DISABLED)
            self._set_state(location, "ENABLED")

    def schedule_destruction(self, location: str) -> None:
        """Schedule the destruction of a disabled version, after the key's own term."""
        gone = {KeyState.DESTROY_SCHEDULED, KeyState.DESTROYED}
        if self.find(location).state not in gone:
            self._require(location, KeyState.DISABLED)
            self._call("destroy_crypto_key_version", name=location)

    def restore(self, location: str) -> None:
        """Take back a scheduled destruction."""
        if self.find(location).state is not KeyState.DISABLED:
            self._require(location, KeyState.DESTROY_SCHEDULED)
            self._call("restore_crypto_key_version", name=location)

    def _set_state(self, location: str, state: str) -> None:
        self._call(
            "update_crypto_key_version",
            crypto_key_version={"name": location, "state": state},
            update_mask={"paths": ["state"]},
        )

    def _require(self, location: str, state: KeyState) -> None:
        found = self.find(location).state
        if found is not state:
            raise UnsafeKey(f"the key {location} is {found.value}, not {state.value}")

    def _ours(self, location: str) -> str:
        if _name(location).key_name != self._key:
            raise UnsafeKey(f"{location} is no version of {self._key}")
        return location

    def _call(self, method: str, **request: object) -> Any:
        from google.api_core.exceptions import GoogleAPICallError
        from google.auth.exceptions import GoogleAuthError

        try:
            call = getattr(self._connected(), method)
            answer = call(request=request, retry=None, timeout=_DEADLINE_SECONDS)
            return list(answer) if method.startswith("list_") else answer
        except GoogleAPICallError as error:
            self._refused(error, method)
        except GoogleAuthError as error:
            raise UnsafeKey(f"no credentials for Cloud KMS: {_first_line(error)}") from error

    def _refused(self, error: Any, method: str) -> NoReturn:
        code = error.grpc_status_code.name if error.grpc_status_code is not None else "UNKNOWN"
        said = f"{method} on {self._key}: {code}: {_first_line(error.message)}"
        if code in _REFUSALS:
            raise UnsafeKey(f"{said} (it takes roles/cloudkms.admin on the key)") from error
        raise SigningUnavailable(said, retry_after_seconds=_RETRY_SECONDS) from error

    def _connected(self) -> Any:
        if self._client is None:
            from google.cloud.kms import KeyManagementServiceClient

            options = {"api_endpoint": self._endpoint} if self._endpoint else None
            self._client = KeyManagementServiceClient(client_options=options)
        return self._client


def _known(version: Any) -> KeyVersion:
    if version.state.name not in _STATES:
        raise UnsafeKey(f"{version.name} is {version.state.name}")
    return KeyVersion(
        location=version.name,
        state=_STATES[version.state.name],
        created_at=version.create_time.replace(tzinfo=UTC),
    )


def _name(location: str) -> VersionName:
    try:
        return VersionName.parse(location)
    except WrongVersionName as mistake:
        raise UnsafeKey(f"no key version: {mistake}") from mistake


def _first_line(error: object) -> str:
    return str(error).partition("\n")[0][:500]
