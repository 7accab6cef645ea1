"""The image's health check: asks the server of this container whether it lives.

Ends with 0 when ``/health/live`` answers 200 within three seconds, else with 1 and a line why. Says
nothing of database and keys: a container that is restarted for them comes back no better. One that
runs another command than ``serve`` has no server, and is started without a health check.
"""

import http.client
import os
import sys
from typing import Final

_SECONDS: Final = 3


def problem_of(port: int) -> str | None:
    """Return why the server on a port of 127.0.0.1 is not alive, None when it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/health/live")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"no answer on port {port}: {error}"
    finally:
        connection.close()
    return None if status == http.HTTPStatus.OK else f"port {port} answered {status}"


def main() -> int:
    """Ask where ``PORT`` says, else on 8000."""
    problem = problem_of(int(os.environ.get("PORT") or 8000))
    if problem is not None:
        sys.stderr.write(f"{problem}\n")
    return int(problem is not None)


if __name__ == "__main__":
    sys.exit(main())
