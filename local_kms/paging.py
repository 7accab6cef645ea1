"""Lists in pages, and the one filter that key versions are asked for with."""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Final, TypeVar

from google.cloud import kms

from local_kms.errors import invalid, unimplemented
from local_kms.versions import State

Item = TypeVar("Item")

_DEFAULT_PAGE: Final = 100
_LARGEST_PAGE: Final = 1_000
_STATE_FILTER: Final = re.compile(r"\s*state\s*[:=]\s*\"?([A-Z_]+)\"?\s*")


def page(items: Sequence[Item], *, size: int, token: str) -> tuple[Sequence[Item], str]:
    """Return the items of a page and the token of the next, empty on the last.

    Size 0 means 100; the largest is 1,000. Raises Refusal (INVALID_ARGUMENT).
    """
    if size < 0:
        raise invalid("page_size must not be negative.")
    start = _start_of(token) if token else 0
    end = start + min(size or _DEFAULT_PAGE, _LARGEST_PAGE)
    return items[start:end], _token_of(end) if end < len(items) else ""


def by_state(versions: Sequence[kms.CryptoKeyVersion], text: str) -> Sequence[kms.CryptoKeyVersion]:
    """Return the versions that a filter such as ``state=ENABLED`` lets through; all without one.

    Cloud KMS has a whole language of filters; here any other is refused.
    """
    if not text:
        return versions
    asked = _STATE_FILTER.fullmatch(text)
    if asked is None:
        raise unimplemented(f"the filter {text!r}; it knows state=ENABLED and the like.")
    if asked[1] not in State.__members__:
        raise invalid(f"{asked[1]} is no state of a version.")
    return [version for version in versions if State(version.state).name == asked[1]]


def _token_of(start: int) -> str:
    return base64.urlsafe_b64encode(f"from {start}".encode()).decode()


def _start_of(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("from "))
    except (binascii.Error, ValueError) as error:
        raise invalid("page_token is invalid.") from error
