"""From what a client sent to the object the server holds: types checked, unknown fields dropped and told, canonical values.

Follows apimachinery's JSON serializer and apiserver's create and update handlers. The work is done by functions that `converters`
compiles from the schema; this module is their entrance, with upstream's words for what is refused. Defaults are not its business.
"""

from typing import Any, Final

from orrery.kinds.kind import Kind
from orrery.kinds.structs.converters import WrongValue, struct_converter
from orrery.kinds.structs.decode_problems import unknown_fields, wrong_type
from orrery.kinds.structs.schema import Struct, find_struct
from orrery.kinds.structs.unstructured_problems import wrong_type_in_map
from orrery.machinery.errors import BadRequest
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import Object

_SCHEME: Final = "pkg/api/legacyscheme/scheme.go:30"
"""How released API servers name their type registry in messages."""
_FIRST: Final = ("kind", "apiVersion", "metadata")
_SUMMARY_CHARS: Final = 30


class WrongType(BadRequest):
    """A value is not of its field's type. `cause` is the decoder's own message, without what it was decoded for."""

    def __init__(self, declared: Struct, raw: Object, cause: str) -> None:
        self.cause = cause
        self._declared, self._raw = declared, raw
        gvk = declared.gvks[0] if declared.gvks else None
        super().__init__(_cannot_be_handled(gvk[2], gvk[1], cause) if gvk else cause)

    @property
    def cause_in_map(self) -> str:
        """The message when the value was made by a strategic merge patch, which upstream does not read as JSON."""
        return wrong_type_in_map(self._declared, self._raw) or self.cause


def _cannot_be_handled(kind: str, version: str, why: str) -> str:
    return f'{kind} in version "{version}" cannot be handled as a {kind}: {why}'


def decode(declared: Struct, raw: Object, strict_errors: list[str]) -> Object:
    """A new canonical object; unknown fields are left out and told in `strict_errors`. WrongType when a value is of the wrong type.

    `kind`, `apiVersion` and `metadata` come first, in this order; all other keys keep the client's order.
    """
    ordered: Object = {key: raw[key] for key in _FIRST if key in raw} if declared.is_object else {}
    ordered.update(raw)
    unknown: list[str] = []
    try:
        decoded: Object = struct_converter(declared.id)(ordered, unknown)
    except ValueError as error:
        raise WrongType(declared, raw, _message(declared, raw, error)) from None
    if unknown:
        strict_errors += unknown_fields(declared, raw)
    return decoded


def _message(declared: Struct, raw: Object, error: ValueError) -> str:
    found = wrong_type(declared, raw)
    return found if found or isinstance(error, WrongValue) else str(error)


def strict_message(errors: list[str]) -> str:
    """The decoder's message about strict errors; each of them alone is the text of a Warning header.

    >>> strict_message(['unknown field "spec.foo"'])
    'strict decoding error: unknown field "spec.foo"'
    """
    return "strict decoding error: " + ", ".join(errors)


def strict_refusal(kind: Kind, errors: list[str]) -> BadRequest:
    """The answer of fieldValidation=Strict."""
    return BadRequest(_cannot_be_handled(kind.kind, kind.version, strict_message(errors)))


def check_type_meta(kind: Kind, raw: Object, body_text: str = "") -> None:
    """Check kind and apiVersion of a body that is meant for `kind`; what is missing is filled in, as the server does.

    BadRequest with upstream's message when they name something else. `body_text` is the body as sent, JSON, for the message's summary.
    """
    found_kind, found_version = raw.get("kind"), raw.get("apiVersion")
    if found_kind == kind.kind and found_version == kind.api_version:
        return
    for key in raw:
        # The first one of the wrong type, in the client's order.
        if key in ("kind", "apiVersion") and not isinstance(raw[key], str | None):
            cause = f"json: cannot unmarshal {_json_name(raw[key])} into Go struct field .{key} of type string"
            raise BadRequest(unrecognized(kind, f"couldn't get version/kind; json parse error: {cause}", body_text))
    group, version = _group_version(kind, found_version or "", body_text=body_text)
    group, version = _with_defaults(group, version, kind=kind)
    _check_gvk(kind, group, version, found_kind or kind.kind)
    raw["kind"], raw["apiVersion"] = kind.kind, kind.api_version


def unrecognized(kind: Kind, why: str, body_text: str) -> str:
    """The message about a body whose kind could not even be read."""
    return f"the object provided is unrecognized (must be of type {kind.kind}): {why} ({summary(body_text.encode())})"


def summary(body: bytes) -> str:
    """The beginning of a body as messages show it: text when it looks like JSON, else hexadecimal."""
    if not body:
        return "<empty>"
    cut = body[:_SUMMARY_CHARS]
    text = cut.decode(errors="replace") if body.startswith(b"{") else cut.hex()
    return f"{text} ..." if len(body) > _SUMMARY_CHARS else text


def _group_version(kind: Kind, api_version: str, *, body_text: str) -> tuple[str, str]:
    group, slash, version = api_version.partition("/")
    if "/" in version:
        raise BadRequest(unrecognized(kind, f"unexpected GroupVersion string: {api_version}", body_text))
    return (group, version) if slash else ("", group)


def _with_defaults(group: str, version: str, *, kind: Kind) -> tuple[str, str]:
    if not group and not version:
        return kind.group, kind.version
    return group, version or (kind.version if group == kind.group else "")


def _check_gvk(kind: Kind, group: str, version: str, name: str) -> None:
    if (group, version, name) == (kind.group, kind.version, kind.kind):
        return
    if not version:
        return
    found = find_struct(group, version, name)
    api_version = f"{group}/{version}" if group else version
    start = f'{name} in version "{version}" cannot be handled as a {kind.kind}: '
    if found is None:
        raise BadRequest(f"{start}no kind {go_quote(name)} is registered for version {go_quote(api_version)} in scheme {go_quote(_SCHEME)}")
    if name == kind.kind and _storage_group(group, name) == _storage_group(kind.group, name):
        raise BadRequest(f"the API version in the data ({api_version}) does not match the expected API version ({kind.api_version})")
    package = kind.group.split(".")[0] or "core"
    raise BadRequest(f"{start}converting ({found.go}) to ({package}.{kind.kind}): unknown conversion")


def _storage_group(group: str, kind: str) -> str:
    """Events of both groups are one internal type, so they convert into each other."""
    return "" if kind == "Event" and group == "events.k8s.io" else group


def _json_name(value: Any) -> str:
    names: dict[type, str] = {bool: "bool", dict: "object", list: "array"}
    return names.get(type(value), "number")
