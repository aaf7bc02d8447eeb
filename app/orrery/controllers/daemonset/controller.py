"""Keeps one Pod of a DaemonSet on every node that takes it: claims them, makes and removes some, moves an update on, reports.

Upstream's syncDaemonSet. The update waits until every node has what it needs, as upstream waits for its expectations.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from orrery.controllers.daemonset.backoff import FailedPods
from orrery.controllers.daemonset.history import DaemonHistory
from orrery.controllers.daemonset.placement import Placement, by_target, daemon_tolerations, is_news, tied_to
from orrery.controllers.daemonset.plan import (
    GENERATION_LABEL,
    HASH_LABEL,
    View,
    Work,
    next_available_s,
    plan_nodes,
    plan_status,
    plan_update,
)
from orrery.controllers.engine.controller import DONE, Outcome, key_for, key_of_object, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.ownership import (
    Claims,
    Orphans,
    controller_keys,
    is_controlled_by,
    is_up_for_adoption,
    new_controller_reference,
    plan_claim,
)
from orrery.controllers.pods import PodControl, is_terminal, new_pod, says_the_same
from orrery.controllers.replicaset.plan import plan_batches
from orrery.controllers.revisions.history import BUCKET as REVISIONS
from orrery.kinds.workloads.daemonset import TEMPLATE_GENERATION
from orrery.machinery.errors import ApiError
from orrery.machinery.objects import (
    FrozenObject,
    Object,
    annotations_of,
    controller_of,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
)
from orrery.machinery.selectors import LabelSelector
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

BUCKET: Final = "daemonsets.apps"
_BURST_MAX: Final = 250
_COUNTS: Final = (
    "currentNumberScheduled",
    "numberMisscheduled",
    "desiredNumberScheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
)


class DaemonSetController:
    """One key is one DaemonSet."""

    workers: Final = 2

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._clock = client.clock
        self._recorder = recorder
        self._pods = PodControl(client, recorder)
        self._claims = Claims(client, "pods")
        self._orphans = Orphans("pods")
        self._orphan_revisions = Orphans(REVISIONS)
        self._history = DaemonHistory(client, self._orphan_revisions)
        self._placement = Placement()
        self._failed = FailedPods()

    @property
    def name(self) -> str:
        return "daemonset-controller"

    def watch(self, informer: Informer) -> None:
        informer.observe("nodes", self._placement.observe)
        informer.observe("pods", self._orphans.observe)
        informer.observe(REVISIONS, self._orphan_revisions.observe)
        informer.hear("nodes", self._keys_of_node)
        informer.hear("pods", self._keys_of_pod)
        informer.hear(REVISIONS, self._keys_of_revision)
        informer.on(BUCKET, self._keys_of_daemonset)

    async def reconcile(self, key: str) -> Outcome:
        daemonset = self._client.get(BUCKET, *split_key(key))
        if daemonset is None or is_deleting(daemonset):
            return DONE  # What it had belongs to the garbage collector, and its history may be gone before its Pods.
        if not daemonset["spec"].get("selector"):
            message = "This daemon set is selecting all pods. A non-empty selector is required."
            self._recorder.event(daemonset, "Warning", "SelectingAll", message)
            return DONE

        pods = await self._claim(daemonset)
        revisions = await self._history.of(daemonset, pods)
        if revisions is None:
            return DONE  # A hash collision; the status write that counts it wakes us again.
        failure: ApiError | None = None
        wait_s: float | None = None
        try:
            wait_s = await self._work(self._view(daemonset, pods, revisions.hashed))
            await self._history.truncate(daemonset, revisions, pods)
        except ApiError as error:
            failure = error
        pods = await self._claim(daemonset)  # As they are now: what was just made counts.
        view = self._view(daemonset, pods, revisions.hashed)
        await self._report(view)
        if failure is not None:
            raise failure
        return self._next_look(view, wait_s)

    def _next_look(self, view: View, wait_s: float | None) -> Outcome:
        due_s = next_available_s(view)
        waits = [] if wait_s is None else [wait_s]
        waits += [] if due_s is None else [max(due_s - self._clock.now_s(), 0.001)]
        return requeue_after(min(waits), background=False) if waits else DONE

    def _view(self, daemonset: FrozenObject, pods: Sequence[FrozenObject], hashed: str) -> View:
        # A Pod that has ended and is being deleted is somebody else's to let go.
        present = (pod for pod in pods if not (is_terminal(pod) and is_deleting(pod)))
        return View(daemonset, hashed, self._placement.verdicts(daemonset), by_target(present), self._clock.now_s())

    async def _claim(self, daemonset: FrozenObject) -> Sequence[FrozenObject]:
        selector = LabelSelector.of(daemonset["spec"]["selector"])
        owned = [pod for pod in self._client.owned_by("pods", uid_of(daemonset)) if is_controlled_by(pod, daemonset)]
        orphans = self._orphans.within(self._client, namespace_of(daemonset), selector)
        claim = plan_claim(daemonset, (*owned, *orphans), lambda pod: selector.matches(labels_of(pod)))
        return await self._claims.carry_out(claim, daemonset, self._reference(daemonset))

    @staticmethod
    def _reference(daemonset: FrozenObject) -> Object:
        return new_controller_reference(daemonset, api_version="apps/v1", kind="DaemonSet")

    # Work.

    async def _work(self, view: View) -> float | None:
        """Give every node what it needs, else move the update on; how long failed Pods make us wait."""
        work = plan_nodes(view)
        wait_s = self._weed(view, work)
        if work.is_empty and (view.daemonset["spec"].get("updateStrategy") or {}).get("type") == "RollingUpdate":
            work = plan_update(view)
        await self._carry_out(view, work)
        return wait_s

    def _weed(self, view: View, work: Work) -> float | None:
        """Move Pods that ended to those to be removed, failed ones as their back-off allows; how long the others wait."""
        daemonset, namespace = view.daemonset, namespace_of(view.daemonset)
        observed = (daemonset.get("status") or {}).get("observedGeneration", 0)
        wait_s: float | None = None
        for pod, node in work.failed:
            delay_s = self._failed.wait_s(f"{uid_of(daemonset)}/{observed}/{node}", view.now_s)
            if delay_s:
                wait_s = min(delay_s, wait_s or delay_s)
                continue
            message = f"Found failed daemon pod {namespace}/{name_of(pod)} on node {node}, will try to kill it"
            self._recorder.event(daemonset, "Warning", "FailedDaemonPod", message)
            work.delete.append(pod)
        for pod, node in work.succeeded:
            message = f"Found succeeded daemon pod {namespace}/{name_of(pod)} on node {node}, will try to delete it"
            self._recorder.event(daemonset, "Normal", "SucceededDaemonPod", message)
            work.delete.append(pod)
        work.failed.clear()
        work.succeeded.clear()
        return wait_s

    async def _carry_out(self, view: View, work: Work) -> None:
        failures = await self._create(view, work.create[:_BURST_MAX])
        results = await asyncio.gather(
            *(self._pods.delete(pod, view.daemonset) for pod in work.delete[:_BURST_MAX]), return_exceptions=True
        )
        for result in (*failures, *results):
            if isinstance(result, BaseException):
                raise result

    async def _create(self, view: View, nodes: Sequence[str]) -> Sequence[object]:
        """Make Pods in a slow start; what went wrong in the batch that stopped it."""
        if not nodes:
            return ()
        daemonset = view.daemonset
        template, reference = _pod_template(view), self._reference(daemonset)
        affinity = template["spec"].get("affinity")
        done = 0
        for size in plan_batches(len(nodes)):
            pods = []
            for node in nodes[done : done + size]:
                spec = {**template["spec"], "affinity": tied_to(affinity, node)}
                pods.append(new_pod({"metadata": template["metadata"], "spec": spec}, daemonset, reference))
            done += size
            results = await asyncio.gather(*(self._pods.create(pod, daemonset) for pod in pods), return_exceptions=True)
            if any(isinstance(result, BaseException) for result in results):
                return results
        return ()

    async def _report(self, view: View) -> None:
        """Write the status if a count or the generation has changed."""
        daemonset, status = view.daemonset, plan_status(view)
        told = daemonset.get("status") or {}
        is_told = all(told.get(field, 0) == status.get(field, 0) for field in _COUNTS)
        if is_told and told.get("observedGeneration", 0) >= status["observedGeneration"]:
            return
        uid = uid_of(daemonset)

        def change(draft: Object) -> bool:
            if uid_of(draft) != uid:
                return False
            kept = {key: value for key, value in (draft.get("status") or {}).items() if key not in _COUNTS}
            draft["status"] = {**kept, **status}
            return True

        await self._client.change(BUCKET, namespace_of(daemonset), name_of(daemonset), change, subresource="status")

    # What wakes whom.

    def _keys_of_daemonset(self, change: Change) -> Iterable[str]:
        if not change.is_present:
            self._placement.forget(change.uid)
        return (key_of_object(change.any),)

    def _keys_of_node(self, change: Change) -> Iterable[str]:
        """The DaemonSets for which something is to do on this node, and no others."""
        if not is_news(change):
            return
        node = change.name
        placed = {reference["uid"] for pod in self._client.by_field("pods", "spec.nodeName", node) if (reference := controller_of(pod))}
        for daemonset in self._client.list(BUCKET):
            verdict = self._placement.verdict(daemonset, node)
            has_pod = uid_of(daemonset) in placed
            is_miscounted = has_pod and (daemonset.get("status") or {}).get("numberMisscheduled", 0) > 0
            # DIFFERS: upstream does not hear that a node is gone and waits for the end of its Pods; we count again at once.
            if (verdict.should_run and not has_pod) or (not verdict.may_stay and has_pod) or is_miscounted or not change.is_present:
                yield key_of_object(daemonset)

    def _keys_of_pod(self, change: Change) -> Iterable[str]:
        if change.is_controlled and not change.may_be_of("DaemonSet"):
            return ()
        new, old = change.new, change.old
        if new is not None and old is not None and says_the_same(new, old):
            return ()
        return self._keys_of_dependent(change)

    def _keys_of_revision(self, change: Change) -> Iterable[str]:
        """One that was changed or deleted behind its owner's back, or that nobody owns."""
        if change.is_present and change.is_controlled and change.former is None:
            return ()
        return self._keys_of_dependent(change)

    def _keys_of_dependent(self, change: Change) -> Iterable[str]:
        """Who owns it, who owned it, and who may want it."""
        keys = set(controller_keys(change, api_version="apps/v1", kind="DaemonSet"))
        if is_up_for_adoption(change):
            keys.update(self._matching(change.any))
        return sorted(keys)

    def _matching(self, orphan: FrozenObject) -> Iterable[str]:
        namespace, labels = namespace_of(orphan), labels_of(orphan)
        for daemonset in self._client.list(BUCKET, namespace):
            if LabelSelector.of(daemonset["spec"].get("selector")).matches(labels):
                yield key_for(namespace, name_of(daemonset))


def _pod_template(view: View) -> Object:
    """The template with what every Pod of a DaemonSet has: its revision's labels and the tolerations for a node's troubles."""
    template = view.daemonset["spec"]["template"]
    metadata = dict(template.get("metadata") or {})
    labels = {**(metadata.get("labels") or {}), HASH_LABEL: view.hashed}
    generation = annotations_of(view.daemonset).get(TEMPLATE_GENERATION)
    if generation is not None:
        labels[GENERATION_LABEL] = generation
    metadata["labels"] = labels
    return {"metadata": metadata, "spec": {**template["spec"], "tolerations": daemon_tolerations(template["spec"])}}
