"""A hundred devices acquire at once, over and over, with both proofs, signed by Cloud KMS."""

from locust import constant, task

from benchmarks.load.clients import Device


class Acquirer(Device):
    """Takes a seat with both proofs, and gives it back at once."""

    wait_time = constant(0)

    @task
    def take(self) -> None:
        """Acquire and release."""
        self.acquire("license_data", "license_token")
        if self.session:
            self.release()
