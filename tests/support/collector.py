"""A collector of traces: takes OTLP over HTTP on a port, and keeps the spans it is sent."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """Listens while it is a context; every body must be the protobuf of the protocol."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.bodies: list[bytes] = []
        self._arrived = threading.Condition()
        collector = self

        class Taking(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector._take(self.path, self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}/v1/traces"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def named(self, name: str) -> list[Any]:
        return [span for span in self.spans if span.name == name]

    def wait_for(self, name: str, *, count: int = 1) -> list[Any]:
        """Return the spans of a name when so many have come."""
        with self._arrived:
            is_there = self._arrived.wait_for(lambda: len(self.named(name)) >= count, timeout=60)
        assert is_there, sorted({span.name for span in self.spans})
        return self.named(name)

    def _take(self, path: str, body: bytes) -> None:
        assert path == "/v1/traces"
        said = ExportTraceServiceRequest.FromString(body)
        spans = [
            span
            for resource in said.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        with self._arrived:
            self.bodies.append(body)
            self.spans += spans
            self._arrived.notify_all()
