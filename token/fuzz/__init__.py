"""Fuzzing of everything that reads documents of others: `make fuzz`."""
