"""Scales workloads by their metrics, every fifteen seconds. Follows upstream's `pkg/controller/podautoscaler`.

Which metrics there are and what they say is `metrics.py`'s, the arithmetic `calculator.py`'s; what may be done with the result is decided
by `history.py` (not hastily) and `limits.py` (not too far, not too fast). Without autoscalers nothing runs here.
"""

from collections.abc import Mapping
from typing import Any, Final

from orrery.controllers.autoscaling.calculator import Tolerances
from orrery.controllers.autoscaling.history import History
from orrery.controllers.autoscaling.limits import Rates, limited
from orrery.controllers.autoscaling.metrics import MetricFailed, Metrics, Scope
from orrery.controllers.autoscaling.status import Status
from orrery.controllers.autoscaling.targets import NoScale, Target, Targets
from orrery.controllers.engine.controller import DONE, Outcome, key_for, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.kinds.catalogue import Catalogue
from orrery.machinery.clock import timestamp
from orrery.machinery.errors import ApiError
from orrery.machinery.objects import FrozenObject, Object, labels_of, name_of, namespace_of
from orrery.machinery.quantities import NANO, parse
from orrery.machinery.selectors import NOTHING, LabelSelector, SelectorError, parse_label_selector
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder
from orrery.verbs.usage import UsageSource

BUCKET: Final = "horizontalpodautoscalers.autoscaling"
SYNC_S: Final = 15.0
"""--horizontal-pod-autoscaler-sync-period: an autoscaler is looked at so long after it came or changed, and then so often."""
_DISABLED: Final = "scaling is disabled since the replica count of the target is zero"


class _NoReplicas(Exception):
    """The metrics give no count; what they said is kept for the status."""

    def __init__(self, message: str, statuses: list[Object] | None) -> None:
        super().__init__(message)
        self.statuses = statuses


