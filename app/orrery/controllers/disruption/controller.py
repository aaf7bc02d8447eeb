"""The status of PodDisruptionBudgets: how many of their Pods are healthy, and how many may be evicted.

Follows upstream's disruption controller. Evictions themselves are `verbs/subresources/eviction.py`'s, which reads this status.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from orrery.controllers.disruption.plan import needs_scale, new_status, still_disrupted
from orrery.controllers.disruption.scales import Scales, UnknownScale
from orrery.controllers.engine.batching import Batching
from orrery.controllers.engine.controller import DONE, Outcome, key_for, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.pods import condition_of, is_ready
from orrery.kinds.workloads.poddisruptionbudget import set_disruption_allowed
from orrery.machinery.clock import timestamp
from orrery.machinery.go_print import go_label_selector
from orrery.machinery.objects import FrozenObject, Object, controller_of, labels_of, name_of, namespace_of
from orrery.machinery.selectors import LabelSelector, SelectorError
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

BUCKET: Final = "poddisruptionbudgets.policy"


class DisruptionController:
    """One key is one budget."""

    name = "disruption-controller"

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._recorder = recorder
        self._scales = Scales(client)
        self._batching = Batching(client.clock)
        self._selectors: dict[str, dict[str, LabelSelector]] = {}
        """By namespace and name: a namespace has a handful of budgets."""

    def watch(self, informer: Informer) -> None:
        informer.observe(BUCKET, self._observe)
        informer.on(BUCKET, lambda change: (key_for(change.namespace, change.name),) if change.is_present else ())
        informer.hear("pods", lambda change: self._batching.ready(self._keys_of_pod(change), informer.queue))

    def _observe(self, change: Change) -> None:
        budgets = self._selectors.setdefault(change.namespace, {})
        if change.new is None:
            budgets.pop(change.name, None)
        else:
            budgets[change.name] = _selector_of(change.new)
        if not budgets:
            del self._selectors[change.namespace]

    def _keys_of_pod(self, change: Change) -> Iterable[str]:
        """Budgets that select the Pod or did before, when something changed that they count."""
        budgets = self._selectors.get(change.namespace)
        if not budgets:
            return ()
        every = [change.record.index.labels, *([change.former.index.labels] if change.former is not None else [])]
        keys = [key_for(change.namespace, name) for name, selector in budgets.items() if any(map(selector.matches, every))]
        if not keys or (change.old is not None and change.new is not None and _counted(change.old) == _counted(change.new)):
            return ()
        return keys

    async def reconcile(self, key: str) -> Outcome:
        namespace, name = split_key(key)
        budget = self._client.get(BUCKET, namespace, name)
        if budget is None:
            self._batching.looked(key, 0)
            return DONE
        pods = self._pods_of(budget)
        self._batching.looked(key, len(pods))
        if not pods:
            self._recorder.event(budget, "Normal", "NoPods", "No matching pods found")
        try:
            expected, unmanaged = self._expected(budget, pods)
        except UnknownScale as problem:
            text = f"Failed to calculate the number of expected pods: {problem}"
            self._recorder.event(budget, "Warning", "CalculateExpectedPodCountFailed", text)
            await self._fail(budget, str(problem))
            return DONE
        if unmanaged:
            self._recorder.event(budget, "Warning", "UnmanagedPods", _UNMANAGED.format(go_label_selector(budget["spec"].get("selector"))))
        return await self._update(budget, pods, expected)

    def _pods_of(self, budget: FrozenObject) -> Sequence[FrozenObject]:
        selector = _selector_of(budget)
        if selector.is_nothing:
            return ()
        pods = self._client.list("pods", namespace_of(budget), labels=selector.equalities or None)
        return [pod for pod in pods if selector.matches(labels_of(pod))]

    def _expected(self, budget: FrozenObject, pods: Sequence[FrozenObject]) -> tuple[int, bool]:
        """How many Pods there should be, and whether some have no controller."""
        if not needs_scale(budget["spec"]):
            return len(pods), False
        return self._scales.of(pods), any(controller_of(pod) is None for pod in pods)

    async def _update(self, budget: FrozenObject, pods: Sequence[FrozenObject], expected: int) -> Outcome:
        now_s = self._client.clock.now_s()
        disrupted, overdue, again_s = still_disrupted(budget, pods, now_s)
        for pod in overdue:
            place = f"{namespace_of(budget)}/{namespace_of(budget)}"  # Upstream prints the namespace where the name belongs.
            self._recorder.event(pod, "Warning", "NotDeleted", f"Pod was expected by PDB {place} to be deleted but it wasn't")

        def change(draft: Object) -> bool:
            status = new_status(draft, pods, expected, disrupted, now=timestamp(now_s))
            before, draft["status"] = draft.get("status"), status
            return bool(before != status)

        await self._client.change(BUCKET, namespace_of(budget), name_of(budget), change, subresource="status")
        return requeue_after(again_s - now_s) if again_s else DONE

    async def _fail(self, budget: FrozenObject, why: str) -> None:
        """What cannot be counted may not be disrupted."""
        now = timestamp(self._client.clock.now_s())

        def change(draft: Object) -> bool:
            status = draft.setdefault("status", {})
            status["disruptionsAllowed"] = 0
            set_disruption_allowed(status, now, reason="SyncFailed", message=why)
            return True

        await self._client.change(BUCKET, namespace_of(budget), name_of(budget), change, subresource="status")


_UNMANAGED: Final = (
    "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the status of the PDB cannot be "
    'calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the '
    "PDB to an integer value."
)


def _selector_of(budget: FrozenObject) -> LabelSelector:
    try:
        return LabelSelector.of(budget["spec"].get("selector"))
    except SelectorError:
        return LabelSelector.of(None)


def _counted(pod: FrozenObject) -> tuple[object, ...]:
    return labels_of(pod), is_ready(pod), pod["metadata"].get("deletionTimestamp"), condition_of(pod, "DisruptionTarget") is None
