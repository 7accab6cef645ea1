"""Programs that renew their leases while the server is offered five times what it carries.

Who offers it is another process (flood.py), which costs less for each call than a client here.
"""

from locust import between, task

from benchmarks.load.clients import Device


class Program(Device):
    """Holds a seat and renews it every second or two."""

    wait_time = between(1.0, 2.0)

    def on_start(self) -> None:
        """Take a seat before anybody else comes."""
        super().on_start()
        self.acquire()

    @task
    def beat(self) -> None:
        """Renew, or try again to get in."""
        if self.session:
            self.renew()
        else:
            self.acquire()
