"""One file for each scenario: a locustfile, which ``python -m benchmarks.load`` runs."""
