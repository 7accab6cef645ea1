"""Many clients at once, by Locust: scenarios that pass or fail on stated limits (make load)."""
