"""The API without HTTP: one method per verb. A thin facade; each verb has its own module.

A call with `call.subresource` set goes to the subresource's handler, whatever the verb. Answers are records: their `body` is
what a client receives, in the kind that was asked for (`call.kind`), even where another kind is stored.
"""

from collections.abc import Sequence
from typing import Any

from orrery.kinds.catalogue import Catalogue
from orrery.machinery.clock import Clock
from orrery.machinery.objects import Object
from orrery.settings import Settings
from orrery.store.log import Log, Record
from orrery.verbs.call import Call, DeleteOptions, ListOptions, User
from orrery.verbs.client import Client
from orrery.verbs.results import Deleted, Listing, PatchType, Watch


class Verbs:
    """Everything a client can ask of a kind."""

    def __init__(self, *, log: Log, catalogue: Catalogue, clock: Clock, settings: Settings, admission: Sequence[Any] | None = None) -> None:
        """`admission` None is the default chain."""
        raise NotImplementedError

    async def create(self, call: Call, obj: Object) -> Record:
        """Create; `call.name` may be empty (the object's own name, or a generated one). With dryRun an unstored record."""
        raise NotImplementedError

    async def get(self, call: Call, resource_version: str | None = None) -> Record:
        raise NotImplementedError

    async def list(self, call: Call, options: ListOptions) -> Listing:
        raise NotImplementedError

    async def update(self, call: Call, obj: Object) -> tuple[Record, bool]:
        """Replace; the flag says that the object was created (HTTP 201)."""
        raise NotImplementedError

    async def patch(self, call: Call, patch_type: PatchType, body: Any) -> Record:
        """`body` is the parsed patch: an object, for JSON a list of operations."""
        raise NotImplementedError

    async def delete(self, call: Call, options: DeleteOptions) -> Deleted:
        raise NotImplementedError

    async def delete_collection(self, call: Call, options: ListOptions, delete_options: DeleteOptions) -> Listing:
        """Delete all that `options` select; the listing holds what was there."""
        raise NotImplementedError

    async def watch(self, call: Call, options: ListOptions) -> Watch:
        """Errors known before the first event are raised; later ones arrive as an ERROR event."""
        raise NotImplementedError

    def client(self, user: User, field_manager: str) -> Client:
        """A component's door to the same verbs, in process."""
        raise NotImplementedError
