"""Which representation a client wants: Accept headers, pretty printing, and the Content-Type of bodies.

Follows upstream's negotiation (goautoneg's order of clauses; parameters `as`, `v`, `g`, `stream`, `sv`, `pretty`), after the
check of its router, which compares names only and knows no `application/*`. What a body contains is for `machinery.bodies`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from orrery.api.failures import MEDIA_TYPES, SERVED_TYPES, NoRepresentation, UnknownPatchType, protobuf_unwritable
from orrery.machinery.errors import NotAcceptable, UnsupportedMediaType
from orrery.verbs.results import PatchType

Encoding = Literal["json", "yaml"]
BodyEncoding = Literal["json", "yaml", "protobuf"]
Transform = Literal["", "Table", "PartialObjectMetadata", "PartialObjectMetadataList", "APIGroupDiscoveryList"]

PROTOBUF: Final = "application/vnd.kubernetes.protobuf"
_ENCODINGS: Final[dict[str, Encoding]] = {"application/json": "json", "application/yaml": "yaml"}
_META_VERSIONS: Final = ("v1", "v1beta1")
_TRANSFORMS: Final[dict[str, Transform]] = {
    "Table": "Table",
    "PartialObjectMetadata": "PartialObjectMetadata",
    "PartialObjectMetadataList": "PartialObjectMetadataList",
}
_HUMANS: Final = (b"curl", b"Wget", b"Mozilla/5.0")
_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_CACHED_LENGTH_MAX: Final = 512


@dataclass(frozen=True, slots=True)
class Format:
    """A representation: the encoding, and what to make of the object first (`version` is the transform's API version)."""

    encoding: Encoding = "json"
    transform: Transform = ""
    version: str = ""
    pretty: bool = False
    """Indented. Upstream ends compact JSON with a newline, and indented JSON without one."""


JSON: Final = Format()
_PLAIN: Final = {"application/json": JSON, "application/yaml": Format("yaml")}
RAW_PRETTY: Final = Format(pretty=True)
"""What an error gets when its own negotiation fails."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One media range of an Accept header."""

    type: str
    subtype: str
    quality: float
    params: Mapping[str, str]


def parse_accept(header: str) -> list[Clause]:
    """The clauses of an Accept header, best first; equal ones stay in the client's order."""
    clauses = [clause for part in header.split(",") if (clause := _parse_clause(part)) is not None]
    clauses.sort(key=lambda clause: (-clause.quality, clause.type == "*", clause.subtype == "*"))
    return clauses


def _parse_clause(text: str) -> Clause | None:
    name, *rest = text.strip().split(";")
    major, slash, minor = name.strip().partition("/")
    if not slash:
        if major != "*":
            return None
        minor = "*"
    params: dict[str, str] = {}
    quality = 1.0
    for item in rest:
        key, equals, value = item.strip().partition("=")
        if not equals:
            continue
        if key.strip() == "q":
            quality = _quality(value)
        else:
            params[key.strip()] = value.strip().strip('"')
    return Clause(major.strip(), minor.strip(), quality, params)


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


def negotiate(accept: bytes | None, *, streams: bool = False, discovery: bool = False) -> Format:
    """The best representation for a resource path (`discovery` for /api and /apis); NotAcceptable when there is none.

    `streams` says that the path also serves watches, which the message then lists.
    """
    if not accept:
        return JSON
    if len(accept) > _CACHED_LENGTH_MAX:
        return _negotiate(accept, streams=streams, discovery=discovery)
    return _negotiate_cached(accept, streams=streams, discovery=discovery)


def negotiate_stream(accept: bytes | None) -> Format:
    """The representation of a watch: JSON lines are all there is."""
    wanted = negotiate(accept, streams=True)
    if wanted.encoding != "json":
        raise NotAcceptable([f"{name};stream=watch" for name in ("application/json", PROTOBUF)])
    return wanted


def negotiate_error(accept: bytes | None) -> Format:
    """How to write a `Status`: never as a Table, and as indented JSON when nothing fits."""
    if not accept:
        return JSON
    for clause in parse_accept(accept.decode("latin-1")):
        found = _match(clause, discovery=False)
        if found is not None and not found.transform:
            return found
    return RAW_PRETTY


def _negotiate(accept: bytes, *, streams: bool, discovery: bool) -> Format:
    header = accept.decode("latin-1")
    if not discovery and not _router_accepts(header, streams=streams):
        raise NoRepresentation(streams=streams)
    clauses = parse_accept(header)
    for clause in clauses:
        found = _match(clause, discovery=discovery)
        if found is not None:
            return found
    if any(f"{clause.type}/{clause.subtype}" == PROTOBUF for clause in clauses):
        raise protobuf_unwritable()
    raise NotAcceptable(MEDIA_TYPES)


_negotiate_cached = lru_cache(maxsize=256)(_negotiate)


def _router_accepts(header: str, *, streams: bool) -> bool:
    """Upstream's router compares the bare names, parameters aside."""
    for part in header.split(","):
        name = part.partition(";")[0].strip()
        if name == "*/*" or name in MEDIA_TYPES:
            return True
    return not header.strip()


def _match(clause: Clause, *, discovery: bool) -> Format | None:
    for name in SERVED_TYPES:
        major, _, minor = name.partition("/")
        if clause.type in (major, "*") and clause.subtype in (minor, "*") and not (clause.type == "*" and clause.subtype != "*"):
            found = _with_params(_PLAIN[name], clause.params, discovery=discovery)
            if found is not None:
                return found
    return None


def _with_params(plain: Format, params: Mapping[str, str], *, discovery: bool) -> Format | None:
    if params.get("stream", "watch") not in ("", "watch") or params.get("sv"):
        return None
    pretty = params.get("pretty") == "1"
    if not any(key in params for key in ("as", "g", "v")):
        return replace(plain, pretty=True) if pretty else plain
    kind, group, version = params.get("as", ""), params.get("g", ""), params.get("v", "")
    if discovery and (kind, group, version) == ("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2"):
        return Format(plain.encoding, "APIGroupDiscoveryList", version, pretty)
    if not discovery and group == "meta.k8s.io" and version in _META_VERSIONS and kind in _TRANSFORMS:
        return Format(plain.encoding, _TRANSFORMS[kind], version, pretty)
    return None


def is_pretty(query: Mapping[str, list[str]], user_agent: bytes) -> bool:
    """Whether a human reads the answer: `?pretty=` decides, else the program that asks."""
    asked = query.get("pretty")
    if asked and asked[0]:
        return asked[0] in _TRUE
    return user_agent.startswith(_HUMANS)


def body_encoding(content_type: bytes | None) -> BodyEncoding:
    """How a request's body is written; JSON when it does not say."""
    if not content_type or content_type == b"application/json":
        return "json"
    name = content_type.decode("latin-1").partition(";")[0].strip().lower()
    if name in _ENCODINGS:
        return _ENCODINGS[name]
    if name == PROTOBUF:
        return "protobuf"
    raise UnsupportedMediaType(MEDIA_TYPES)


# DIFFERS: upstream applies application/apply-patch+yaml on the server; we answer 415 until field ownership is kept.
_PATCH_TYPES: Final = {str(patch_type): patch_type for patch_type in PatchType if patch_type is not PatchType.APPLY}


def patch_type(content_type: bytes | None) -> PatchType:
    """Which kind of patch a body is; UnknownPatchType for what nobody serves."""
    name = (content_type or b"").decode("latin-1").partition(";")[0].strip().lower()
    found = _PATCH_TYPES.get(name)
    if found is None:
        raise UnknownPatchType
    return found
