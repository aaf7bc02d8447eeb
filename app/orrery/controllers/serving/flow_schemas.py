"""Whether each FlowSchema's priority level exists. Follows the status part of apiserver's flow control; nothing is ever held back."""
# DIFFERS: upstream queues and rejects requests by these objects; we serve every request as it comes.

from collections.abc import Iterable
from typing import Final

from orrery.controllers.conditions import set_condition
from orrery.controllers.engine.controller import DONE, Outcome, key_for, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.machinery.clock import timestamp
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, Object, name_of
from orrery.verbs.client import Client

SCHEMAS: Final = "flowschemas.flowcontrol.apiserver.k8s.io"
LEVELS: Final = "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io"


class FlowSchemaController:
    """A key is a FlowSchema."""

    name = "apf-config-producer"

    def __init__(self, client: Client) -> None:
        self._client = client

    def watch(self, informer: Informer) -> None:
        informer.on(SCHEMAS, lambda change: (key_for("", name_of(change.any)),) if change.is_present else ())
        informer.hear(LEVELS, self._keys_by_level)

    def _keys_by_level(self, change: Change) -> Iterable[str]:
        level = name_of(change.any)
        return [key_for("", name_of(each)) for each in self._client.list(SCHEMAS) if _level_of(each) == level]

    async def reconcile(self, key: str) -> Outcome:
        now = timestamp(self._client.clock.now_s())

        def edit(draft: Object) -> bool:
            level = _level_of(draft)
            about = f"This FlowSchema references the PriorityLevelConfiguration object named {go_quote(level)}"
            if self._client.get(LEVELS, "", level) is None:
                wanted = {"status": "True", "reason": "NotFound", "message": f"{about} but there is no such object"}
            else:
                wanted = {"status": "False", "reason": "Found", "message": f"{about} and it exists"}
            return set_condition(draft, {"type": "Dangling", **wanted}, now)

        await self._client.change(SCHEMAS, *split_key(key), edit, subresource="status")
        return DONE


def _level_of(schema: FrozenObject) -> str:
    return str(((schema.get("spec") or {}).get("priorityLevelConfiguration") or {}).get("name", ""))
