"""The API without HTTP: one method per verb. A thin facade; each verb has its own module.

A call with `call.subresource` set goes to the subresource's handler, whatever the verb. Answers are records: their `body` is
what a client receives, in the kind that was asked for (`call.kind`), even where another kind is stored.
"""

from collections.abc import Sequence
from typing import Any, Final

from orrery.kinds.catalogue import Catalogue
from orrery.machinery.clock import Clock
from orrery.machinery.objects import Object
from orrery.settings import Settings
from orrery.store.log import Log, Record
from orrery.verbs import create, delete, delete_collection, get_list, metrics, patch, update, virtual, watch
from orrery.verbs.admission.admission import Admission, Counting, Validating
from orrery.verbs.admission.chain import default_chain, default_validators
from orrery.verbs.call import Call, DeleteOptions, ListOptions, User
from orrery.verbs.client import Client
from orrery.verbs.event_expiry import EventExpiry
from orrery.verbs.local_client import LocalClient
from orrery.verbs.ports import Ports
from orrery.verbs.registry import Registry
from orrery.verbs.results import Deleted, Listing, PatchType, Watch
from orrery.verbs.subresources.table import handler_of

_DEPRECATED: Final = {
    "endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    "componentstatuses": "v1 ComponentStatus is deprecated in v1.19+",
}


def _warn_deprecated(call: Call) -> None:
    """Every request for a kind that is on its way out is told so."""
    text = _DEPRECATED.get(call.kind.resource)
    if text is not None:
        call.warnings.append(text)


class Verbs:
    """Everything a client can ask of a kind."""

    def __init__(
        self,
        *,
        log: Log,
        catalogue: Catalogue,
        clock: Clock,
        settings: Settings,
        admission: Sequence[Admission] | None = None,
        validating: Sequence[Validating] | None = None,
        counting: Counting | None = None,
    ) -> None:
        """`admission` and `validating` None are the default plugins of the two passes."""
        self._registry = Registry(
            log=log,
            catalogue=catalogue,
            clock=clock,
            settings=settings,
            admission=default_chain() if admission is None else admission,
            validating=default_validators() if validating is None else validating,
            counting=counting,
        )

    @property
    def ports(self) -> Ports:
        """Where the composition root plugs in who a token belongs to and who may do what."""
        return self._registry.ports

    async def create(self, call: Call, obj: Object) -> Record:
        """Create; `call.name` may be empty (the object's own name, or a generated one). With dryRun an unstored record."""
        _warn_deprecated(call)
        if call.subresource:
            return await handler_of(call).create(self._registry, call, obj)
        if virtual.is_virtual(call.kind):
            return await virtual.create(self._registry, call, obj)
        return await create.create(self._registry, call, obj)

    async def get(self, call: Call, resource_version: str | None = None) -> Record:
        _warn_deprecated(call)
        if call.subresource:
            return await handler_of(call).get(self._registry, call)
        if virtual.is_virtual(call.kind):
            return virtual.get(call)
        if metrics.is_metrics(call.kind):
            return metrics.get(self._registry, call)
        return get_list.get(self._registry, call, resource_version)

    async def list(self, call: Call, options: ListOptions) -> Listing:
        _warn_deprecated(call)
        if virtual.is_virtual(call.kind):
            return virtual.list_objects(self._registry, call)
        if metrics.is_metrics(call.kind):
            return metrics.list_objects(self._registry, call, options)
        return get_list.list_objects(self._registry, call, options)

    async def update(self, call: Call, obj: Object) -> tuple[Record, bool]:
        """Replace; the flag says that the object was created (HTTP 201)."""
        _warn_deprecated(call)
        if call.subresource:
            return await handler_of(call).update(self._registry, call, obj), False
        return await update.update(self._registry, call, obj)

    async def patch(self, call: Call, patch_type: PatchType, body: Any) -> Record:
        """`body` is the parsed patch: an object, for JSON a list of operations."""
        _warn_deprecated(call)
        if call.subresource:
            return await handler_of(call).patch(self._registry, call, patch_type, body)
        return await patch.patch(self._registry, call, patch_type, body)

    async def delete(self, call: Call, options: DeleteOptions) -> Deleted:
        _warn_deprecated(call)
        return await delete.delete(self._registry, call, options)

    async def delete_collection(self, call: Call, options: ListOptions, delete_options: DeleteOptions) -> Listing:
        """Delete all that `options` select; the listing holds what was there."""
        _warn_deprecated(call)
        return await delete_collection.delete_collection(self._registry, call, options, delete_options)

    async def watch(self, call: Call, options: ListOptions) -> Watch:
        """Errors known before the first event are raised; later ones arrive as an ERROR event."""
        _warn_deprecated(call)
        return await watch.watch(self._registry, call, options)

    def client(self, user: User, field_manager: str) -> Client:
        """A component's door to the same verbs, in process."""
        return LocalClient(self._registry, user, field_manager)

    def expire_events(self) -> EventExpiry:
        """Start to remove Events as they get older than `events_ttl_s`; `stop` ends it."""
        return EventExpiry(self._registry)
