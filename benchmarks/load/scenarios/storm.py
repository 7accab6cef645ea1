"""A morning's log-on: everybody comes within half of the time, and then works."""

from locust import between, task

from benchmarks.load.clients import Device


class Employee(Device):
    """Logs on, asks for both proofs of the first clients, and beats while at work."""

    wait_time = between(1.0, 3.0)

    def on_start(self) -> None:
        """Log on."""
        super().on_start()
        self.acquire("license_data", "license_token")

    @task
    def work(self) -> None:
        """Beat."""
        if self.session:
            self.renew()
        else:
            self.acquire("license_data", "license_token")
