"""An issuer's HTTPS server on loopback, which answers as a test says."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from local_kms.certificate import kept_certificate
from local_kms.folder import DataFolder

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class KeyServer:
    """Where it listens, whose authority it shows, what it answers by path, and what was asked."""

    url: str
    ca_file: Path
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


def json_answer(document: Any, status: int = 200, **headers: str) -> Answer:
    """Answer with a JSON document; a header's name has underscores for its hyphens."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        sent = {"content-type": "application/json", "content-length": str(len(body))}
        for name, value in {**sent, **{k.replace("_", "-"): v for k, v in headers.items()}}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return answer


@contextmanager
def key_server(folder: Path) -> Iterator[KeyServer]:
    """Run a server whose certificate is signed by an authority of its own, in ``folder``."""
    certificate = kept_certificate(DataFolder(folder))
    running = KeyServer("", certificate.file)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            running.asked.append(self.path)
            try:
                running.answers.get(self.path, json_answer({}, 404))(self)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                self.close_connection = True  # the caller had enough

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Keep the tests' output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key_file = folder / "server-key.pem"
    key_file.write_bytes(certificate.key_pem)
    context.load_cert_chain(certificate.file, key_file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    running.url = f"https://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
