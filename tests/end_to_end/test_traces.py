"""One call is one trace: program, SDK, leasing plane, ledger, signature; and it says no secret."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import httpx
from support.collector import Collector
from support.server import REPOSITORY, RunningServer, StartServer

from foundation.tracing import ATTRIBUTES
from tests.support.ports import free_port

ACQUIRE = "/api/v1/licenses/acquire/"
HOW_TO = (REPOSITORY / "docs/how-to/follow-a-trace.md").read_text()
(PROGRAM,) = re.findall(r"^```python\n(.*?)^```$", HOW_TO, re.MULTILINE | re.DOTALL)
REQUEST = f"leasing POST {ACQUIRE}"
DEVICE = "canary-device-7"
PART_OF = {
    "license acquire": "work",
    REQUEST: "license acquire",
    "commit": REQUEST,
    "batch": "commit",
    "transaction": "batch",
    "sign": REQUEST,
}
"""Each span of an acquire, and the one that it is a part of."""


def test_an_acquire_is_one_trace_from_the_program_to_the_ledger(start_server: StartServer) -> None:
    with Collector() as collector:
        server = start_server({"LICENSE_TRACES_ENDPOINT": collector.endpoint})
        _run_program(server, collector)
        collector.wait_for("leasing DELETE /api/v1/licenses/sessions/{session_id}/")
        (work,) = collector.wait_for("work")
        server.stop()
    trace_id = work.trace_id.hex()

    ours = [span for span in collector.spans if span.trace_id.hex() == trace_id]
    acquire = {span.name: span for span in reversed(ours)}
    for name, whole in PART_OF.items():
        parents = {span.span_id for span in ours if span.name == whole}
        assert acquire[name].parent_span_id in parents, name
    _assert_it_says_nothing_more(collector, server)
    line = next(line for line in _request_lines(server) if line["outcome"] == "granted")
    assert line["logging.googleapis.com/trace"] == trace_id
    assert line["logging.googleapis.com/spanId"] == acquire[REQUEST].span_id.hex()
    assert line["logging.googleapis.com/trace_sampled"] is True


def test_what_nobody_records_is_not_sent_and_what_a_caller_records_is(
    start_server: StartServer,
) -> None:
    with Collector() as collector:
        server = start_server(
            {"LICENSE_TRACES_ENDPOINT": collector.endpoint, "LICENSE_TRACES_PERCENT": "0"}
        )
        recorded = {"traceparent": f"00-{'a1' * 16}-{'b2' * 8}-01"}
        httpx.get(f"{server.base_url}/api/v1/products/")
        httpx.get(f"{server.base_url}/api/v1/products/", headers=recorded)
        (span,) = collector.wait_for("control GET /api/v1/products/")
        server.stop()

    assert (span.trace_id.hex(), span.parent_span_id.hex()) == ("a1" * 16, "b2" * 8)
    assert {one.trace_id.hex() for one in collector.spans} == {"a1" * 16}
    sampled = [line["logging.googleapis.com/trace_sampled"] for line in _request_lines(server)]
    assert sampled == [False, True]


def test_a_collector_that_is_away_fails_no_request(start_server: StartServer) -> None:
    server = start_server({"LICENSE_TRACES_ENDPOINT": f"http://127.0.0.1:{free_port()}/v1/traces"})
    body = {"license_key": server.demo["license_key"], "hardware_id": DEVICE}

    answers = [httpx.post(server.base_url + ACQUIRE, json=body).status_code for _ in range(20)]

    assert answers == [201, *[200] * 19]
    assert server.stop() == 0


def _run_program(server: RunningServer, collector: Collector) -> None:
    """Run the program of the how-to."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={
            **os.environ,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": collector.endpoint,
            "CODITECT_LICENSE_URL": server.base_url,
            "CODITECT_LICENSE_KEY": server.demo["license_key"],
            "CODITECT_LICENSE_ROOTS": str(server.data_dir / "root.pem"),
            "CODITECT_LICENSE_HARDWARE_ID": DEVICE,
            "CODITECT_LICENSE_CACHE": str(server.data_dir / "cache"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _assert_it_says_nothing_more(collector: Collector, server: RunningServer) -> None:
    everything = b"".join(collector.bodies)
    for secret in (server.demo["license_key"], server.demo["token"], DEVICE, "eyJ"):
        assert secret.encode() not in everything
    servers = [span for span in collector.spans if not span.name.startswith(("license ", "work"))]
    assert {key.key for span in servers for key in span.attributes} <= ATTRIBUTES


def _request_lines(server: RunningServer) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in server.output if line.startswith("{")]
    return [record for record in records if record["message"] == "request"]
