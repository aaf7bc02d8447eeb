"""The in-process client: what controllers, scheduler, node and Orrery's own API use instead of HTTP.

Reads come from the watch cache at once (a component's own writes are always in it: `append` returns only after publication);
writes go through the same verbs as everybody's. Buckets name resources: `pods`, `replicasets.apps`.
Objects handed out are frozen: `thaw` one to change it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from orrery.machinery.clock import Clock
from orrery.machinery.objects import FrozenObject, Object
from orrery.store.log import Event, Record, Subscription
from orrery.verbs.call import Propagation


class Client(Protocol):
    """One component's door to the API; made with the component's user and field manager."""

    clock: Clock

    def get(self, bucket: str, namespace: str, name: str) -> FrozenObject | None: ...

    def list(self, bucket: str, namespace: str = "", *, labels: Mapping[str, str] | None = None) -> Sequence[FrozenObject]:
        """Objects in key order; with `labels`, those that carry all of them (by index, not by scan, inside one namespace)."""

    def owned_by(self, bucket: str, uid: str) -> Sequence[FrozenObject]:
        """Objects with an owner reference to `uid`; an empty bucket means all of them."""

    def dependents(self, uid: str) -> Sequence[Record]:
        """Everything with an owner reference to `uid`, unparsed, in the order it came."""

    def by_field(self, bucket: str, field: str, value: str) -> Sequence[FrozenObject]:
        """Objects by an indexed field, for example `pods` by `spec.nodeName`."""

    def records(self, bucket: str) -> Sequence[Record]:
        """All objects of a bucket unparsed, for who looks at the index first."""

    def subscribe(self, bucket: str, callback: Callable[[Event], None]) -> Subscription:
        """Call back for every event of the bucket from now on, in order."""

    async def create(self, bucket: str, obj: Object) -> FrozenObject:
        """Create; metadata.namespace says where. ApiError as HTTP would give (AlreadyExists, Invalid, Forbidden …)."""

    async def hand_over(self, bucket: str, obj: Object) -> None:
        """Create an object that is not looked at again: it is not copied, and what became of it is not read."""

    async def update(self, bucket: str, obj: Object) -> FrozenObject:
        """Replace; metadata.resourceVersion, when present, must be the current one (Conflict)."""

    async def update_status(self, bucket: str, obj: Object) -> FrozenObject:
        """Replace the status only."""

    async def patch(self, bucket: str, namespace: str, name: str, patch: Object, *, subresource: str = "") -> FrozenObject:
        """Merge patch; retried on conflict like upstream's."""

    async def change(
        self, bucket: str, namespace: str, name: str, change: Callable[[Object], bool], *, subresource: str = ""
    ) -> FrozenObject | None:
        """Read, let `change` edit a thawed copy, write, and do it again on conflict. None when the object is gone.

        Of a change of the status only the status is thawed: nothing else of the copy may be edited.
        `change` returns whether there is anything to write; when not, the object as it is comes back.
        """

    async def renew_status(
        self, bucket: str, namespace: str, name: str, plan: Callable[[FrozenObject], Object | None]
    ) -> FrozenObject | None:
        """Write the status that `plan` makes of the newest object, and do it again on conflict. None when the object is gone.

        When `plan` returns None there is nothing to write, and the object as it is comes back.
        """

    async def delete(
        self,
        bucket: str,
        namespace: str,
        name: str,
        *,
        grace_period_s: int | None = None,
        propagation: Propagation | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> None:
        """Delete; NotFound when it is gone, Conflict when uid or resourceVersion differ."""

    async def bind(self, namespace: str, name: str, node: str, *, uid: str = "") -> None:
        """pods/binding: assign the Pod to the node. NotFound when it is gone, Conflict when it has a node, a gate or another uid."""
