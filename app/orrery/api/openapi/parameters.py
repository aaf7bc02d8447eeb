"""Query and path parameters of the operations, and where they come from: the option structs of meta/v1 and core/v1.

# DIFFERS: upstream describes each parameter at length; we say it in a line of our own.
"""

from collections.abc import Iterable
from typing import Any, Final

from orrery.kinds.structs.schema import META, Struct, struct

Parameter = dict[str, Any]

_TYPES: Final = {"bool": "boolean", "int32": "integer", "int64": "integer"}
_CORE: Final = "io.k8s.api.core.v1."
_TEXTS: Final = {
    "allowWatchBookmarks": "Whether a watch also sends BOOKMARK events, which only tell how far it has come.",
    "command": "The command to run and its arguments, one parameter each.",
    "container": "The container of the Pod; may be left out when there is only one.",
    "continue": "The token with which the page before ended: ask for the next one.",
    "dryRun": "With `All` everything is checked and answered, and nothing is stored.",
    "fieldManager": "The name under which this client owns the fields it writes.",
    "fieldSelector": "Only objects whose fields have these values, such as `metadata.name=web`.",
    "fieldValidation": "What becomes of unknown and duplicate fields: `Ignore`, `Warn` (the default) or `Strict`.",
    "follow": "Whether to go on as new lines are written.",
    "force": "Whether an apply takes over fields that others own.",
    "gracePeriodSeconds": "How long the object may take to end; 0 is at once.",
    "ignoreStoreReadErrorWithClusterBreakingPotential": "Whether to delete an object that cannot be read any more.",
    "insecureSkipTLSVerifyBackend": "Whether to trust the node's certificate unseen.",
    "labelSelector": "Only objects with these labels, such as `app=web,tier!=cache`.",
    "limit": "How many objects to answer at most; the answer's `continue` leads to the rest.",
    "limitBytes": "How many bytes to answer at most.",
    "namespace": "The namespace of the object.",
    "orphanDependents": "Deprecated, use propagationPolicy. Whether dependents stay.",
    "path": "The path below the proxied address.",
    "portForward": "The ports to forward.",
    "ports": "The ports to forward.",
    "pretty": "Whether to indent the answer.",
    "previous": "Whether to read the container that ran before this one.",
    "propagationPolicy": "What becomes of dependents: `Orphan`, `Background` or `Foreground`.",
    "resourceVersion": "How new the answer must be, or where a watch starts.",
    "resourceVersionMatch": "How resourceVersion is meant: `Exact` or `NotOlderThan`.",
    "sendInitialEvents": "Whether a watch begins with an ADDED event for every object there is.",
    "sinceSeconds": "Only lines of the last so many seconds.",
    "stderr": "Whether to attach standard error.",
    "stdin": "Whether to attach standard input.",
    "stdout": "Whether to attach standard output.",
    "stream": "Which stream to read: `All`, `Stdout` or `Stderr`.",
    "tailLines": "How many lines from the end.",
    "timeoutSeconds": "When the list or watch ends at the latest.",
    "timestamps": "Whether every line begins with its time.",
    "tty": "Whether to give the process a terminal.",
    "watch": "Whether to stream changes instead of listing.",
}
_SKIPPED: Final = frozenset({"kind", "apiVersion", "preconditions"})
_NEVER_IN_DELETE_COLLECTION: Final = frozenset({"watch", "allowWatchBookmarks", "shardSelector"})


def parameter(name: str, kind: str = "string", *, where: str = "query", text: str = "") -> Parameter:
    found: Parameter = {"name": name, "in": where}
    text = text or _TEXTS.get(name, "")
    if text:
        found["description"] = text
    if where == "path":
        found["required"] = True
    return found | {"schema": {"type": kind, "uniqueItems": True}}


def of_struct(found: Struct, *, without: Iterable[str] = ()) -> list[Parameter]:
    """A query parameter for every simple field of an option struct."""
    skipped = _SKIPPED.union(without)
    return [
        parameter(field.name, _TYPES.get((field.type.item or field.type).name, "string"))
        for field in found.fields.values()
        if field.name not in skipped and field.type.name != "struct"
    ]


def list_options() -> list[Parameter]:
    return of_struct(struct(META + "ListOptions"))


def delete_options() -> list[Parameter]:
    return of_struct(struct(META + "DeleteOptions"))


def delete_collection_options() -> list[Parameter]:
    return _merged(of_struct(struct(META + "ListOptions"), without=_NEVER_IN_DELETE_COLLECTION), delete_options())


def write_options(*, patch: bool = False) -> list[Parameter]:
    """Of create and update; a patch may also be forced."""
    return of_struct(struct(META + ("PatchOptions" if patch else "UpdateOptions")))


def log_options() -> list[Parameter]:
    return of_struct(struct(_CORE + "PodLogOptions"), without=("sinceTime",))


def connect_options(kind: str) -> list[Parameter]:
    return of_struct(struct(_CORE + kind))


def pretty() -> Parameter:
    return parameter("pretty")


def namespace() -> Parameter:
    return parameter("namespace", where="path")


def name_of(kind: str) -> Parameter:
    return parameter("name", where="path", text=f"name of the {kind}")


def sub_path() -> Parameter:
    return parameter("path", where="path")


def _merged(*lists: list[Parameter]) -> list[Parameter]:
    """All parameters, each once."""
    return list({(each["in"], each["name"]): each for found in lists for each in found}.values())


def ordered(found: Iterable[Parameter]) -> list[Parameter]:
    """As upstream sorts them: by name, then by place."""
    return sorted(found, key=lambda each: (each["name"], each["in"]))
