"""Soft state: what may be lost at any time without a lease noticing. Counters and notices."""
