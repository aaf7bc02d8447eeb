"""The contract of an admission plugin, and what it gets to see.

Upstream runs a mutating and a validating pass. A plugin that does nothing else decides in the first pass, before the object is validated
by its kind; one whose refusal must come after that, or that counts what is admitted, is a `Validating` one.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from orrery.kinds.catalogue import Catalogue
from orrery.kinds.kind import Kind
from orrery.machinery.clock import Clock
from orrery.machinery.errors import Forbidden
from orrery.machinery.objects import FrozenObject, Object
from orrery.store.log import Log, Record
from orrery.verbs.call import Call


class Action(StrEnum):
    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


class Writer(Protocol):
    """What a plugin needs to write something of its own."""

    @property
    def log(self) -> Log: ...
    @property
    def catalogue(self) -> Catalogue: ...

    async def replace(self, kind: Kind, old: Record, obj: Object) -> Record:
        """Append a changed object; StaleWrite when `old` is no longer the newest."""


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
    """One write, as plugins see it. `obj` is the writer's own and may be changed; it is None for a deletion."""

    writer: Writer
    clock: Clock
    call: Call
    kind: Kind
    """The kind that is stored, not the one that was asked for."""
    action: Action
    obj: Object | None
    old: FrozenObject | None

    @property
    def log(self) -> Log:
        return self.writer.log

    @property
    def name(self) -> str:
        """The name, or the prefix it will be generated from, as messages print it."""
        if self.call.name:
            return self.call.name
        meta = (self.obj or {}).get("metadata") or {}
        return str(meta.get("name") or meta.get("generateName") or "Unknown")

    def forbidden(self, why: str) -> Forbidden:
        return Forbidden(self.kind.group_resource, self.name, why)


class Admission(Protocol):
    """One plugin."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        """Whether `admit` is to be called; asked once per kind, action and subresource."""

    def admit(self, request: AdmissionRequest) -> Awaitable[None] | None:
        """Change `request.obj`, or raise an ApiError. What needs to wait returns an awaitable."""


class Validating(Protocol):
    """One plugin of the second pass: the object is complete and valid, and about to be written."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        """Whether `validate` is to be called; asked once per kind, action and subresource."""

    def validate(self, request: AdmissionRequest) -> Awaitable[None] | None:
        """Raise an ApiError, or add warnings to the call. What needs to wait returns an awaitable."""


class Counting(Validating, Protocol):
    """The last plugin of the second pass, which keeps accounts."""

    def written(self, request: AdmissionRequest) -> None:
        """The write of what was admitted has ended, well or not."""
