"""The public page of figures, docs/benchmarks.md: measured, tabled and plotted by one command."""
