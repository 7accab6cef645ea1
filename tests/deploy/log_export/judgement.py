"""What is wrong with a configuration of fluent-bit for this product's log."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from deploy.log_export.configuration import Section, mistakes_of_grammar, of, sections, tags

_BUILT_IN: Final = frozenset({"cri", "docker", "go", "java", "python", "ruby"})
_LOSING: Final = frozenset({"grep", "throttle", "throttle_size", "lua", "sampling", "wasm"})
"""Filters that can take records away."""

_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_SPLIT: Final = "$stream ^audit$ audit.$TAG false"
AUDIT: Final = "audit."


def complaints(text: str, *, environment: Mapping[str, str]) -> list[str]:
    """Return what is wrong, a line each.

    ``environment`` is what the process finds. Not known: whether fluent-bit takes the value of
    every property; its own dry run says that.
    """
    if broken := mistakes_of_grammar(text):
        return [f"not fluent-bit's grammar: {where}" for where in broken]
    known = sections(text)
    found = [line for check in _CHECKS for line in check(known)]
    unset = sorted(set(_VARIABLE.findall(text)) - set(environment))
    return [*found, *(f"${{{name}}} is set nowhere" for name in unset)]


def _routes(known: Sequence[Section]) -> Iterator[str]:
    carried = tags(known)
    outputs = of(known, "OUTPUT")
    for section in [*of(known, "FILTER"), *outputs]:
        if not any(section.takes(tag) for tag in carried):
            yield f"{section.name} matches {section.get('match')}, which nothing has"
    for prefix in sorted({tag.partition(".")[0] for tag in carried}):
        sent = [one for one in outputs if any(one.takes(tag) for tag in _of(prefix, carried))]
        if len(sent) != 1:
            yield f"the stream {prefix} has {len(sent)} outputs"


def _of(prefix: str, carried: Sequence[str]) -> list[str]:
    return [tag for tag in carried if tag.partition(".")[0] == prefix]


def _parsers(known: Sequence[Section]) -> Iterator[str]:
    made = {one.name for one in known if one.kind in {"PARSER", "MULTILINE_PARSER"}}
    for section in of(known, "INPUT"):
        named = [name.strip() for name in section.get("multiline.parser").split(",") if name]
        if "cri" not in named:
            yield "lines of containerd are not taken apart: no multiline.parser cri"
        yield from (f"no such parser: {name}" for name in named if name not in _BUILT_IN | made)
        if section.get("parser"):
            yield f"parser {section.get('parser')}: for other lines than a runtime's of today"


def _input(known: Sequence[Section]) -> Iterator[str]:
    for section in of(known, "INPUT"):
        if not section.get("tag").endswith("*"):
            yield f"the tag {section.get('tag')} does not say of which pod a line is"
        for wanted in ("db", "mem_buf_limit"):
            if not section.get(wanted):
                yield f"the input has no {wanted}: a restart loses lines or brings them twice"
        if section.get("storage.type") != "filesystem":
            yield "the input keeps what is not sent yet in memory alone"
        if section.get("read_from_head").lower() not in {"on", "true"}:
            yield "lines that were there before it are not read"


def _storage(known: Sequence[Section]) -> Iterator[str]:
    (service,) = of(known, "SERVICE")
    if not service.get("storage.path"):
        yield "no storage.path: there is no buffer on disk"
    if service.get("storage.sync") != "full":
        yield "a buffer that a power cut takes: storage.sync is not full"


def _pods(known: Sequence[Section]) -> Iterator[str]:
    filters = [one for one in of(known, "FILTER") if one.name == "kubernetes"]
    if not filters:
        yield "nobody says of which pod a line is"
    for one in filters:
        if one.get("kube_tag_prefix") != "kube.var.log.containers.":
            yield "Kube_Tag_Prefix is not what the tag begins with"
        if one.get("merge_log").lower() != "on":
            yield "the server's members are not read: no Merge_Log"
        if one.get("k8s-logging.exclude").lower() != "off":
            yield "a pod's annotation can take its lines away"


def _split(known: Sequence[Section]) -> Iterator[str]:
    filters = of(known, "FILTER")
    kinds = [one.name for one in filters]
    splits = [one for one in filters if one.name == "rewrite_tag" and _SPLIT in one.get("rule")]
    if not splits:
        yield "the audit is no stream of its own"
        return
    (split,) = splits
    position = filters.index(split)
    if split.get("emitter_storage.type") != "filesystem" or not split.get("emitter_name"):
        yield "the audit has no buffer of its own on disk"
    if "kubernetes" not in kinds[:position]:
        yield "the audit is looked for before the server's members are read"
    renames = [one for one in filters[: kinds.index("kubernetes")] if one.name == "modify"]
    if not any(one.get("rename").split()[:1] == ["stream"] for one in renames):
        yield "the runtime's own stream hides the server's"


def _nothing_is_lost(known: Sequence[Section]) -> Iterator[str]:
    before = {tag for section in of(known, "INPUT") for tag in tags([section])}
    audit = {tag for tag in tags(known) if tag.startswith(AUDIT)} | before
    for one in of(known, "FILTER"):
        if one.name in _LOSING and any(one.takes(tag) for tag in audit):
            yield f"{one.name} can take lines of the audit away"


def _outputs(known: Sequence[Section]) -> Iterator[str]:
    for one in of(known, "OUTPUT"):
        if one.get("severity"):
            yield f"every line has the severity {one.get('severity')}"
        if one.name == "stackdriver" and one.get("severity_key") != "severity":
            yield "the severity is not the line's own"
        if one.name == "stackdriver" and one.get("resource") == "k8s_container":
            yield from _named(one, tags(known))
        if not one.get("retry_limit"):
            yield "an output gives up after one more try"
        if one.get("match").startswith(AUDIT):
            yield from _patient(one)


def _named(one: Section, carried: Sequence[str]) -> Iterator[str]:
    for wanted in ("k8s_cluster_name", "k8s_cluster_location"):
        if not one.get(wanted):
            yield f"Cloud Logging takes no line without {wanted}"
    prefix = one.get("tag_prefix")
    if not prefix or not all(tag.startswith(prefix) for tag in carried if one.takes(tag)):
        yield "tag_prefix is not what the tags begin with"


def _patient(one: Section) -> Iterator[str]:
    if one.get("retry_limit").lower() not in {"no_limits", "false"}:
        yield "the audit is given up some time"
    if one.get("storage.total_limit_size"):
        yield "the oldest of the audit is thrown away when its buffer is full"


_CHECKS: Final[tuple[Callable[[Sequence[Section]], Iterator[str]], ...]] = (
    _routes,
    _parsers,
    _input,
    _storage,
    _pods,
    _split,
    _nothing_is_lost,
    _outputs,
)
