"""What must not be so when the server starts."""

from collections.abc import Sequence

from django.core.checks import CheckMessage, Error


def root_is_fit_for_the_profile(*, signer: str, embedded: bool) -> Sequence[CheckMessage]:
    """Return an error (signing.E001) for a root key in a file outside ``embedded``.

    Whoever reads that file signs whatever he likes, for ever.
    """
    if embedded or signer == "kms":
        return []
    return [
        Error(
            f"the root key is {signer}: a file on this machine",
            hint="set LICENSE_SIGNER=kms; a local key is for LICENSE_PROFILE=embedded only",
            id="signing.E001",
        )
    ]
