"""Query parameters and DeleteOptions, decoded and checked.

Conversions follow upstream's generated ones: a boolean is false only for `0` and `false`, an integer is what strconv.ParseInt
reads. What is well-formed but not allowed is Invalid, about `ListOptions.meta.k8s.io` and its sisters.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast, get_args
from urllib.parse import parse_qs

from orrery.machinery.errors import BadRequest, Invalid
from orrery.machinery.field_errors import FieldError, forbidden, go_quote, invalid, not_supported, too_long
from orrery.verbs.call import Call, DeleteOptions, FieldValidation, ListOptions, Propagation

Query = Mapping[str, list[str]]

NO_QUERY: Final[Query] = {}
EVERYTHING: Final = ListOptions()
_DEFAULT_DELETE: Final = DeleteOptions()
_FIELD_MANAGER_BYTES_MAX: Final = 128
_INT64_MAX: Final = 2**63 - 1


def parse_query(raw: bytes) -> Query:
    return parse_qs(raw.decode("latin-1"), keep_blank_values=True) if raw else NO_QUERY


def _text(query: Query, key: str) -> str:
    values = query.get(key)
    return values[0] if values else ""


def parse_int64(text: str) -> int:
    """As strconv.ParseInt in base 10; BadRequest with its text."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()):
        raise BadRequest(f"strconv.ParseInt: parsing {go_quote(text)}: invalid syntax")
    number = int(text) if len(digits) < 20 else _INT64_MAX + 1
    if not -_INT64_MAX - 1 <= number <= _INT64_MAX:
        raise BadRequest(f"strconv.ParseInt: parsing {go_quote(text)}: value out of range")
    return number


def _integer(query: Query, key: str) -> int | None:
    values = query.get(key)
    return parse_int64(values[0]) if values else None


def flag(query: Query, key: str) -> bool | None:
    """None when the parameter is absent; anything but `0` and `false` is true."""
    values = query.get(key)
    return None if not values else values[0].lower() not in ("0", "false")


def list_options(query: Query) -> ListOptions:
    """Options of list, watch and deletecollection, as they were given; the verbs refuse what does not go together."""
    if not query:
        return EVERYTHING
    timeout_s = _integer(query, "timeoutSeconds")
    return ListOptions(
        label_selector=_text(query, "labelSelector"),
        field_selector=_text(query, "fieldSelector"),
        resource_version=query["resourceVersion"][0] if "resourceVersion" in query else None,
        resource_version_match=_text(query, "resourceVersionMatch") or None,
        limit=max(_integer(query, "limit") or 0, 0),
        continue_token=_text(query, "continue"),
        timeout_s=float(max(timeout_s, 0)) if timeout_s else None,
        allow_bookmarks=flag(query, "allowWatchBookmarks") or False,
        send_initial_events=flag(query, "sendInitialEvents"),
    )


def apply_write_options(call: Call, query: Query, *, kind: str) -> None:
    """Fill `call` from the query of a create, update or patch; `kind` names the options (`CreateOptions`)."""
    manager = _text(query, "fieldManager")
    validation = _text(query, "fieldValidation")
    dry_run = query.get("dryRun", ())
    errors: list[FieldError] = []
    if kind == "PatchOptions" and "force" in query:
        errors.append(forbidden("force", "may not be specified for non-apply patch"))
    errors += _manager_errors(manager) + _dry_run_errors(dry_run)
    if validation and validation not in get_args(FieldValidation):
        errors.append(not_supported("fieldValidation", validation, ("", "Ignore", "Strict", "Warn")))
    if errors:
        raise Invalid(f"{kind}.meta.k8s.io", "", errors)
    call.dry_run = bool(dry_run)
    call.field_manager = manager or manager_of(call.user_agent)
    call.field_validation = cast(FieldValidation, validation) if validation else "Warn"


def manager_of(user_agent: str) -> str:
    """The field manager of a client that names none: its program's name."""
    name = "".join(char for char in user_agent.partition("/")[0] if char.isprintable())
    return name.encode()[:_FIELD_MANAGER_BYTES_MAX].decode(errors="ignore")


def _manager_errors(manager: str) -> list[FieldError]:
    errors = []
    if len(manager.encode()) > _FIELD_MANAGER_BYTES_MAX:
        errors.append(too_long("fieldManager", _FIELD_MANAGER_BYTES_MAX))
    position = 0
    for char in manager:
        if not char.isprintable():
            errors.append(invalid("fieldManager", manager, f"invalid character {_go_unicode(char)} (at position {position})"))
        position += len(char.encode())
    return errors


