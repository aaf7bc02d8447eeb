"""pods/eviction: a deletion that a PodDisruptionBudget may refuse."""

from typing import Final

from orrery.kinds.kind import Kind
from orrery.machinery.errors import BadRequest
from orrery.machinery.objects import Object
from orrery.store.log import Record
from orrery.verbs import bodies, system_fields
from orrery.verbs.call import Call, DeleteOptions
from orrery.verbs.delete import delete
from orrery.verbs.get_list import get
from orrery.verbs.registry import Registry
from orrery.verbs.subresources.binding import success
from orrery.verbs.subresources.handler import Handler

EVICTION: Final = Kind("policy", "v1", "Eviction", "evictions", "eviction", namespaced=True, verbs=())


class EvictionHandler(Handler):
    """Create only."""

    # DIFFERS: upstream refuses with 429 what a PodDisruptionBudget forbids; we evict always, budgets have no controller yet.

    async def create(self, registry: Registry, call: Call, obj: Object) -> Record:
        eviction = bodies.decoded_as(call, EVICTION, obj)
        meta = system_fields.metadata_of(eviction)
        system_fields.match_namespace(meta, call.namespace)
        if meta.get("name", "") != call.name:
            raise BadRequest("name in URL does not match name in Eviction object")
        get(registry, call)
        options = eviction.get("deleteOptions") or {}
        if options.get("dryRun"):
            call.dry_run = True
        await delete(registry, call, delete_options_of(options))
        return success(201)


def delete_options_of(options: Object) -> DeleteOptions:
    """A DeleteOptions body as the verbs take it."""
    preconditions = options.get("preconditions") or {}
    return DeleteOptions(
        grace_period_s=options.get("gracePeriodSeconds"),
        propagation=options.get("propagationPolicy"),
        orphan_dependents=options.get("orphanDependents"),
        uid=preconditions.get("uid"),
        resource_version=preconditions.get("resourceVersion"),
        raw=options,
    )
