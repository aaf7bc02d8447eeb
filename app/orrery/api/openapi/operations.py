"""The paths of a group version and their operations, as upstream's endpoint installer registers and names them.

Reads the catalogue: which verbs and subresources a kind has says which operations there are.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from orrery.api.openapi import parameters
from orrery.api.openapi.parameters import Parameter
from orrery.api.openapi.schemas import DELETE_OPTIONS, PATCH, STATUS, WATCH_EVENT, Schema, ref
from orrery.kinds.kind import Kind, Subresource
from orrery.kinds.structs.schema import META, find_struct

Operation = dict[str, Any]
PathItem = dict[str, Any]

_JSON: Final = "application/json"
_PROTOBUF: Final = "application/vnd.kubernetes.protobuf"
_MEDIA: Final = (_JSON, _PROTOBUF, "application/yaml")
_STREAM_MEDIA: Final = (_JSON, f"{_JSON};stream=watch", _PROTOBUF, f"{_PROTOBUF};stream=watch", "application/yaml")
_PATCH_MEDIA: Final = (
    *("application/apply-patch+yaml", "application/json-patch+json"),
    *("application/merge-patch+json", "application/strategic-merge-patch+json"),
)
_LOG_MEDIA: Final = (*_MEDIA, "text/plain")
_PROXY_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch")
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch")
_REASONS: Final = {200: "OK", 201: "Created", 202: "Accepted"}
_RETURNED_WHEN_DELETED: Final = frozenset(
    {
        *("persistentvolumes", "persistentvolumeclaims", "pods", "podtemplates", "resourcequotas", "services", "serviceaccounts"),
        *("deviceclasses", "resourceclaims", "resourceclaimtemplates", "resourceslices"),
        *("csidrivers", "csinodes", "storageclasses", "volumeattachments", "volumeattributesclasses"),
    }
)
"""Resources whose objects come back when they are deleted; the others answer a Status."""


def group_name(group: str) -> str:
    """How names of operations begin: `core`, `apps`, `rbacAuthorization`."""
    first, *rest = (group or "core").removesuffix(".k8s.io").split(".")
    return first + "".join(map(capitalized, rest))


def capitalized(word: str) -> str:
    return word[:1].upper() + word[1:]


class GroupVersion:
    """Writes the path items of one group version."""

    def __init__(self, group: str, version: str) -> None:
        self.group, self.version = group, version
        self.root = f"/apis/{group}/{version}" if group else f"/api/{version}"
        self._tag = f"{group_name(group)}_{version}"
        self._prefix = capitalized(group_name(group)) + capitalized(version)

    def paths(self, kinds: Iterable[Kind]) -> dict[str, PathItem]:
        """All path items, sorted."""
        found = {f"{self.root}/": self._discovery()}
        for kind in kinds:
            found |= self._of_kind(kind)
        return dict(sorted(found.items()))

    def _discovery(self) -> PathItem:
        operation = {
            "tags": [self._tag],
            "description": "get available resources",
            "operationId": f"get{self._prefix}APIResources",
            "responses": responses(ref(META + "APIResourceList"), (200,), _MEDIA),
        }
        return {"get": operation}

    def _of_kind(self, kind: Kind) -> dict[str, PathItem]:
        scope = "namespaces/{namespace}/" if kind.namespaced else ""
        collection = f"{self.root}/{scope}{kind.resource}"
        found = {collection: self._collection(kind), f"{collection}/{{name}}": self._item(kind)}
        for sub in kind.subresources:
            found |= self._subresource(kind, sub, f"{collection}/{{name}}/{sub.name}")
        if kind.namespaced and "list" in kind.verbs:
            found[f"{self.root}/{kind.resource}"] = self._everywhere(kind)
        if "watch" in kind.verbs:
            found |= self._watches(kind, scope)
        return {path: item for path, item in found.items() if item}

    def _collection(self, kind: Kind) -> PathItem:
        struct_id, scoped = struct_name(kind), self._scoped(kind)
        found = {}
        if "list" in kind.verbs:
            found["get"] = self._operation(
                ("list", _list_text(kind), f"list{self._prefix}{scoped}"),
                kind,
                [*parameters.list_options(), parameters.pretty()],
                responses(ref(f"{struct_id}List"), (200,), _STREAM_MEDIA),
            )
        if "create" in kind.verbs:
            found["post"] = self._operation(
                ("post", f"create {_article(kind.kind)}", f"create{self._prefix}{scoped}"),
                kind,
                [*parameters.write_options(), parameters.pretty()],
                responses(ref(struct_id), (200, 201, 202), _MEDIA),
                body=_body(ref(struct_id)),
            )
        if "deletecollection" in kind.verbs:
            found["delete"] = self._operation(
                ("deletecollection", f"delete collection of {kind.kind}", f"delete{self._prefix}Collection{scoped}"),
                kind,
                [*parameters.delete_collection_options(), parameters.pretty()],
                responses(ref(STATUS), (200,), _MEDIA),
                body=_body(ref(DELETE_OPTIONS), required=False),
            )
        return _item(found, self._place(kind))

    def _item(self, kind: Kind) -> PathItem:
        struct_id, scoped = struct_name(kind), self._scoped(kind)
        found = self._read_and_write(kind, kind.verbs, struct_id, name=scoped, of="the specified " + kind.kind)
        if "delete" in kind.verbs:
            returned = struct_id if kind.resource in _RETURNED_WHEN_DELETED else STATUS
            found["delete"] = self._operation(
                ("delete", f"delete {_article(kind.kind)}", f"delete{self._prefix}{scoped}"),
                kind,
                [*parameters.delete_options(), parameters.pretty()],
                responses(ref(returned), (200, 202), _MEDIA),
                body=_body(ref(DELETE_OPTIONS), required=False),
            )
        return _item(found, [*self._place(kind), parameters.name_of(kind.kind)])

    def _read_and_write(
        self, kind: Kind | Subresource, verbs: Sequence[str], struct_id: str, *, name: str, of: str
    ) -> dict[str, Operation]:
        """get, put and patch of an object or of a part of it."""
        found = {}
        if "get" in verbs:
            found["get"] = self._operation(
                ("get", f"read {of}", f"read{self._prefix}{name}"), kind, [parameters.pretty()], responses(ref(struct_id), (200,), _MEDIA)
            )
        if "update" in verbs:
            found["put"] = self._operation(
                ("put", f"replace {of}", f"replace{self._prefix}{name}"),
                kind,
                [*parameters.write_options(), parameters.pretty()],
                responses(ref(struct_id), (200, 201), _MEDIA),
                body=_body(ref(struct_id)),
            )
        if "patch" in verbs:
            found["patch"] = self._operation(
                ("patch", f"partially update {of}", f"patch{self._prefix}{name}"),
                kind,
                [*parameters.write_options(patch=True), parameters.pretty()],
                responses(ref(struct_id), (200, 201), _MEDIA),
                body=_body(ref(PATCH), media=_PATCH_MEDIA),
            )
        return found

    def _subresource(self, kind: Kind, sub: Subresource, path: str) -> dict[str, PathItem]:
        name = self._scoped(kind) + capitalized(sub.name)
        place = [*self._place(kind), parameters.name_of(sub.kind)]
        if sub.kind.endswith("Options"):
            return self._connect(kind, sub, path, name=name, place=place)
        if sub.name == "log":
            operation = self._operation(
                ("get", f"read log of the specified {kind.kind}", f"read{self._prefix}{name}"),
                kind,
                [*parameters.log_options(), parameters.pretty()],
                responses({"type": "string"}, (200,), _LOG_MEDIA),
            )
            return {path: _item({"get": operation}, place)}
        struct_id = struct_name(kind, sub)
        of = f"{sub.name} of the specified {kind.kind}"
        found = self._read_and_write(self._full(kind, sub), sub.verbs, struct_id, name=name, of=of)
        if "create" in sub.verbs:
            found["post"] = self._operation(
                ("post", f"create {sub.name} of {_article(kind.kind)}", f"create{self._prefix}{name}"),
                self._full(kind, sub),
                [*parameters.write_options(), parameters.pretty()],
                responses(ref(struct_id), (200, 201, 202), _MEDIA),
                body=_body(ref(struct_id)),
            )
        return {path: _item(found, place)}

    def _connect(self, kind: Kind, sub: Subresource, path: str, *, name: str, place: list[Parameter]) -> dict[str, PathItem]:
        is_proxy = sub.name == "proxy"
        methods = _PROXY_METHODS if is_proxy else ("get", "post")
        options = parameters.connect_options(sub.kind)
        found: dict[str, PathItem] = {}
        for suffix, more in (("", []), ("WithPath", [parameters.sub_path()])) if is_proxy else (("", []),):
            operations = {
                method: self._operation(
                    (
                        "connect",
                        f"connect {method.upper()} requests to {sub.name} of {kind.kind}",
                        f"connect{self._prefix}{capitalized(method)}{name}{suffix}",
                    ),
                    self._full(kind, sub),
                    options,
                    responses({"type": "string"}, (200,), ("*/*",)),
                )
                for method in methods
            }
            found[path + ("/{path}" if suffix else "")] = _item(operations, [*place, *more])
        return found

    def _everywhere(self, kind: Kind) -> PathItem:
        operation = self._operation(
            ("list", _list_text(kind), f"list{self._prefix}{kind.kind}ForAllNamespaces"),
            kind,
            [*parameters.list_options(), parameters.pretty()],
            responses(ref(f"{struct_name(kind)}List"), (200,), _STREAM_MEDIA),
        )
        return _item({"get": operation}, [])

    def _watches(self, kind: Kind, scope: str) -> dict[str, PathItem]:
        """The watch paths of old; new clients add `watch=true` to a list."""
        of_list, scoped = f"watch individual changes to a list of {kind.kind}", self._scoped(kind)
        place, watch = self._place(kind), f"{self.root}/watch/"
        found = {
            f"{watch}{scope}{kind.resource}": self._watch(kind, ("watchlist", of_list, f"watch{self._prefix}{scoped}List"), place),
        }
        if kind.namespaced:
            name = f"watch{self._prefix}{kind.kind}ListForAllNamespaces"
            found[f"{watch}{kind.resource}"] = self._watch(kind, ("watchlist", of_list, name), [])
        if "get" in kind.verbs:
            of_one = f"watch changes to an object of kind {kind.kind}"
            found[f"{watch}{scope}{kind.resource}/{{name}}"] = self._watch(
                kind, ("watch", of_one, f"watch{self._prefix}{scoped}"), [*place, parameters.name_of(kind.kind)]
            )
        return found

    def _watch(self, kind: Kind, names: tuple[str, str, str], place: list[Parameter]) -> PathItem:
        action, text, operation_id = names
        text = f"{text}. deprecated: use the 'watch' parameter with a list operation instead"
        text += ", filtered to a single item with the 'fieldSelector' parameter." if action == "watch" else "."
        operation = self._operation(
            (action, text, operation_id),
            kind,
            [*parameters.list_options(), parameters.pretty()],
            responses(ref(WATCH_EVENT), (200,), _STREAM_MEDIA),
        )
        return _item({"get": operation}, place)

    def _operation(
        self,
        names: tuple[str, str, str],
        about: Kind | Subresource,
        query: Sequence[Parameter],
        answers: Schema,
        *,
        body: Schema | None = None,
    ) -> Operation:
        """`names` are the action, the description and the id; `about` is the kind that the body has."""
        action, text, operation_id = names
        found: Operation = {"tags": [self._tag], "description": text, "operationId": operation_id, "parameters": list(query)}
        if body is not None:
            found["requestBody"] = body
        found["responses"] = answers
        found["x-kubernetes-action"] = action
        found["x-kubernetes-group-version-kind"] = {"group": about.group, "version": about.version, "kind": about.kind}
        return found

    def _full(self, kind: Kind, sub: Subresource) -> Subresource:
        """The subresource with the group and version of its body spelled out."""
        return sub if sub.version else Subresource(sub.name, sub.kind, sub.verbs, kind.group, kind.version)

    def _scoped(self, kind: Kind) -> str:
        return ("Namespaced" if kind.namespaced else "") + kind.kind

    def _place(self, kind: Kind) -> list[Parameter]:
        return [parameters.namespace()] if kind.namespaced else []


def struct_name(kind: Kind, sub: Subresource | None = None) -> str:
    """The schema's name of a kind, or of what a subresource takes."""
    group, version, name = (sub.group, sub.version, sub.kind) if sub is not None and sub.version else (kind.group, kind.version, "")
    found = find_struct(group, version, name or (sub.kind if sub is not None else kind.kind))
    if found is None:
        raise LookupError(f"no schema for {kind.api_version} {name or kind.kind}")
    return found.id


