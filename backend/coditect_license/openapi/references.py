"""How one part of the document points to another."""


def in_components(kind: str, name: str) -> dict[str, str]:
    """Return a reference to a component, such as ``("schemas", "Problem")``."""
    return {"$ref": f"#/components/{kind}/{name}"}
