"""What no log line may hold, taken out of it: the last line of defense, behind not logging it.

Known are the forms of secrets (keys, tokens, addresses with a password) and, by their value, the
secrets of this process. What looks like nothing, a device's name or a nonce, cannot be recognized:
it is never handed to a log.
"""

import re
from collections.abc import Iterable
from typing import Final

_SHORTEST_SECRET: Final = 8
_FORMS: Final = (
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-.*?(?:-----END [A-Z ]*-----|\Z)", re.DOTALL),
        "key",
    ),
    (re.compile(r"\beyJ[\w-]{6,}(?:\.[\w-]*)+"), "token"),
    (re.compile(r"cdtsa1_\w+", re.IGNORECASE), "token"),
    (re.compile(r"\bbearer\s+[\w.~+/=-]{16,}", re.IGNORECASE), "token"),
    (re.compile(r"CDT1[-0-9A-Z]{20,}", re.IGNORECASE), "key"),
    (re.compile(r"(?<=://)[^/@\s]+(?=@)"), "login"),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "e-mail"),
)


class Redactor:
    """Takes secrets out of text; ``secrets`` are those of this process, of 8 characters or more."""

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        known = {one for one in secrets if one is not None and len(one) >= _SHORTEST_SECRET}
        longest_first = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if known else None

    def text(self, text: str) -> str:
        """Return a text with ``[key]``, ``[token]`` or the like for each secret in it."""
        if self._known is not None:
            text = self._known.sub("[secret]", text)
        for form, name in _FORMS:
            text = form.sub(f"[{name}]", text)
        return text

    def path(self, path: str) -> str:
        """Return the path of an address likewise. Most have no mark of a secret: nearly free."""
        return self.text(path) if _is_marked(path) else path


def _is_marked(path: str) -> bool:
    """Tell whether one of the forms may be in there. Written out: it is asked of every request."""
    return (
        "T1" in path
        or "t1" in path
        or "eyJ" in path
        or "@" in path
        or "sa1_" in path
        or "SA1_" in path
    )
