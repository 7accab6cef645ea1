"""Programs at work: each beats every two seconds, a tenth more or less."""

from locust import between, task

from benchmarks.load.clients import Device


class Program(Device):
    """Holds a seat and beats."""

    wait_time = between(1.8, 2.2)

    def on_start(self) -> None:
        """Take a seat."""
        super().on_start()
        self.acquire()

    @task
    def beat(self) -> None:
        """Beat, or try again to get in."""
        if self.session:
            self.renew()
        else:
            self.acquire()
