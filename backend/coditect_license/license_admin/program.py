"""The program: words in, one deed, an answer out, and an exit status."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from coditect_license.private_postgres import PostgresFailed
from coditect_license.run_on_postgres import prepared_postgres, settings_on
from foundation.env import EnvironmentMistake, set_variables, use_settings

_DESCRIPTION = """\
Operate a license server: tenants, products, licenses, sessions, backups and what else needs no
browser. Settings come from the environment, as for manage.py. Every change is recorded under
operator:<your login>.
"""
_EPILOG = """\
exit status: 0 done; 1 refused or failed; 2 wrong words or settings; 3 not found; 4 not confirmed.
docs/how-to/operate.md shows the common tasks.
"""
_SETTINGS_WRONG = 2
_PRIVATE_POSTGRES = "--private-postgres"


def main(words: Sequence[str], *, out: TextIO | None = None, err: TextIO | None = None) -> int:
    """Run one command and return its exit status. Secrets go to ``out`` and nowhere else."""
    out, err = out or sys.stdout, err or sys.stderr
    use_settings("coditect_license.settings")
    try:
        with _database(words) as rest:
            return _run(rest, out, err)
    except (EnvironmentMistake, PostgresFailed) as mistake:
        err.writelines(f"error: {line}\n" for line in str(mistake).splitlines())
        return _SETTINGS_WRONG


@contextmanager
def _database(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Run the private PostgreSQL where the first word says so; yield the other words.

    Settings are read once, at Django's start: so it comes first.
    """
    if list(words[:1]) != [_PRIVATE_POSTGRES]:
        yield words
        return
    if any(word in {"-h", "--help"} for word in words):
        yield words[1:]
        return
    with prepared_postgres() as server:
        set_variables(settings_on(server))
        yield words[1:]


def _run(words: Sequence[str], out: TextIO, err: TextIO) -> int:
    import django

    django.setup()
    from coditect_license.license_admin import nouns, running

    parser = argparse.ArgumentParser(
        prog="license-admin",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        _PRIVATE_POSTGRES,
        action="store_true",
        help="first of all words: run the PostgreSQL of `make run DB=postgres` meanwhile, whose "
        "server must not run",
    )
    nouns.declare(parser)
    if any(not _is_text(word) for word in words):
        parser.error("a word is not UTF-8")
    return running.run(parser.parse_args(words), out, err)


def _is_text(word: str) -> bool:
    """Return whether a word is text: Python takes other bytes in as lone surrogates."""
    return not any("\ud800" <= one <= "\udfff" for one in word)
