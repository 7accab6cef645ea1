"""The heart: seats and leases."""