def _go_unicode(char: str) -> str:
    """As Go's %#U prints a character that is not printable."""
    return f"U+{ord(char):04X}"


def _dry_run_errors(values: Sequence[str]) -> list[FieldError]:
    return [not_supported("dryRun", list(values), ("All",))] if any(value != "All" for value in values) else []


def delete_options(query: Query, body: Mapping[str, Any] | None, call: Call) -> DeleteOptions:
    """The options of a delete, from its body or, without one, from the query; sets `call.dry_run`."""
    if body is None and not query:
        return _DEFAULT_DELETE
    raw = _raw_from_query(query) if body is None else _checked_body(body)
    errors = _delete_errors(raw)
    if errors:
        raise Invalid("DeleteOptions.meta.k8s.io", "", errors)
    call.dry_run = bool(raw.get("dryRun"))
    preconditions = raw.get("preconditions") or {}
    return DeleteOptions(
        grace_period_s=raw.get("gracePeriodSeconds"),
        propagation=cast(Propagation | None, raw.get("propagationPolicy")),
        orphan_dependents=raw.get("orphanDependents"),
        uid=preconditions.get("uid"),
        resource_version=preconditions.get("resourceVersion"),
        raw=raw,
    )


def _raw_from_query(query: Query) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    if (seconds := _integer(query, "gracePeriodSeconds")) is not None:
        raw["gracePeriodSeconds"] = seconds
    for key in ("orphanDependents", "ignoreStoreReadErrorWithClusterBreakingPotential"):
        if (value := flag(query, key)) is not None:
            raw[key] = value
    if "propagationPolicy" in query:
        raw["propagationPolicy"] = query["propagationPolicy"][0]
    if "dryRun" in query:
        raw["dryRun"] = list(query["dryRun"])
    return raw


def _delete_errors(raw: Mapping[str, Any]) -> list[FieldError]:
    errors = []
    policy = raw.get("propagationPolicy")
    if raw.get("orphanDependents") is not None and policy is not None:
        errors.append(invalid("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set"))
    if policy is not None and policy not in get_args(Propagation):
        errors.append(not_supported("propagationPolicy", policy, ("Foreground", "Background", "Orphan", "nil")))
    return errors + _dry_run_errors(raw.get("dryRun") or ())


_GO_TYPES: Final = {
    "kind": "string",
    "apiVersion": "string",
    "gracePeriodSeconds": "int64",
    "orphanDependents": "bool",
    "propagationPolicy": "v1.DeletionPropagation",
    "dryRun": "[]string",
    "preconditions": "v1.Preconditions",
    "ignoreStoreReadErrorWithClusterBreakingPotential": "bool",
}
_PRECONDITION_TYPES: Final = {"uid": "types.UID", "resourceVersion": "string"}


def _checked_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """The known fields of a DeleteOptions body; unknown ones are dropped, as upstream's lenient decoder does."""
    for key, go_type in _GO_TYPES.items():
        _check(body.get(key), "DeleteOptions", key, go_type)
    for key, go_type in _PRECONDITION_TYPES.items():
        _check((body.get("preconditions") or {}).get(key), "Preconditions.preconditions", key, go_type)
    for item in body.get("dryRun") or ():
        _check(item, "DeleteOptions", "dryRun", "string")
    kind, version = body.get("kind") or "DeleteOptions", body.get("apiVersion") or "v1"
    if kind != "DeleteOptions":
        raise BadRequest(f'no kind {go_quote(kind)} is registered for version {go_quote(version)} in scheme "pkg/runtime/scheme.go:111"')
    return {key: body[key] for key in _GO_TYPES if body.get(key) is not None and key not in ("kind", "apiVersion")}


def _check(value: Any, struct: str, key: str, go_type: str) -> None:
    """Raise Go's complaint when `value` does not fit its field."""
    expected: type = {"int64": int, "bool": bool, "[]string": list, "v1.Preconditions": dict}.get(go_type, str)
    if value is None or (isinstance(value, expected) and not (expected is int and isinstance(value, bool))):
        return
    raise BadRequest(f"json: cannot unmarshal {_go_value(value)} into Go struct field {struct}.{key} of type {go_type}")


def _go_value(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, float):
        return f"number {value:g}"
    names: dict[type, str] = {int: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]
