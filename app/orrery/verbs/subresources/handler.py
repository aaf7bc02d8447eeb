"""What a subresource can be asked; a verb it does not have is MethodNotAllowed."""

from typing import Any

from orrery.machinery.errors import MethodNotAllowed, NotImplementedYet
from orrery.machinery.objects import Object
from orrery.store.log import Record
from orrery.verbs.call import Call
from orrery.verbs.get_list import get
from orrery.verbs.patch import patch
from orrery.verbs.registry import Registry
from orrery.verbs.results import PatchType
from orrery.verbs.strategies import Strategy
from orrery.verbs.update import update


class Handler:
    """A subresource without verbs; the real ones override what they have."""

    async def get(self, registry: Registry, call: Call) -> Record:
        raise _not_allowed(call, "get")

    async def create(self, registry: Registry, call: Call, obj: Object) -> Record:
        raise _not_allowed(call, "create")

    async def update(self, registry: Registry, call: Call, obj: Object) -> Record:
        raise _not_allowed(call, "update")

    async def patch(self, registry: Registry, call: Call, patch_type: PatchType, body: Any) -> Record:
        raise _not_allowed(call, "patch")


def _not_allowed(call: Call, action: str) -> MethodNotAllowed:
    return MethodNotAllowed(call.kind.group_resource, action)


class PartOfObject(Handler):
    """A subresource whose body is the whole object, of which only a part may change."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy

    async def get(self, registry: Registry, call: Call) -> Record:
        return get(registry, call)

    async def update(self, registry: Registry, call: Call, obj: Object) -> Record:
        record, _ = await update(registry, call, obj, self._strategy)
        return record

    async def patch(self, registry: Registry, call: Call, patch_type: PatchType, body: Any) -> Record:
        return await patch(registry, call, patch_type, body, strategy=self._strategy)


class NotServedYet(Handler):
    """A subresource that upstream serves and Orrery does not, yet. An object that is not there is still NotFound."""

    # Logs, exec and the other conversations are answered in `api/connect`; where nobody runs containers, they come here.

    async def get(self, registry: Registry, call: Call) -> Record:
        get(registry, call)
        what = f"{call.kind.group_resource}/{call.subresource}"
        raise NotImplementedYet(f"{what} is not emulated here")

    async def create(self, registry: Registry, call: Call, obj: Object) -> Record:
        return await self.get(registry, call)
