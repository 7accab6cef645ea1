"""The values that a description of the google provider lists for an attribute.

The provider refuses others when it validates; its schema does not say so, its descriptions do:
``Possible values: ["BASIC", "STANDARD_HA"]``.
"""

import re

INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
PROPERTY = re.compile(r"^ {4}/\*\*\n(.*?)\*/\n {4}readonly \w+", re.MULTILINE | re.DOTALL)
ANCHOR = re.compile(r"#(\w+) ")
LISTED = re.compile(r"[Pp]ossible values(?: are)?:?\s*\[((?:\"[\w.:()/-]+\",? ?)+)\]")


def of(declarations: str) -> dict[tuple[str, str], list[str]]:
    """Return (interface, attribute) → the values its description lists."""
    found: dict[tuple[str, str], list[str]] = {}
    for interface, body in INTERFACE.findall(declarations):
        for text in PROPERTY.findall(body):
            anchor, listed = ANCHOR.search(text), LISTED.search(text)
            if anchor and listed:
                key = (interface.removesuffix("Config"), anchor[1])
                found[key] = re.findall(r"\"([^\"]+)\"", listed[1])
    return found
