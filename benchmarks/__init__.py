"""Benchmarks: one file for each question, answered by ``python -m benchmarks``."""
