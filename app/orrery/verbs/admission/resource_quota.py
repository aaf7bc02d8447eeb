"""ResourceQuota: nothing is admitted that would take a namespace over its quotas, and the use is written down before the object is.

Requests that come together are weighed together and cost one write for each quota, as in upstream's plugin.
"""

import asyncio
from collections.abc import Awaitable
from typing import Final, NamedTuple

from orrery.kinds.cluster.quota_usage import CLAIMS, NOT_COUNTED, PODS, SERVICES, has_deadline, missing_of_pod
from orrery.kinds.kind import Kind
from orrery.machinery.objects import Object
from orrery.machinery.quantities import Quantity, of_nano
from orrery.store.log import StaleWrite, key_of
from orrery.verbs.admission.admission import Action, AdmissionRequest, Writer
from orrery.verbs.quota_ledger import QUOTAS, QuotaAccount, QuotaLedger, with_status

_UPDATED: Final = {(SERVICES, ""), (CLAIMS, ""), (CLAIMS, "status"), (PODS, ""), (PODS, "resize")}
"""What is weighed again when it changes; everything else only when it is created."""


class _Waiting(NamedTuple):
    request: AdmissionRequest
    done: asyncio.Future[None]


class ResourceQuota:
    """Upstream's plugin of the same name."""

    def __init__(self, ledger: QuotaLedger) -> None:
        self._ledger = ledger
        self._waiting: dict[str, list[_Waiting]] = {}
        """By namespace; an entry means that somebody is weighing them."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        if not kind.namespaced or kind.group_resource in NOT_COUNTED:
            return False
        is_new = action is Action.CREATE and not subresource
        return is_new or (action is Action.UPDATE and (kind.group_resource, subresource) in _UPDATED)

    def validate(self, request: AdmissionRequest) -> Awaitable[None] | None:
        if not self._ledger.accounts(request.call.namespace) or not _is_weighed(request):
            return None
        return self._weigh(request)

    def written(self, request: AdmissionRequest) -> None:
        """The object is there now, or never will be."""
        if self._ledger.accounts(request.call.namespace) and not request.call.dry_run:
            self._ledger.release(*_place(request))

    async def _weigh(self, request: AdmissionRequest) -> None:
        namespace = request.call.namespace
        me = _Waiting(request, asyncio.get_running_loop().create_future())
        queue = self._waiting.get(namespace)
        if queue is not None:
            queue.append(me)
            await me.done
            return
        queue = self._waiting[namespace] = [me]
        try:
            while queue:
                batch = queue[:]
                queue.clear()
                await self._weigh_together(batch)
        finally:
            del self._waiting[namespace]
            for left in queue:
                left.done.cancel()
        me.done.result()

    async def _weigh_together(self, batch: list[_Waiting]) -> None:
        admitted: list[_Waiting] = []
        for one in batch:
            try:
                self._charge(one.request)
                admitted.append(one)
            except Exception as refusal:  # Whatever it is, it belongs to the request that brought it.
                one.done.set_exception(refusal)
        try:
            await self._publish(batch[0].request)
        except Exception as failure:
            for one in admitted:
                self.written(one.request)
                one.done.set_exception(failure)
            return
        for one in admitted:
            if not one.done.done():
                one.done.set_result(None)

    def _charge(self, request: AdmissionRequest) -> None:
        """Hold the object's share, or refuse it."""
        obj = request.obj
        assert obj is not None
        bucket = request.kind.bucket
        for account in self._ledger.accounts(request.call.namespace):
            if not account.counts(bucket, obj):
                continue
            if bucket == PODS and (missing := missing_of_pod(obj, account.names_of(bucket))):
                raise request.forbidden(f"failed quota: {account.name}: {missing}")
        for account in self._ledger.accounts(request.call.namespace):
            self._check(request, account, obj)
        if not request.call.dry_run:
            self._ledger.hold(*_place(request), obj)

    def _check(self, request: AdmissionRequest, account: QuotaAccount, obj: Object) -> None:
        bucket, hard = request.kind.bucket, account.hard
        before = account.share_of(bucket, request.old) if request.old is not None else {}
        asked: dict[str, Quantity] = {}
        for name, quantity in account.share_of(bucket, obj).items():
            more = quantity.nano - (before[name].nano if name in before else 0)
            if more > 0:
                asked[name] = of_nano(more, quantity.family)
        exceeded = sorted(name for name, quantity in asked.items() if account.used[name] + quantity.nano > hard[name].nano)
        if exceeded and request.call.subresource != "status":
            used = account.used_quantities()
            parts = (("requested", asked), ("used", used), ("limited", hard))
            told = ", ".join(f"{word}: {','.join(f'{name}={amounts[name].text}' for name in exceeded)}" for word, amounts in parts)
            raise request.forbidden(f"exceeded quota: {account.name}, {told}")

    async def _publish(self, request: AdmissionRequest) -> None:
        """Write the use of every quota of the namespace that has changed."""
        writes = (publish(request.writer, account) for account in self._ledger.accounts(request.call.namespace))
        await asyncio.gather(*writes)


def _is_weighed(request: AdmissionRequest) -> bool:
    """A Pod's update counts only when it moves between scopes, or is a resize."""
    if request.kind.bucket != PODS or request.old is None or request.call.subresource:
        return True
    return request.obj is not None and has_deadline(request.obj) is not has_deadline(request.old)


def _place(request: AdmissionRequest) -> tuple[str, str, str]:
    meta = (request.obj or {}).get("metadata") or {}
    return request.kind.bucket, request.call.namespace, str(meta.get("name") or request.call.name)


async def publish(writer: Writer, account: QuotaAccount) -> None:
    """Write a quota's limits and use into its status, if they are not there."""
    key = key_of(QUOTAS, account.namespace, account.name)
    while True:
        record = writer.log.find(key)
        if record is None:
            return
        changed = with_status(record.object, account)
        if changed is None:
            return
        try:
            await writer.replace(writer.catalogue.stored(QUOTAS), record, changed)
            return
        except StaleWrite:
            await writer.log.settled(key)