class HorizontalController:
    """One key is one HorizontalPodAutoscaler."""

    name = "horizontal-pod-autoscaler-controller"

    def __init__(self, client: Client, recorder: EventRecorder, *, catalogue: Catalogue, usage: UsageSource) -> None:
        self._client = client
        self._recorder = recorder
        self._targets = Targets(client, catalogue)
        self._metrics = Metrics(client, usage)
        self._histories: dict[str, History] = {}
        self._selectors: dict[str, dict[str, LabelSelector]] = {}
        """By namespace and name, what each autoscaler was last seen to scale."""

    def watch(self, informer: Informer) -> None:
        def observe(change: Change) -> None:
            autoscalers = self._selectors.setdefault(change.namespace, {})
            if change.is_present:
                autoscalers.setdefault(change.name, NOTHING)
                informer.queue.add_after(key_for(change.namespace, change.name), SYNC_S)
                return
            autoscalers.pop(change.name, None)
            if not autoscalers:
                del self._selectors[change.namespace]

        informer.observe(BUCKET, observe)

    async def reconcile(self, key: str) -> Outcome:
        autoscaler = self._client.get(BUCKET, *split_key(key))
        if autoscaler is None:
            self._histories.pop(key, None)
            return DONE
        status = Status(autoscaler, timestamp(self._client.clock.now_s()))
        await self._scale(autoscaler, self._histories.setdefault(key, History()), status)
        await self._write(autoscaler, status.written())
        return requeue_after(SYNC_S)

    async def _scale(self, autoscaler: FrozenObject, history: History, status: Status) -> None:
        spec = autoscaler["spec"]
        try:
            target = self._targets.read(namespace_of(autoscaler), spec["scaleTargetRef"])
        except NoScale as problem:
            self._warn(autoscaler, "FailedGetScale", str(problem))
            text = f"the HPA controller was unable to get the target's current scale: {problem}"
            status.set("AbleToScale", "False", "FailedGetScale", text)
            return
        status.set("AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale")
        history.begin(target.wanted, self._client.clock.now_s())
        least, most = spec.get("minReplicas", 1), spec["maxReplicas"]
        if target.wanted == 0 and least != 0:
            status.set("ScalingActive", "False", "ScalingDisabled", _DISABLED)
            status.report(0, 0, None)
        elif target.wanted > most:
            await self._rescale(autoscaler, history, status, target, most, "Current number of replicas above Spec.MaxReplicas", None)
        elif target.wanted < least:
            await self._rescale(autoscaler, history, status, target, least, "Current number of replicas below Spec.MinReplicas", None)
        else:
            await self._scale_by_metrics(autoscaler, history, status, target)

    async def _scale_by_metrics(self, autoscaler: FrozenObject, history: History, status: Status, target: Target) -> None:
        try:
            proposed, metric, statuses = self._propose(autoscaler, target, status)
        except _NoReplicas as problem:
            status.report(target.wanted, None, problem.statuses)
            self._warn(autoscaler, "FailedComputeMetricsReplicas", str(problem))
            return
        reason = f"{metric} above target" if proposed > target.wanted else "All metrics below target"
        wanted = self._normalized(autoscaler["spec"], history, status, target.wanted, proposed)
        if wanted == target.wanted:
            status.report(target.wanted, wanted, statuses)
            return
        # Limits may turn a wish round; upstream then has no reason to give.
        said = reason if proposed != target.wanted else ""
        await self._rescale(autoscaler, history, status, target, wanted, said, statuses)

    def _propose(self, autoscaler: FrozenObject, target: Target, status: Status) -> tuple[int, str, list[Object]]:
        """The most that a metric asks for, its name, and what all say. _NoReplicas when none can be read, or one would scale down alone."""
        selector = self._selector(autoscaler, target, status)
        spec = autoscaler["spec"]
        scope = Scope(target.namespace, selector, target.wanted, _tolerances(spec.get("behavior")))
        replicas, name, failures = 0, "", []
        statuses: list[Object] = [{"type": ""} for _ in spec["metrics"]]
        for index, metric in enumerate(spec["metrics"]):
            try:
                proposal = self._metrics.propose(metric, scope)
            except MetricFailed as failure:
                self._warn(autoscaler, failure.reason, failure.message)
                failures.append(failure)
                continue
            statuses[index] = proposal.status
            if replicas == 0 or proposal.replicas > replicas:
                replicas, name = proposal.replicas, proposal.metric
        if failures and (len(failures) == len(statuses) or replicas < target.wanted):
            first = failures[0]
            text = f"the HPA was unable to compute the replica count: {first.message}"
            status.set("ScalingActive", "False", first.reason, text)
            count = f"{len(failures)} invalid out of {len(statuses)}"
            raise _NoReplicas(f"invalid metrics ({count}), first error is: {first}", statuses)
        text = f"the HPA was able to successfully calculate a replica count from {name}"
        status.set("ScalingActive", "True", "ValidMetricFound", text)
        return replicas, name, statuses

    def _selector(self, autoscaler: FrozenObject, target: Target, status: Status) -> LabelSelector:
        """The target's selector; _NoReplicas when it is none, or when another autoscaler scales the same Pods."""
        if not target.selector:
            self._warn(autoscaler, "SelectorRequired", "selector is required")
            status.set("ScalingActive", "False", "InvalidSelector", "the HPA target's scale is missing a selector")
            raise _NoReplicas("selector is required", None)
        try:
            selector = parse_label_selector(target.selector)
        except SelectorError as problem:
            text = f"couldn't convert selector into a corresponding internal selector object: {problem}"
            raise self._refused(autoscaler, status, "InvalidSelector", text) from None
        known = self._selectors.get(target.namespace, {})
        if name_of(autoscaler) in known:
            known[name_of(autoscaler)] = selector
        if len(known) > 1:
            # Most of them carry the same labels.
            labels = {frozenset(labels_of(pod).items()) for pod in self._metrics.pods_of(target.namespace, selector)}
            others = [name for name, one in sorted(known.items()) if any(one.matches(dict(each)) for each in labels)]
            if len(others) > 1:
                named = " ".join(f"{target.namespace}/{name}" for name in others)
                text = f"pods by selector {target.selector} are controlled by multiple HPAs: [{named}]"
                raise self._refused(autoscaler, status, "AmbiguousSelector", text)
        return selector

    def _refused(self, autoscaler: FrozenObject, status: Status, reason: str, text: str) -> _NoReplicas:
        self._warn(autoscaler, reason, text)
        status.set("ScalingActive", "False", reason, text)
        return _NoReplicas(text, None)

    def _normalized(self, spec: FrozenObject, history: History, status: Status, current: int, proposed: int) -> int:
        """What may be done of a proposal now."""
        now_s, behavior = self._client.clock.now_s(), spec.get("behavior")
        least, most = spec.get("minReplicas", 1), spec["maxReplicas"]
        if behavior is None:
            stable = history.stabilize(proposed, now_s)
            allowed = limited(current, stable.replicas, least=least, most=most)
        else:
            stable = history.stabilize_by(behavior, current=current, wanted=proposed, now_s=now_s)
            allowed = Rates(behavior, history, now_s).limited(current, stable.replicas, least=least, most=most)
        status.set("AbleToScale", "True", *stable.why)
        status.set("ScalingLimited", "False" if allowed.replicas == stable.replicas else "True", *allowed.why)
        return allowed.replicas

    async def _rescale(
        self,
        autoscaler: FrozenObject,
        history: History,
        status: Status,
        target: Target,
        wanted: int,
        reason: str,
        statuses: list[Object] | None,
    ) -> None:
        try:
            await self._targets.write(target, wanted)
        except ApiError as error:
            self._warn(autoscaler, "FailedRescale", f"New size: {wanted}; reason: {reason}; error: {error.message}")
            text = f"the HPA controller was unable to update the target scale: {error.message}"
            status.set("AbleToScale", "False", "FailedUpdateScale", text)
            status.report(target.wanted, None, statuses)
            return
        status.set("AbleToScale", "True", "SucceededRescale", f"the HPA controller was able to update the target scale to {wanted}")
        self._recorder.event(autoscaler, "Normal", "SuccessfulRescale", f"New size: {wanted}; reason: {reason}")
        behavior = autoscaler["spec"].get("behavior")
        history.scaled(behavior, before=target.wanted, after=wanted, now_s=self._client.clock.now_s())
        status.report(target.wanted, wanted, statuses, is_scaled=True)

    async def _write(self, autoscaler: FrozenObject, status: Object) -> None:
        if autoscaler.get("status") == status:
            return

        def change(draft: Object) -> bool:
            draft["status"] = status
            return True

        try:
            await self._client.change(BUCKET, namespace_of(autoscaler), name_of(autoscaler), change, subresource="status")
        except ApiError as error:
            self._warn(autoscaler, "FailedUpdateStatus", error.message)

    def _warn(self, autoscaler: FrozenObject, reason: str, message: str) -> None:
        self._recorder.event(autoscaler, "Warning", reason, message)


def _tolerances(behavior: Mapping[str, Any] | None) -> Tolerances:
    """Those of the behavior, where it has some."""
    usual = Tolerances()
    if behavior is None:
        return usual
    given = {side: (behavior.get(field) or {}).get("tolerance") for side, field in (("down", "scaleDown"), ("up", "scaleUp"))}
    return usual._replace(**{side: parse(str(text)).nano / NANO for side, text in given.items() if text is not None})
