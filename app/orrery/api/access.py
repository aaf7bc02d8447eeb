"""What a request asks for, in an authorizer's terms, read from its path, method and query alone.

Follows apiserver's RequestInfo: subresources, `watch` in the path or the query, a list of one name, deletecollection.
"""

from collections.abc import Mapping
from typing import Final

from orrery.api.options import parse_query
from orrery.machinery.selectors import SelectorError, parse_field_selector
from orrery.verbs.access import Attributes

_VERBS: Final[Mapping[str, str]] = {
    "POST": "create",
    "GET": "get",
    "HEAD": "get",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_NAMESPACE_PARTS: Final = frozenset({"status", "finalize"})


def attributes_of(path: str, method: str, raw_query: bytes) -> Attributes:
    """The attributes of any request; one that names no resource is about its path."""
    parts = path.strip("/").split("/")
    is_core = parts[0] == "api"
    first = 2 if is_core else 3
    if parts[0] not in ("api", "apis") or len(parts) <= first:
        return Attributes(method.lower(), path=path)
    group = "" if is_core else parts[1]
    rest = parts[first:]
    verb = _VERBS.get(method, "")
    if rest[0] == "watch" and len(rest) > 1:
        verb, rest = "watch", rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _NAMESPACE_PARTS:
            rest = rest[2:]
    resource, name, subresource = [*rest, "", ""][:3]
    if not name and verb == "get":
        verb, name = _list_or_watch(raw_query)
    if not name and verb == "delete":
        verb = "deletecollection"
    return Attributes(verb, resource, group, subresource, name, namespace)


def _list_or_watch(raw_query: bytes) -> tuple[str, str]:
    """The verb, and the name when the field selector asks for just one."""
    query = parse_query(raw_query)
    watching = query.get("watch", ["false"])[0].lower() not in ("0", "false")
    return "watch" if watching else "list", _selected_name(query.get("fieldSelector", [""])[0])


def _selected_name(selector: str) -> str:
    try:
        return parse_field_selector(selector).equalities.get("metadata.name", "") if selector else ""
    except SelectorError:
        return ""
