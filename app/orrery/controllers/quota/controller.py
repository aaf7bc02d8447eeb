"""The status of ResourceQuotas: what they limit, and how much of it is used when something goes. What comes is charged by admission.

Follows upstream's resourcequota controller; the counting is the ledger's.
"""

from orrery.controllers.engine.controller import DONE, Outcome, key_for, split_key
from orrery.controllers.engine.informer import Informer
from orrery.machinery.objects import Object
from orrery.verbs.client import Client
from orrery.verbs.quota_ledger import QUOTAS, QuotaLedger, with_status


class ResourceQuotaController:
    """One key is one quota."""

    name = "resourcequota-controller"

    def __init__(self, client: Client, ledger: QuotaLedger) -> None:
        self._client = client
        self._ledger = ledger

    def watch(self, informer: Informer) -> None:
        self._ledger.on_less = lambda namespace, name: informer.queue.add(key_for(namespace, name))
        informer.on(QUOTAS, lambda change: (key_for(change.namespace, change.name),) if change.is_present else ())

    async def reconcile(self, key: str) -> Outcome:
        namespace, name = split_key(key)
        account = self._ledger.account(namespace, name)
        if account is None:
            return DONE

        def edit(draft: Object) -> bool:
            changed = with_status(draft, account)
            draft.update(changed or {})
            return changed is not None

        await self._client.change(QUOTAS, namespace, name, edit, subresource="status")
        return DONE
