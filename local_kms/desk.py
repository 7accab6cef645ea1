"""Where calls arrive: known callers alone, faults first, refusals in Google's form, all noted."""

import threading
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from local_kms.callers import Caller, Callers
from local_kms.errors import Refusal
from local_kms.faults import TAMPERINGS, Fault, FaultPlan
from local_kms.habits import Habits
from local_kms.rpcs import Rpc

_MOST_REMEMBERED: Final = 10_000
_NO_API: Final = (
    "Cloud Key Management Service (KMS) API has not been used in project {project} before or it "
    "is disabled. Enable it by visiting https://console.developers.google.com/apis/api/"
    "cloudkms.googleapis.com/overview?project={project} then retry."
)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One call as an audit log has it. ``code`` is OK or why it was refused."""

    rpc: str
    caller: str
    resource: str
    code: str


class Desk:
    """Takes calls for the RPCs and answers them. Safe for threads."""

    def __init__(self, callers: Callers, plan: FaultPlan, habits: Habits) -> None:
        self._callers = callers
        self._plan = plan
        self._habits = habits
        self._calls: Counter[str] = Counter()
        self._entries: deque[LogEntry] = deque(maxlen=_MOST_REMEMBERED)

    @property
    def entries(self) -> list[LogEntry]:
        """The last 10,000 calls that ended, oldest first."""
        return list(self._entries)

    def calls(self, rpc: str) -> int:
        """Return how many calls of an RPC have begun, refused ones included."""
        return self._calls[rpc]

    def door(self, rpc: Rpc) -> "grpc.RpcMethodHandler[bytes, bytes]":
        """Return what gRPC calls for an RPC."""

        def take(request: Any, context: grpc.ServicerContext) -> Any:
            self._calls[rpc.name] += 1
            who, code = "-", "OK"
            try:
                caller = self._callers.identify(_header(context, "authorization"))
                who = caller.email
                return self._answer(rpc, request, caller, context)
            except Refusal as refusal:
                code = refusal.code.name
                _abort(context, refusal)
            finally:
                self._entries.append(LogEntry(rpc.name, who, rpc.resource(request), code))

        return grpc.unary_unary_rpc_method_handler(
            take, request_deserializer=rpc.parse, response_serializer=rpc.serialize
        )

    def _answer(self, rpc: Rpc, request: Any, caller: Caller, context: grpc.ServicerContext) -> Any:
        fault = self._plan.next(rpc.name) or Fault()
        _let_pass(fault.delay_seconds, context)
        if fault.status and not fault.after:
            raise Refusal(fault.status, fault.message)
        self._require_api(caller, context)
        answer = rpc.answer(request, caller)
        if fault.status:
            raise Refusal(fault.status, fault.message)
        if fault.tamper:
            TAMPERINGS[fault.tamper](answer)
        return answer

    def _require_api(self, caller: Caller, context: grpc.ServicerContext) -> None:
        project = _header(context, "x-goog-user-project") or caller.project
        if project in self._habits.projects_without_api:
            raise Refusal(grpc.StatusCode.PERMISSION_DENIED, _NO_API.format(project=project))


def _header(context: grpc.ServicerContext, name: str) -> str | None:
    for key, value in context.invocation_metadata():
        if key == name:
            return value if isinstance(value, str) else value.decode()
    return None


def _let_pass(seconds: float, context: grpc.ServicerContext) -> None:
    """Wait as long as the caller does: a thread is not kept by one who has gone."""
    if seconds <= 0:
        return
    gone = threading.Event()
    if context.add_callback(gone.set):
        gone.wait(seconds)


def _abort(context: grpc.ServicerContext, refusal: Refusal) -> NoReturn:
    status = status_pb2.Status(code=refusal.code.value[0], message=refusal.message)
    if refusal.reason:
        failure = error_details_pb2.PreconditionFailure()
        failure.violations.add(type=refusal.reason, subject=refusal.subject)
        detail = any_pb2.Any()
        detail.Pack(failure)
        status.details.append(detail)
    context.abort_with_status(rpc_status.to_status(status))
    raise AssertionError("abort_with_status returned")
