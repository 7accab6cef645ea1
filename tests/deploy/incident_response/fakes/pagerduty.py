"""Stands in for PagerDuty on loopback: keeps each event in a file, a line each.

usage: pagerduty.py FOLDER: writes FOLDER/port, then FOLDER/events. FOLDER/refuse is a status
to answer.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER = Path(sys.argv[1])


class Desk(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with (FOLDER / "events").open("ab") as file:
            file.write(body + b"\n")
        with (FOLDER / "calls").open("ab") as file:
            file.write(b"PAGE\n")
        refusal = FOLDER / "refuse"
        self.send_response(int(refusal.read_text()) if refusal.exists() else 202)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
(FOLDER / "port.new").write_text(str(server.server_port))
(FOLDER / "port.new").rename(FOLDER / "port")
server.serve_forever()
