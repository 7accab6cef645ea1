"""What Django itself refuses, as problem documents; ``urls.py`` names these as its handlers."""

from typing import Final

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from starlette.responses import Response

from coditect_license.problems import problem_of
from foundation.request_facts import RequestFacts, begin_request
from identity.errors import Forbidden
from leasing.errors import LicenseUnknown
from leasing.http.errors import FieldError, InvalidRequest, UnknownPath
from leasing.http.messages import Scope
from leasing.http.plane import InternalError

FACTS: Final = "coditect_license.facts"
"""Where in the ASGI scope stands what is known of a request."""

_FAILED: Final = "coditect_license.failed_credential"
_UNKNOWN_HOST: Final = FieldError("Host", "not_allowed", "this server does not serve that host")
_MALFORMED: Final = FieldError("", "malformed", "the request cannot be read")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 to an unknown host and to what Django calls suspicious."""
    mistake = _UNKNOWN_HOST if isinstance(exception, DisallowedHost) else _MALFORMED
    return problem_response(request, InvalidRequest(mistake))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    del exception
    return problem_response(request, Forbidden())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form that did not come from a page of ours."""
    del reason
    return problem_response(request, Forbidden())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    del exception
    return problem_response(request, UnknownPath())


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500; Django has logged the error with its traceback."""
    return problem_response(request, InternalError())


def problem_response(request: HttpRequest, error: Exception) -> HttpResponse:
    """Return the problem document of an error. Raises the error when the table has no row."""
    facts = facts_of(request)
    problem = problem_of(error, facts.request_id)
    if problem is None:
        raise error
    facts.outcome = facts.outcome or problem.outcome
    if isinstance(error, LicenseUnknown):  # a key was tried, in a call that was let in
        note_failed_credential(request)
    response = HttpResponse(
        problem.body, status=problem.status, content_type=problem.media_type.decode()
    )
    response["Cache-Control"] = "no-store"
    for name, value in problem.headers:
        response[name.decode()] = value.decode()
    return response


def note_failed_credential(request: HttpRequest) -> None:
    """Have the answer to this request count as one to a failed credential."""
    getattr(request, "scope", {})[_FAILED] = True


def is_failed_credential(scope: Scope) -> bool:
    """Tell whether a view noted that the request's credential failed."""
    return bool(scope.get(_FAILED))


def asgi_problem(error: Exception, facts: RequestFacts) -> Response:
    """Return the problem document of an error where Django has not seen the request.

    Raises the error when the table has no row.
    """
    problem = problem_of(error, facts.request_id)
    if problem is None:
        raise error
    facts.outcome = facts.outcome or problem.outcome
    headers = {name.decode(): value.decode() for name, value in problem.headers}
    return Response(
        problem.body,
        problem.status,
        headers | {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
        media_type=problem.media_type.decode(),
    )


def facts_of(request: HttpRequest) -> RequestFacts:
    """Return what is known of a request, for its log line and its problem documents."""
    scope = getattr(request, "scope", {})  # only requests that came by ASGI have one
    facts = scope.get(FACTS)
    return facts if isinstance(facts, RequestFacts) else begin_request(None, None)
