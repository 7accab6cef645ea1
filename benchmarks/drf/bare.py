"""``python -m benchmarks.drf.bare SECONDS``: what a DRF heartbeat costs with no server at all.

One thread calls Django's own entry point with ready-made requests, so nothing of a server, a
thread pool or a socket is in the figure. No way of deploying Django can be below it. The token is
read from standard input; the answer is µs of processor time for each request.
"""

import sys
import time
import uuid

import django
from django.test import RequestFactory

django.setup()

from django.core.handlers.base import BaseHandler  # noqa: E402

_WARM_UP_SECONDS = 0.5


def microseconds_per_request(seconds: float, token: str) -> float:
    """Return the processor time of one request, over as many as the seconds hold."""
    handler = BaseHandler()
    handler.load_middleware()
    _time_requests(handler, _WARM_UP_SECONDS, token)
    return _time_requests(handler, seconds, token)


def _time_requests(handler: BaseHandler, seconds: float, token: str) -> float:
    factory = RequestFactory(headers={"host": "127.0.0.1", "authorization": f"Bearer {token}"})
    path = f"/drf/sessions/{uuid.uuid4()}/unwritten/"
    spent, answered = 0.0, 0
    give_up_at = time.perf_counter() + seconds
    while time.perf_counter() < give_up_at:
        request = factory.patch(path)
        began_at = time.thread_time()
        response = handler.get_response(request)
        spent += time.thread_time() - began_at
        answered += 1
        if response.status_code != 200:
            raise SystemExit(f"expected 200, got {response.status_code}")
    return 1e6 * spent / answered


if __name__ == "__main__":
    print(microseconds_per_request(float(sys.argv[1]), sys.stdin.read()))
