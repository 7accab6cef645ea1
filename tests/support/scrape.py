"""What a server says at its port for metrics, as Prometheus would read it."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import httpx
from prometheus_client.parser import text_string_to_metric_families
from support.server import RunningServer

_SERVED: Final = "metrics are served on "


class Scrape(NamedTuple):
    """The samples of one scrape: by name and labels."""

    samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float]

    def value(self, name: str, **labels: str) -> float:
        """Return a series' value. Raises KeyError when there is no such series."""
        return self.samples[name, frozenset(labels.items())]

    def all_of(self, name: str) -> dict[frozenset[tuple[str, str]], float]:
        """Return every series of a name by its labels."""
        return {labels: value for (at, labels), value in self.samples.items() if at == name}

    def labels_of(self, name: str, label: str) -> set[str]:
        """Return every value of a label."""
        return {dict(labels)[label] for labels in self.all_of(name)}


def metrics_address(server: RunningServer) -> str:
    """Return where a server says that it serves its metrics."""
    (line,) = (line for line in server.output if _SERVED in line)
    return line.partition(_SERVED)[2].split('"')[0].strip()


def scrape(address: str) -> Scrape:
    """Scrape once. Raises httpx.HTTPError when nobody answers."""
    text = httpx.get(address, timeout=30).raise_for_status().text
    return Scrape(
        {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
    )
