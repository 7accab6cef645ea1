"""Alerts and dashboards: the rules as other systems read them, and Prometheus beside a server."""
