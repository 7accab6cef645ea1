"""A Cloud KMS of one's own, for development and tests: the real protocol, real keys, on loopback.

The unmodified client of Google talks to it over TLS with a service account's file. It checks what
Cloud KMS checks, refuses what it refuses, and fails on request. ``make kms`` starts it;
docs/how-to/local-kms.md shows it at work. It protects no key from anybody who can read its folder,
so no production code may import it (.importlinter).
"""
