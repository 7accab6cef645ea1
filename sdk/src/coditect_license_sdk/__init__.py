"""Hold a floating license seat, verified offline. The whole public face is `__all__`.

Importing this package is cheap: httpx, cryptography and asyncio load when a client needs them.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coditect_license_sdk._async_client import AsyncLease, AsyncLicenseClient
    from coditect_license_sdk._borrowed import BorrowedSeat
    from coditect_license_sdk._client import Lease, LicenseClient
    from coditect_license_sdk._plan import LeaseState
    from coditect_license_sdk.errors import (
        ClockSuspect,
        ConfigurationError,
        LeaseError,
        LeaseForked,
        LeaseLost,
        LicenseError,
        LicenseExpired,
        LicenseRefused,
        LicenseRevoked,
        LicenseSuspended,
        LicenseUnknown,
        NoSeatAvailable,
        NotAuthorized,
        NotEntitled,
        PersonalCapReached,
        RequestRefused,
        RootsMissing,
        RootUnknown,
        ServerBusy,
        ServerFault,
        ServerUnreachable,
        VerificationFailed,
    )
    from coditect_license_token import Roots

__all__ = [
    "AsyncLease",
    "AsyncLicenseClient",
    "BorrowedSeat",
    "ClockSuspect",
    "ConfigurationError",
    "Lease",
    "LeaseError",
    "LeaseForked",
    "LeaseLost",
    "LeaseState",
    "LicenseClient",
    "LicenseError",
    "LicenseExpired",
    "LicenseRefused",
    "LicenseRevoked",
    "LicenseSuspended",
    "LicenseUnknown",
    "NoSeatAvailable",
    "NotAuthorized",
    "NotEntitled",
    "PersonalCapReached",
    "RequestRefused",
    "RootUnknown",
    "Roots",
    "RootsMissing",
    "ServerBusy",
    "ServerFault",
    "ServerUnreachable",
    "VerificationFailed",
]

_ELSEWHERE = {
    "AsyncLease": "coditect_license_sdk._async_client",
    "AsyncLicenseClient": "coditect_license_sdk._async_client",
    "BorrowedSeat": "coditect_license_sdk._borrowed",
    "Lease": "coditect_license_sdk._client",
    "LeaseState": "coditect_license_sdk._plan",
    "LicenseClient": "coditect_license_sdk._client",
    "Roots": "coditect_license_token",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use; every name not listed above is an error class."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    module = importlib.import_module(_ELSEWHERE.get(name, "coditect_license_sdk.errors"))
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
