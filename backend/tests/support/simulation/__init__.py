"""Engine, store and programs in virtual time; one seed is one run (docs/simulation.md)."""
