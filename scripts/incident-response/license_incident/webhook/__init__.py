"""Alertmanager's webhook: it pages and takes evidence; whether to block a person decides."""
