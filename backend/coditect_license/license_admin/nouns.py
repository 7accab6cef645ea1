"""Every noun of the program, in the order of its help."""

import argparse

from coditect_license.license_admin import (
    audit,
    backups,
    keys,
    licenses,
    members,
    outbox,
    privacy,
    products,
    service_accounts,
    sessions,
    tenants,
    tiers,
    usage,
)
from coditect_license.license_admin.commands import Nouns


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare all nouns with their verbs."""
    nouns = Nouns(parser)
    for room in (
        tenants,
        products,
        tiers,
        licenses,
        sessions,
        usage,
        members,
        service_accounts,
        outbox,
        audit,
        privacy,
        keys,
        backups,
    ):
        room.declare(nouns)
