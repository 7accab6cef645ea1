"""The only door to the network: httpx behind two small classes, one per colour of function.

Neither retries: the plan of a lease does. Redirects are not followed, because the request carries a
credential. An answer is read up to a size and within the time limit, however slowly it trickles.
"""

import asyncio
import ssl
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import httpx

from coditect_license_sdk._connection import CutWhenLate
from coditect_license_sdk._options import Options
from coditect_license_sdk._tracing import traced
from coditect_license_sdk._wire import Answer, Call
from coditect_license_sdk.errors import ConfigurationError, ServerFault, ServerUnreachable

MAX_ANSWER_BYTES: Final = 262_144  # a full key set with PEM copies is about 60,000


class HttpTransport:
    """The transport of LicenseClient. Safe to share between threads."""

    def __init__(self, options: Options) -> None:
        self._timeout_seconds = options.timeout_seconds
        self._client = httpx.Client(**_client_settings(options))

    def send(self, call: Call, *, authorization: str | None) -> Answer:
        """Send a call once and return its answer, whatever the status.

        Raises ServerUnreachable when none came in time, ServerFault when it is too large.
        """
        with traced(call) as span:
            return span.answered(self._send(call, authorization, span.headers))

    def _send(self, call: Call, authorization: str | None, more: Mapping[str, str]) -> Answer:
        reading = _Reading()
        request = _request(call, authorization, more)
        try:
            with (
                CutWhenLate(2 * self._timeout_seconds) as connection,
                self._client.stream(**request, extensions={"trace": connection.note}) as response,
            ):
                for chunk in response.iter_bytes():
                    reading.take(chunk)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise (_too_slow() if connection.is_cut else _unreachable(error)) from error
        return reading.answer(response)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class AsyncHttpTransport:
    """The transport of AsyncLicenseClient. Belongs to one event loop."""

    def __init__(self, options: Options) -> None:
        self._timeout_seconds = options.timeout_seconds
        self._client = httpx.AsyncClient(**_client_settings(options))

    async def send(self, call: Call, *, authorization: str | None) -> Answer:
        """Do as HttpTransport.send, without blocking the loop."""
        with traced(call) as span:
            return span.answered(await self._send(call, authorization, span.headers))

    async def _send(self, call: Call, authorization: str | None, more: Mapping[str, str]) -> Answer:
        reading = _Reading()
        try:
            async with (
                asyncio.timeout(2 * self._timeout_seconds),
                self._client.stream(**_request(call, authorization, more)) as response,
            ):
                async for chunk in response.aiter_bytes():
                    reading.take(chunk)
        except TimeoutError as error:
            raise _too_slow() from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise _unreachable(error) from error
        return reading.answer(response)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class _Reading:
    """A body while it comes in: bounded in size."""

    def __init__(self) -> None:
        self._body = bytearray()

    def take(self, chunk: bytes) -> None:
        self._body += chunk
        if len(self._body) > MAX_ANSWER_BYTES:
            raise ServerFault(f"an answer of more than {MAX_ANSWER_BYTES} bytes")

    def answer(self, response: httpx.Response) -> Answer:
        return Answer(
            status=response.status_code,
            body=bytes(self._body),
            headers={name.lower(): value for name, value in response.headers.items()},
        )


def _client_settings(options: Options) -> dict[str, Any]:
    return {
        "base_url": options.base_url,
        "timeout": options.timeout_seconds,
        "proxy": options.proxy,
        "verify": _tls(options.ca_file),
        "follow_redirects": False,
        # Heartbeats are minutes apart: an idle connection would be stale by the next one.
        "limits": httpx.Limits(max_keepalive_connections=0),
        "headers": {"accept": "application/json", "user-agent": _user_agent()},
    }


def _request(call: Call, authorization: str | None, more: Mapping[str, str]) -> dict[str, Any]:
    request: dict[str, Any] = {"method": call.method, "url": call.path, "headers": dict(more)}
    if call.query:
        request["params"] = dict(call.query)
    if call.body is not None:
        request["json"] = call.body
    if authorization is not None:
        request["headers"]["authorization"] = authorization
    return request


def _tls(ca_file: str | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"the file of TLS roots cannot be used: {error}") from error


def _too_slow() -> ServerUnreachable:
    return ServerUnreachable("the answer came too slowly")


def _unreachable(error: Exception) -> ServerUnreachable:
    """Name the kind of failure, never the address: it may carry a proxy's password."""
    return ServerUnreachable(f"no answer from the license server: {_reason(error)}")


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "timed out"
    if isinstance(error, httpx.ProxyError):
        return "the proxy refused"
    return type(error).__name__


def _user_agent() -> str:
    try:
        number = version("coditect-license-sdk")
    except PackageNotFoundError:
        number = "unknown"
    return f"coditect-license-sdk/{number} python/{sys.version_info.major}.{sys.version_info.minor}"
