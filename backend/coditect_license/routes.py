"""The patterns that stand for addresses of the control plane in figures: few, whatever is asked."""

import re
from functools import cache
from typing import Final

from django.conf import settings
from django.urls import Resolver404, resolve

from coditect_license.static_files import PREFIX
from leasing.counts import UNKNOWN

_STATIC: Final = f"{PREFIX}/"
_STAFF: Final = "/admin/"
_PARAMETER: Final = re.compile(r"<(?:\w+:)?(\w+)>")


def route_of(path: str) -> str:
    """Return the pattern of an address in the words of the API's document, or ``unknown``.

    Assets are one route, and so are the staff's pages. An address counts under its pattern also
    where it was refused before anybody looked at it.
    """
    if path.startswith(_STATIC):
        return _STATIC
    if settings.LICENSE_ADMIN_HOST and path.startswith(_STAFF):
        return _STAFF
    try:
        return _written(resolve(path).route)
    except Resolver404:
        return UNKNOWN


@cache
def _written(pattern: str) -> str:
    return "/" + _PARAMETER.sub(r"{\1}", pattern)
