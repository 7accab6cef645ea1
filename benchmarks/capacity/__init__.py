"""How much one PostgreSQL carries: ``python -m benchmarks.capacity``, ``make bench-capacity``."""
