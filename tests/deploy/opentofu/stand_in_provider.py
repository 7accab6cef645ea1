"""A stand-in for a provider: the real schema, no cloud.

It speaks the engine's plugin protocol (version 6) and answers as a provider would that finds all
well: what is computed is unknown in a plan and made up in an apply. It refuses values that a
description does not list and what ``google_refusals`` names.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgpack
from deploy.opentofu.google_refusals import refusals
from deploy.opentofu.made_up_values import made_up
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

Block = Mapping[str, Any]
UNKNOWN = msgpack.ExtType(0, b"\x00")
WRITE_ONLY = b"\x58\x01"
"""``write_only = true`` of an attribute (field 11), newer than the generated protocol here."""

NESTINGS = {
    "single": pb.Schema.NestedBlock.SINGLE,
    "list": pb.Schema.NestedBlock.LIST,
    "set": pb.Schema.NestedBlock.SET,
}


class StandIn(rpc.ProviderServicer):  # type: ignore[misc]  # generated without types
    """Serves one schema of ``provider_schema.read_wheel``, cut to the types that are wanted."""

    def __init__(self, schema: Mapping[str, Any], wanted: frozenset[str]) -> None:
        self._provider: Block = schema["provider"]
        self._resources: dict[str, Block] = _cut(schema["resources"], wanted)
        self._data: dict[str, Block] = _cut(schema["data"], wanted)
        self._project: str | None = None
        self._schema = self._told()

    def GetMetadata(self, request: Any, context: Any) -> Any:
        return pb.GetMetadata.Response(
            resources=[pb.GetMetadata.ResourceMetadata(type_name=n) for n in self._resources],
            data_sources=[pb.GetMetadata.DataSourceMetadata(type_name=n) for n in self._data],
        )

    def GetProviderSchema(self, request: Any, context: Any) -> Any:
        return self._schema

    def _told(self) -> Any:
        return pb.GetProviderSchema.Response(
            provider=pb.Schema(block=_block(self._provider)),
            resource_schemas={n: pb.Schema(block=_block(b)) for n, b in self._resources.items()},
            data_source_schemas={n: pb.Schema(block=_block(b)) for n, b in self._data.items()},
            # Asked for once: the engine keeps it from then on.
            server_capabilities=pb.ServerCapabilities(get_provider_schema_optional=True),
        )

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:
        return pb.ValidateProviderConfig.Response()

    def ConfigureProvider(self, request: Any, context: Any) -> Any:
        project = (_unpack(request.config) or {}).get("project")
        self._project = project if isinstance(project, str) else None
        return pb.ConfigureProvider.Response()

    def StopProvider(self, request: Any, context: Any) -> Any:
        return pb.StopProvider.Response()

    def GetFunctions(self, request: Any, context: Any) -> Any:
        return pb.GetFunctions.Response()

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:
        said = _unpack(request.config)
        wrong = [
            *_unlisted(self._resources[request.type_name], said),
            *refusals(request.type_name, said),
        ]
        return pb.ValidateResourceConfig.Response(diagnostics=[_error(text) for text in wrong])

    def ValidateDataResourceConfig(self, request: Any, context: Any) -> Any:
        wrong = _unlisted(self._data[request.type_name], _unpack(request.config))
        return pb.ValidateDataResourceConfig.Response(diagnostics=[_error(text) for text in wrong])

    def UpgradeResourceState(self, request: Any, context: Any) -> Any:
        same = pb.DynamicValue(json=request.raw_state.json)
        return pb.UpgradeResourceState.Response(upgraded_state=same)

    def ReadResource(self, request: Any, context: Any) -> Any:
        return pb.ReadResource.Response(new_state=request.current_state)

    def PlanResourceChange(self, request: Any, context: Any) -> Any:
        proposed = _unpack(request.proposed_new_state)
        if proposed is not None and _unpack(request.prior_state) is None:
            proposed = _unknown_where_computed(self._resources[request.type_name], proposed)
        if proposed is not None:
            proposed = _without_write_only(self._resources[request.type_name], proposed)
        return pb.PlanResourceChange.Response(planned_state=_pack(proposed))

    def ApplyResourceChange(self, request: Any, context: Any) -> Any:
        planned = _unpack(request.planned_state)
        if planned is not None:
            planned = self._known(request.type_name, self._resources[request.type_name], planned)
        return pb.ApplyResourceChange.Response(new_state=_pack(planned))

    def ReadDataSource(self, request: Any, context: Any) -> Any:
        block = self._data[request.type_name]
        asked = _unknown_where_computed(block, _unpack(request.config))
        return pb.ReadDataSource.Response(state=_pack(self._known(request.type_name, block, asked)))

    def _known(self, resource: str, block: Block, said: dict[str, Any]) -> dict[str, Any]:
        """Return the same with made-up values where something is unknown."""
        known = dict(said)
        if said.get("project") == UNKNOWN:
            known["project"] = self._project or "stand-in-project"
        for name, attribute in block["attributes"].items():
            if known.get(name) == UNKNOWN:
                known[name] = made_up(resource, name, attribute["type"], known)
        for name, nested in block["blocks"].items():
            known[name] = _each(
                known.get(name), lambda one, b=nested: self._known(resource, b["block"], one)
            )
        return known


def _cut(blocks: Mapping[str, Block], wanted: frozenset[str]) -> dict[str, Block]:
    return {name: block for name, block in blocks.items() if name in wanted}


def _block(block: Block) -> Any:
    shaped = pb.Schema.Block()
    for name, a in block["attributes"].items():
        flags = {flag: True for flag in ("required", "optional", "computed") if a.get(flag)}
        kind = json.dumps(a["type"]).encode()
        shaped.attributes.append(pb.Schema.Attribute(name=name, type=kind, **flags))
        if _is_write_only(block, name):
            shaped.attributes[-1].MergeFromString(WRITE_ONLY)
    for name, b in block["blocks"].items():
        shaped.block_types.append(
            pb.Schema.NestedBlock(
                type_name=name,
                block=_block(b["block"]),
                nesting=NESTINGS[b["nesting"]],
                min_items=b["min"],
                max_items=b["max"],
            )
        )
    return shaped


def _pack(value: Any) -> Any:
    return pb.DynamicValue(msgpack=msgpack.packb(value))


def _unpack(value: Any) -> Any:
    if value.msgpack:
        return msgpack.unpackb(value.msgpack, strict_map_key=False)
    return json.loads(value.json) if value.json else None


def _each(value: Any, change: Any) -> Any:
    """Return a nested block, or each of several, changed."""
    if isinstance(value, list):
        return [change(one) for one in value]
    return change(value) if isinstance(value, dict) else value


def _unknown_where_computed(block: Block, said: dict[str, Any]) -> dict[str, Any]:
    """Return the same with UNKNOWN for what the provider would compute.

    Elements of sets stay as they are: the engine finds them again by their whole value.
    """
    planned = dict(said)
    for name, attribute in block["attributes"].items():
        if attribute.get("computed") and planned.get(name) is None:
            planned[name] = UNKNOWN
    for name, nested in block["blocks"].items():
        if nested["nesting"] != "set":
            planned[name] = _each(
                planned.get(name), lambda one, b=nested: _unknown_where_computed(b["block"], one)
            )
    return planned


def _is_write_only(block: Block, name: str) -> bool:
    """Tell whether an attribute is sent and never kept: the provider pairs it with a version."""
    return name.endswith("_wo") and f"{name}_version" in block["attributes"]


def _without_write_only(block: Block, said: dict[str, Any]) -> dict[str, Any]:
    """Return the same without what no plan and no state may hold."""
    kept = {name: None if _is_write_only(block, name) else value for name, value in said.items()}
    for name, nested in block["blocks"].items():
        kept[name] = _each(
            kept.get(name), lambda one, b=nested: _without_write_only(b["block"], one)
        )
    return kept


def _unlisted(block: Block, said: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """Yield a sentence for each value that the attribute's description does not list."""
    for name, attribute in block["attributes"].items():
        value, listed = said.get(name), attribute.get("values")
        if listed and isinstance(value, str) and value not in listed:
            yield f"{where}{name}: {value!r} is not one of {', '.join(listed)}"
    for name, nested in block["blocks"].items():
        inner = said.get(name)
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, dict):
                yield from _unlisted(nested["block"], one, f"{where}{name}.")


def _error(text: str) -> Any:
    return pb.Diagnostic(
        severity=pb.Diagnostic.ERROR, summary="Refused by the stand-in", detail=text
    )