def responses(schema: Schema, codes: Sequence[int], media: Sequence[str]) -> Schema:
    """Successful answers with one schema, and 401."""
    content = {name: {"schema": schema} for name in media}
    found: Schema = {str(code): {"description": _REASONS[code], "content": content} for code in codes}
    return found | {"401": {"description": "Unauthorized"}}


def _body(schema: Schema, *, media: Sequence[str] = ("*/*",), required: bool = True) -> Schema:
    content: Schema = {"content": {name: {"schema": schema} for name in media}}
    return content | {"required": True} if required else content


def _item(operations: dict[str, Operation], place: Sequence[Parameter]) -> PathItem:
    """A path item: parameters that all its operations share are the path's own."""
    if not operations:
        return {}
    shared = [
        each for each in next(iter(operations.values()))["parameters"] if all(each in one["parameters"] for one in operations.values())
    ]
    item: PathItem = {}
    for method in _METHODS:
        if method in operations:
            operation = dict(operations[method])
            own = parameters.ordered(each for each in operation.pop("parameters") if each not in shared)
            item[method] = _with_parameters(operation, own)
    common = parameters.ordered([*shared, *place])
    return item | {"parameters": common} if common else item


def _with_parameters(operation: Operation, own: list[Parameter]) -> Operation:
    if not own:
        return operation
    head = {key: operation.pop(key) for key in ("tags", "description", "operationId")}
    return head | {"parameters": own} | operation


def _list_text(kind: Kind) -> str:
    return f"list or watch objects of kind {kind.kind}" if "watch" in kind.verbs else f"list objects of kind {kind.kind}"


def _article(kind: str) -> str:
    if kind.endswith("s") and not kind.endswith("ss"):
        return kind  # Endpoints.
    return ("an " if kind[0] in "AEIOU" else "a ") + kind
