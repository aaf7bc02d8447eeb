"""Deletecollection: list what the selectors mean, delete each. Not atomic, as upstream's."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from orrery.machinery.errors import NotFound
from orrery.machinery.objects import name_of, namespace_of
from orrery.store.log import Record
from orrery.verbs.call import Call, DeleteOptions, ListOptions
from orrery.verbs.delete import check_options, delete, warn_of_orphans
from orrery.verbs.get_list import list_objects
from orrery.verbs.registry import Registry
from orrery.verbs.results import Listing

_TOGETHER_MAX: Final = 500
"""Deletions under way at once: enough to fill the log's batches, few enough to bound memory."""


async def delete_collection(registry: Registry, call: Call, options: ListOptions, delete_options: DeleteOptions) -> Listing:
    """Delete all that `options` select and answer with what was there."""
    check_options(delete_options)
    warn_of_orphans(call, delete_options)
    listing = list_objects(registry, call, options)
    for start in range(0, len(listing.records), _TOGETHER_MAX):
        await _delete_all(registry, call, listing.records[start : start + _TOGETHER_MAX], delete_options)
    return listing


async def _delete_all(registry: Registry, call: Call, records: Sequence[Record], options: DeleteOptions) -> None:
    results = await asyncio.gather(*(_delete_one(registry, call, record, options) for record in records), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, NotFound):
            raise result


async def _delete_one(registry: Registry, call: Call, record: Record, options: DeleteOptions) -> None:
    obj = record.object
    await delete(registry, replace(call, namespace=namespace_of(obj), name=name_of(obj), warnings=call.warnings), options)
