"""How a statement reads the rows that it is handed as one JSON array of arrays."""

from collections.abc import Callable

from msgspec import Struct


class JsonRows:
    """The rows of a parameter in one dialect.

    ``elements`` takes an array apart, with ``{}`` for the name of the parameter, into rows whose
    one column is ``value``. ``part`` returns the expression for the part of ``value`` at a place,
    by the name it gets.
    """

    def __init__(self, elements: str, part: Callable[[int, str], str]) -> None:
        self._elements = elements
        self._part = part

    def wanted(self, *names: str) -> str:
        """Return what stands after FROM to read the parameter ``wanted``, its parts named."""
        return self.named("wanted", names)

    def rows(self, kind: type[Struct]) -> str:
        """Return what stands after FROM to read ``rows``, by the names of their fields."""
        return self.named("rows", kind.__struct_fields__)

    def named(self, parameter: str, names: tuple[str, ...]) -> str:
        """Return what stands after FROM to read a parameter, its parts named."""
        parts = ", ".join(f"{self._part(at, name)} AS {name}" for at, name in enumerate(names))
        return f"(SELECT {parts} FROM {self._elements.format(parameter)})"
