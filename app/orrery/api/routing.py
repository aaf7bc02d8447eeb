"""From a path to a resource: one split and a few dictionary look-ups, however many kinds there are.

    /api/v1/namespaces/NS/pods/NAME/SUB      /apis/apps/v1/deployments      /api/v1/watch/namespaces/NS/pods

Which methods a path has follows the verbs of its kind, as upstream's installer registers them. A path that exists with other
methods raises WrongMethod, one that does not raises PathNotFound; a group or version nobody serves is for `discovery` to refuse.
"""

from dataclasses import dataclass, field
from typing import Final

from orrery.api.failures import WrongMethod
from orrery.kinds.catalogue import Catalogue
from orrery.kinds.kind import Kind
from orrery.machinery.errors import PathNotFound

_COLLECTION_METHODS: Final = {"list": "GET", "create": "POST", "deletecollection": "DELETE"}
_ITEM_METHODS: Final = {"get": "GET", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}
_SUBRESOURCE_METHODS: Final = {"get": "GET", "create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}
_DEPRECATED: Final = {
    ("", "v1", "endpoints"): "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ("", "v1", "componentstatuses"): "v1 ComponentStatus is deprecated in v1.19+",
}
_NAMESPACE_PARTS: Final = frozenset({"finalize", "status"})
_PROXY: Final = "proxy"
"""The subresource that takes any path after it, and any method."""
_PROXY_METHODS: Final = dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"), "connect")


def _methods(names: tuple[str, ...], methods: dict[str, str]) -> dict[str, str]:
    """The verb for each method."""
    return {methods[verb]: verb for verb in names if verb in methods}


@dataclass(slots=True)
class Served:
    """A kind with what the router asks of it, worked out once."""

    kind: Kind
    collection: dict[str, str] = field(init=False)
    everywhere: dict[str, str] = field(init=False)
    """Methods over all namespaces."""
    item: dict[str, str] = field(init=False)
    subresources: dict[str, dict[str, str]] = field(init=False)
    watches: dict[str, str] = field(init=False)
    prefix: bytes = field(init=False)
    """How the body of every object of this kind begins."""
    list_head: bytes = field(init=False)
    """How a list begins, up to its metadata."""
    deprecation: str = field(init=False)
    """A warning that every answer carries, or empty."""

    def __post_init__(self) -> None:
        kind = self.kind
        self.collection = _methods(kind.verbs, _COLLECTION_METHODS)
        self.everywhere = {"GET": "list"} if "list" in kind.verbs else {}
        self.item = _methods(kind.verbs, _ITEM_METHODS)
        self.subresources = {sub.name: _methods(sub.verbs, _SUBRESOURCE_METHODS) for sub in kind.subresources}
        self.watches = {"GET": "watch"} if "watch" in kind.verbs else {}
        self.prefix = f'{{"kind":"{kind.kind}","apiVersion":"{kind.api_version}",'.encode()
        self.deprecation = _DEPRECATED.get((kind.group, kind.version, kind.resource), "")
        self.list_head = f'{{"kind":"{kind.list_kind}","apiVersion":"{kind.api_version}","metadata":'.encode()


@dataclass(slots=True)
class Target:
    """What a path and a method mean. `verb` is get, list, create, update, patch, delete, deletecollection or watch."""

    served: Served
    verb: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""


class Router:
    """Reads paths by the catalogue, which may grow at run time."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._served: dict[tuple[str, str, str], Served] = {}

    def target(self, path: str, method: str) -> Target:
        """The meaning of a path under /api/VERSION/ or /apis/GROUP/VERSION/."""
        parts = path.split("/")
        if parts[-1] == "":
            parts.pop()
        if parts[1] == "api":
            group, version, at = "", parts[2], 3
        else:
            group, version, at = parts[2], parts[3], 4
        watching = len(parts) > at and parts[at] == "watch"
        return self._target(group, version, parts[at + 1 :] if watching else parts[at:], method, watching=watching)

    def _target(self, group: str, version: str, rest: list[str], method: str, *, watching: bool) -> Target:
        namespace = ""
        if len(rest) >= 3 and rest[0] == "namespaces" and rest[1] and not (len(rest) == 3 and rest[2] in _NAMESPACE_PARTS and not group):
            namespace, rest = rest[1], rest[2:]
        if not rest or "" in rest[:3]:
            raise PathNotFound
        served = self._find(group, version, rest[0])
        if served is None or (namespace and not served.kind.namespaced) or (len(rest) > 1 and served.kind.namespaced and not namespace):
            raise PathNotFound
        found = self._methods_at(served, rest, all_namespaces=not namespace, watching=watching)
        if not found:
            raise PathNotFound
        verb = found.get(method)
        if verb is None:
            raise WrongMethod
        return Target(served, verb, namespace, rest[1] if len(rest) > 1 else "", rest[2] if len(rest) > 2 else "")

    @staticmethod
    def _methods_at(served: Served, rest: list[str], *, all_namespaces: bool, watching: bool) -> dict[str, str]:
        depth = len(rest)
        if watching:
            return served.watches if depth <= 2 else {}
        if depth == 1:
            return served.everywhere if all_namespaces and served.kind.namespaced else served.collection
        if depth == 2:
            return served.item
        if rest[2] == _PROXY and _PROXY in served.subresources:
            return _PROXY_METHODS
        if depth > 3:
            return {}
        return served.subresources.get(rest[2], {})

    def _find(self, group: str, version: str, resource: str) -> Served | None:
        kind = self._catalogue.find(group, version, resource)
        if kind is None:
            return None
        key = (group, version, resource)
        served = self._served.get(key)
        if served is None or served.kind is not kind:
            served = self._served[key] = Served(kind)
        return served
