"""What a kind is: where it is served (`Kind`, from the schema table) and how it behaves (`Behaviour`, silence means the default).

The functions of a behaviour hang on the generic write path:
decode → `default` → `prepare_create`/`prepare_update` → admission → `validate`/`validate_update` → `canonicalize` → store.
They may change the object they are given (it is the writer's own copy), never the old one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from orrery.machinery.field_errors import FieldError
from orrery.machinery.objects import FrozenObject, GroupResource, Object

Errors = list[FieldError]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `kubectl get`; without a name it has cells only. `cell` gets the object and the time now, in seconds."""

    name: str
    cell: Callable[[FrozenObject, float], Any]
    type: str = "string"
    format: str = ""
    priority: int = 0
    """0 is shown always, 1 with `-o wide`."""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the scale subresource finds its numbers, and how it prints the selector."""

    replicas: Callable[[FrozenObject], int]
    set_replicas: Callable[[Object, int], None]
    status_replicas: Callable[[FrozenObject], int]
    selector: Callable[[FrozenObject], str]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What is special about a kind. Every function is optional."""

    default: Callable[[Object], None] | None = None
    """Fill in defaults in place. Idempotent."""
    prepare_create: Callable[[Object], None] | None = None
    """Upstream's PrepareForCreate beyond the generic part (status dropped, generation 1 where the kind has one)."""
    prepare_update: Callable[[Object, FrozenObject], None] | None = None
    """Upstream's PrepareForUpdate beyond the generic part (old status kept; generation up when the spec changed)."""
    prepare_status: Callable[[Object, FrozenObject], None] | None = None
    """For a status update, beyond the generic part (everything but status and metadata is kept from the old object)."""
    validate: Callable[[Object], Errors] | None = None
    """What is wrong with a new object, beyond ObjectMeta, which the generic path checks by `name_rule`."""
    validate_update: Callable[[Object, FrozenObject], Errors] | None = None
    """What is wrong with a change, beyond ObjectMeta; the function decides what of `validate` it repeats, as upstream's does."""
    validate_status: Callable[[Object, FrozenObject], Errors] | None = None
    canonicalize: Callable[[Object], None] | None = None
    warnings: Callable[[Object, FrozenObject | None], Sequence[str]] | None = None
    """Upstream's WarningsOnCreate (old is None) and WarningsOnUpdate: texts of Warning headers."""
    status_warnings: Callable[[Object], Sequence[str]] | None = None
    """Upstream's WarningsOnUpdate of the status."""
    name_rule: Callable[[str, bool], Sequence[str]] | None = None
    """Messages about a name (second argument: it is a generateName prefix); None: a DNS-1123 subdomain."""
    has_generation: bool = False
    """Whether metadata.generation is kept."""
    graceful: Callable[[FrozenObject, int | None], int] | None = None
    """For kinds with graceful deletion (Pod): the grace period to use, from the object and the requested seconds."""
    allow_create_on_update: bool = False
    """Whether a PUT to a name that does not exist creates it."""
    allow_unconditional_update: bool = True
    """Whether a PUT without resourceVersion is accepted."""
    delete_problem: Callable[[str], str] | None = None
    """Why the object of this name may not be deleted by itself; empty when it may."""
    default_orphans: bool = False
    """Whether deletion orphans dependents when no policy is given (upstream: batch/v1 Jobs and the like)."""
    selectable: Callable[[FrozenObject], dict[str, str]] | None = None
    """Field selectors beyond metadata.name and metadata.namespace."""
    scale: Scale | None = None


@dataclass(frozen=True, slots=True)
class Subresource:
    """`verbs` are what discovery lists for it; group, version and kind name what its body is when it is not the parent's."""

    name: str
    kind: str
    verbs: tuple[str, ...]
    group: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A served resource of one group and version."""

    group: str
    version: str
    kind: str
    resource: str
    """The plural in the path: `deployments`."""
    singular: str
    namespaced: bool
    verbs: tuple[str, ...]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[Subresource, ...] = ()
    behaviour: Behaviour = Behaviour()
    columns: tuple[Column, ...] = ()
    """Empty means Name and Created At, upstream's default table."""
    stored_as: "Kind | None" = None
    """Set when the objects are stored as another kind (autoscaling/v1 as v2, events.k8s.io's Events as core Events), with …"""
    to_storage: Callable[[Object], Object] | None = None
    """… how to turn a decoded object of this kind into the stored one, and …"""
    from_storage: Callable[[FrozenObject], Object] | None = None
    """… the stored one into this kind. Both return new objects with their own apiVersion and kind."""

    @property
    def bucket(self) -> GroupResource:
        """Where the log keeps it: the stored kind's resource with its group, `deployments.apps`, `pods`."""
        return (self.stored_as or self).group_resource

    @property
    def group_resource(self) -> GroupResource:
        """As messages print it: `deployments.apps`, `pods`."""
        return f"{self.resource}.{self.group}" if self.group else self.resource

    @property
    def qualified_kind(self) -> str:
        """As Invalid prints it: `Deployment.apps`, `Pod`."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def list_kind(self) -> str:
        return f"{self.kind}List"

    @property
    def has_status(self) -> bool:
        """Whether a status subresource exists, so that plain writes leave status alone."""
        return any(sub.name == "status" for sub in self.subresources)

    def subresource(self, name: str) -> Subresource | None:
        return next((sub for sub in self.subresources if sub.name == name), None)
