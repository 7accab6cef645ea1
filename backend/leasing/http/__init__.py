"""The leasing plane: plain ASGI, one file for each kind of call."""

from leasing.http.plane import LeasingPlane

__all__ = ["LeasingPlane"]
