"""Every noun of the program, in the order of its help."""

import argparse

from coditect_license.license_admin import (
    audit,
    backups,
    keys,
    licenses,
    members,
    privacy,
    products,
    service_accounts,
    sessions,
    tenants,
)
from coditect_license.license_admin.commands import Nouns


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare all nouns with their verbs."""
    nouns = Nouns(parser)
    for room in (
        tenants,
        products,
        licenses,
        sessions,
        members,
        service_accounts,
        audit,
        privacy,
        keys,
        backups,
    ):
        room.declare(nouns)
