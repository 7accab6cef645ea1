"""``Idempotency-Key``: a create that is repeated is done once (docs/adr/0017).

The row of a key is put in first, in the transaction of the deed. A second call with the same key
waits at the row until the first has ended: it then gets the first's answer, or does the deed
itself where the first was rolled back. So a refusal is never kept.
"""

import functools
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, ParamSpec, cast

from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.clock import utc_now
from leasing.http.errors import FieldError, InvalidRequest
from management_api.errors import AnswerNotKept, IdempotencyKeyReused
from management_api.models import KeptAnswer
from management_api.sealed_answers import Answer, AnswerSeal
from management_api.views import ManagementView
from management_api.wiring import secret_from_settings
from tenants.current import current_tenant_id

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
KEPT_FOR: Final = timedelta(hours=24)
MOST_KEY_CHARACTERS: Final = 255
_KEY: Final = re.compile(rf"[!-~]{{1,{MOST_KEY_CHARACTERS}}}")
_KEPT_HEADERS: Final = ("ETag", "Location")

_P = ParamSpec("_P")


def once(deed: Callable[_P, Response]) -> Callable[_P, Response]:
    """Return a view's method that, called again with the same key, answers and does nothing."""

    @functools.wraps(deed)
    def done_once(*args: _P.args, **kwargs: _P.kwargs) -> Response:
        view, request = cast("ManagementView", args[0]), cast("Request", args[1])
        key = _key(request)
        if key is None:
            return deed(*args, **kwargs)
        kept = _kept(request, view.principal.label, key, now=utc_now())
        seal = AnswerSeal(secret=secret_from_settings(), idempotency_key=key, row_id=kept.id)
        if kept.sealed is not None:
            return _replayed(seal.open(bytes(kept.sealed)))
        response = deed(*args, **kwargs)
        kept.sealed = seal.seal(_answer(response))
        kept.save(update_fields=["sealed"])
        return response

    return done_once


def forget_expired(*, now: datetime) -> int:
    """Delete the current tenant's answers that are past their time; return how many."""
    expired = KeptAnswer.objects.filter(expires_at__lte=now)
    count, _ = expired.delete()
    return count


def _key(request: Request) -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and _KEY.fullmatch(key) is None:
        raise InvalidRequest(
            FieldError(HEADER, "invalid", "is 1 to 255 printable characters, without blanks")
        )
    return key


def _kept(request: Request, principal: str, key: str, *, now: datetime) -> KeptAnswer:
    """Return the row of a key, new or an earlier call's. Raises IdempotencyKeyReused."""
    forget_expired(now=now)
    row = KeptAnswer(
        tenant_id=current_tenant_id(),
        principal=principal,
        key_hash=hashlib.sha256(key.encode()).hexdigest(),
        request_hash=_request_hash(request, key),
        expires_at=now + KEPT_FOR,
    )
    KeptAnswer.objects.bulk_create([row], ignore_conflicts=True)  # waits for one under way
    kept = KeptAnswer.objects.get(principal=principal, key_hash=row.key_hash)
    if not hmac.compare_digest(kept.request_hash, row.request_hash):
        raise IdempotencyKeyReused("the key stood over another request")
    return kept


def _request_hash(request: Request, key: str) -> str:
    said = [request.method, request.path, request.data]
    return hmac.digest(key.encode(), json.dumps(said, sort_keys=True).encode(), "sha256").hex()


def _answer(response: Response) -> Answer:
    headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
    data = json.loads(JSONRenderer().render(response.data)) if response.data is not None else None
    return Answer(response.status_code, data, headers)


def _replayed(answer: Answer | None) -> Response:
    if answer is None:
        raise AnswerNotKept("sealed under another secret")
    return Response(answer.data, answer.status, headers={**answer.headers, REPLAYED: "true"})
