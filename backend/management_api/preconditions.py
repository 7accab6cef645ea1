"""Nobody overwrites what he has not seen: reads carry an ETag, changes name it (RFC 9110, 13.1.1).

An ETag is a hash of the representation, so it holds for every resource without a counter in its
table, and does not change when nothing that callers can see has changed.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from management_api.errors import PreconditionFailed, PreconditionRequired

ANYTHING: Final = "*"
_ETAG_BYTES: Final = 16
_ETAGS: Final = re.compile(r'(?P<weak>W/)?(?P<etag>"[^"]*")')


def etag(representation: Mapping[str, Any]) -> str:
    """Return the strong ETag of what a caller is shown."""
    digest = hashlib.sha256(JSONRenderer().render(dict(representation))).digest()
    return f'"{base64.urlsafe_b64encode(digest[:_ETAG_BYTES]).decode().rstrip("=")}"'


def tagged(representation: Mapping[str, Any], status: int = 200) -> Response:
    """Return an answer with its ETag."""
    return Response(representation, status=status, headers={"ETag": etag(representation)})


def require_match(request: Request, present: Mapping[str, Any]) -> None:
    """Raise PreconditionRequired without ``If-Match``, PreconditionFailed for another state.

    ``present`` is the representation of the row, read under its lock, or the answer proves
    nothing. ``If-Match: *`` changes whatever is there.
    """
    if "If-Match" not in request.headers:
        raise PreconditionRequired("a change names the state it changes")
    check_match(request, present)


def check_match(request: Request, present: Mapping[str, Any]) -> None:
    """Raise PreconditionFailed when there is an ``If-Match`` that names another state."""
    wanted = request.headers.get("If-Match", ANYTHING).strip()
    if wanted == ANYTHING:
        return
    strong = {found["etag"] for found in _ETAGS.finditer(wanted) if not found["weak"]}
    if etag(present) not in strong:
        raise PreconditionFailed("the thing was changed since")
