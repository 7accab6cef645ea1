"""The schema of the google provider, out of a wheel that was generated from it.

``cdktn-provider-google`` is written by a generator that reads the provider's own schema, and leaves
beside each attribute a comment that says computed, optional, required, and beside each block
whether it is a list or a set. That is what is read here: names, types, blocks, how many of
them, and the values a description lists. What the wheel does not hold is listed in ADR 31.
"""

import gzip
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.opentofu import documented_values

CtyType = str | list[Any]
"""A type as the protocol writes it: "string", ["list", "string"], ["object", {…}]."""

# The generator's name of an attribute's class → the protocol's.
PRIMITIVES = {"String": "string", "Number": "number", "Boolean": "bool", "Any": "dynamic"}

CLASS = re.compile(r"^class (\w+) extends cdktn\.(\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
MEMBER = re.compile(
    r"^ {4}// (?P<name>\w+) - computed: (?P<computed>\w+), optional: (?P<optional>\w+), "
    r"required: (?P<required>\w+)\n(?P<code>.*?)(?=^ {4}// \w+ - computed:|\Z)",
    re.MULTILINE | re.DOTALL,
)
NESTED = re.compile(r"^ {4}_\w+ = new (?:(\w+)\.)?(\w+)\(this, \"\w+\"(?:, (\w+))?\)", re.MULTILINE)
READ = re.compile(r"return (cdktn\.Fn\.tolist\()?this\.get(\w+)Attribute\(")
WRITTEN = re.compile(
    r"^ +(\w+): \{\n +value: (.*),\n +isBlock: (\w+),\n +type: \"(\w+)\",", re.MULTILINE
)
WRITER = re.compile(
    r"^function (\w+)ToHclTerraform\(struct\) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL
)
TYPE_NAME = re.compile(r"static tfResourceType = \"(\w+)\"")
PLURAL = ("List", "Map")
DEEPEST = 10
"""Two types nest a class in itself (the generator folds equal ones); no resource of ours does."""


@dataclass(frozen=True)
class Member:
    """One attribute or block of a class, as the generator's comment declares it."""

    name: str
    computed: bool
    optional: bool
    required: bool
    code: str


@dataclass
class Source:
    """What was generated for one resource: its classes, writers and documented values."""

    bases: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    writers: dict[str, str] = field(default_factory=dict)
    values: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def read(self, script: str, declarations: str) -> None:
        for name, base, body in CLASS.findall(script):
            self.bases[name], self.bodies[name] = base, body
        self.writers.update({name.lower(): body for name, body in WRITER.findall(script)})
        self.values.update(documented_values.of(declarations))

    def members(self, class_name: str) -> Iterator[Member]:
        for found in MEMBER.finditer(self.bodies[class_name]):
            yield Member(
                name=found["name"],
                computed=found["computed"] == "true",
                optional=found["optional"] == "true",
                required=found["required"] == "true",
                code=found["code"],
            )


def read_wheel(wheel: Path) -> dict[str, Any]:
    """Return ``{"name", "version", "provider", "resources", "data"}``, the blocks as JSON.

    ``name`` is the provider's full one, as a mirror of providers has it. Takes some seconds:
    3,700 files are read. ``cached_schema`` keeps the result.
    """
    schema: dict[str, Any] = {"provider": {}, "resources": {}, "data": {}}
    with _archive(wheel) as archive:
        package = json.loads(_text(archive, "package/package.json"))
        schema |= package["cdktn"]["provider"]
        for source in _sources(archive):
            _add(schema, source)
    return schema


def _archive(wheel: Path) -> tarfile.TarFile:
    with zipfile.ZipFile(wheel) as files:
        inner = next(name for name in files.namelist() if name.endswith(".jsii.tgz"))
        return tarfile.open(fileobj=io.BytesIO(gzip.decompress(files.read(inner))))


def _text(archive: tarfile.TarFile, name: str) -> str:
    found = archive.extractfile(name)
    if found is None:
        raise FileNotFoundError(name)
    text = found.read().decode()
    return text[:end] if (end := text.rfind("//# sourceMappingURL")) > 0 else text


def _sources(archive: tarfile.TarFile) -> Iterator[Source]:
    folders: dict[str, list[str]] = {}
    for name in archive.getnames():
        if name.startswith("package/lib/") and name.endswith(".js"):
            folders.setdefault(name.split("/")[2], []).append(name)
    for names in folders.values():
        source = Source()
        for name in names:
            source.read(_text(archive, name), _text(archive, name.removesuffix("js") + "d.ts"))
        yield source


KINDS = {"TerraformResource": "resources", "TerraformDataSource": "data"}


def _add(schema: dict[str, Any], source: Source) -> None:
    for name, base in source.bases.items():
        if base == "TerraformProvider":
            schema["provider"] = Reading(source).block(name)
        elif base in KINDS:
            found = TYPE_NAME.search(source.bodies[name])
            assert found is not None, name
            schema[KINDS[base]][found[1]] = Reading(source).block(name)


@dataclass(frozen=True)
class Reading:
    """Turns the classes of one source into blocks and types of the protocol."""

    source: Source
    depth: int = 0

    def block(self, class_name: str) -> dict[str, Any]:
        """Return ``{"attributes": {name: …}, "blocks": {name: …}}`` of a class."""
        written = self._written(class_name)
        attributes, blocks = {}, {}
        for member in self.source.members(class_name):
            if not written.get(member.name, ("", False))[1]:
                attributes[member.name] = self._attribute(class_name, member)
            elif self.depth < DEEPEST and not self._is_provider(class_name):
                blocks[member.name] = self._nested_block(member, written[member.name])
        return {"attributes": attributes, "blocks": blocks}

    def _written(self, class_name: str) -> dict[str, tuple[str, bool, bool]]:
        """Return name → (list, set or struct; a block; many of them) of what may be configured."""
        if self.source.bases[class_name] == "ComplexObject":
            body = self.source.writers.get(_struct(class_name).lower(), "")
        else:
            body = self.source.bodies[class_name]
        return {
            name: (kind, is_block == "true", "listMapperHcl" in value)
            for name, value, is_block, kind in WRITTEN.findall(body)
        }

    def _is_provider(self, class_name: str) -> bool:
        """Say whether it is the provider's own settings, whose two blocks nobody here sets."""
        return self.source.bases[class_name] == "TerraformProvider"

    def _nested_block(self, member: Member, written: tuple[str, bool, bool]) -> dict[str, Any]:
        nested = NESTED.search(member.code)
        assert nested is not None, member
        kind, _, many = written
        single = kind == "struct"
        return {
            "nesting": "single" if single else kind,
            "min": 0 if single or not member.required else 1,
            "max": 0 if single or many else 1,
            "block": Reading(self.source, self.depth + 1).block(_object_class(nested[2])),
        }

    def _attribute(self, class_name: str, member: Member) -> dict[str, Any]:
        shape: dict[str, Any] = {"type": self._type(class_name, member)}
        for flag in ("required", "optional", "computed"):
            if getattr(member, flag):
                shape[flag] = True
        values = self.source.values.get((_struct(class_name), member.name))
        return shape | ({"values": values} if values else {})

    def _type(self, class_name: str, member: Member) -> CtyType:
        found = NESTED.search(member.code)
        if found is not None:
            return self._nested_type(found)
        read = READ.search(member.code)
        if read is None:  # the provider's own settings are written and never read
            return self._written_type(class_name, member)
        return _list_type(read[2], is_set=read[1] is not None)

    def _nested_type(self, found: "re.Match[str]") -> CtyType:
        _, name, wraps_set = found.groups()
        if found[1] == "cdktn":
            return _computed_map(name)
        inner = {
            m.name: self._type(c, m) for c in [_object_class(name)] for m in self.source.members(c)
        }
        return ["set" if wraps_set == "true" else "list", ["object", inner]]

    def _written_type(self, class_name: str, member: Member) -> CtyType:
        body = self.source.bodies[class_name]
        found = re.search(
            rf"^ +{member.name}: \{{\n +value: cdktn\.(.*)ToHclTerraform", body, re.MULTILINE
        )
        if found is None:
            return "string"  # written alone and never read: passwords
        plain = {"string": "string", "number": "number", "boolean": "bool"}
        kind = plain[found[1].rsplit(".", 1)[-1]]
        if found[1].startswith("listMapperHcl"):
            return ["list", kind]
        return ["map", kind] if found[1].startswith("hashMapperHcl") else kind


def _struct(class_name: str) -> str:
    return class_name.removesuffix("OutputReference")


def _object_class(name: str) -> str:
    for ending in PLURAL:
        if name.endswith(ending):
            return name.removesuffix(ending) + "OutputReference"
    return name


def _list_type(name: str, *, is_set: bool) -> CtyType:
    if name.endswith("List"):
        element = PRIMITIVES[name.removesuffix("List") or "String"]
        return ["set" if is_set else "list", element]
    if name.endswith("Map"):
        return ["map", PRIMITIVES[name.removesuffix("Map")]]
    return PRIMITIVES[name]


def _computed_map(name: str) -> CtyType:
    if name.endswith("MapList"):
        return ["list", ["map", PRIMITIVES[name.removesuffix("MapList")]]]
    return ["map", PRIMITIVES[name.removesuffix("Map")]]
