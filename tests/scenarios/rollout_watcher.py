"""Watches a Deployment's Pods event by event, as a client would, and holds what a rollout promises at every one of them."""

from collections import defaultdict
from dataclasses import dataclass, field

from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import FrozenObject, is_deleting, labels_of, name_of
from orrery.store.log import Event, Operation
from orrery.testing import Simulation

STAGES = ("Pending", "ContainerCreating", "Running", "Ready")
PLAIN_STAGES = ("Pending", "ContainerCreating", "Ready")
"""Of Pods without readiness probes: they are ready as soon as they run."""


def is_ready(pod: FrozenObject) -> bool:
    return any(
        condition["type"] == "Ready" and condition["status"] == "True" for condition in pod.get("status", {}).get("conditions") or ()
    )


def ready_since_s(pod: FrozenObject) -> float:
    ready = next(condition for condition in pod["status"]["conditions"] if condition["type"] == "Ready")
    return parse_timestamp(ready["lastTransitionTime"])


def stage_of(pod: FrozenObject) -> str | None:
    """How far a Pod has come, in the words of `kubectl get pods`."""
    status = pod.get("status", {})
    containers = status.get("containerStatuses") or ()
    if is_ready(pod):
        return "Ready"
    if status.get("phase") == "Running":
        return "Running"
    waiting = [container["state"]["waiting"].get("reason") for container in containers if "waiting" in container.get("state", {})]
    if "ContainerCreating" in waiting:
        return "ContainerCreating"
    return "Pending" if status.get("phase") == "Pending" and not containers else None


@dataclass
class RolloutWatcher:
    """Pods of one app as they are now, and the stages each has been seen in."""

    cluster: Simulation
    app: str
    min_ready_s: float = 0.0
    pods: dict[str, FrozenObject] = field(default_factory=dict)
    stages: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    most: int = 0
    """The largest number of Pods (not yet told to go) seen at once."""
    least_available: int = 10**6
    fewest: int = 10**6

    def __post_init__(self) -> None:
        for pod in self.cluster.pods(app=self.app):
            self.pods[name_of(pod)] = pod
        self.cluster.client.subscribe("pods", self._see)

    def _see(self, event: Event) -> None:
        pod = event.record.object
        if labels_of(pod).get("app") != self.app:
            return
        if event.operation is Operation.DELETED:
            self.pods.pop(name_of(pod), None)
        else:
            self.pods[name_of(pod)] = pod
            stage = stage_of(pod)
            seen = self.stages[name_of(pod)]
            if stage is not None and (not seen or seen[-1] != stage):
                seen.append(stage)
        self._measure()

    def _measure(self) -> None:
        live = [pod for pod in self.pods.values() if not is_deleting(pod)]
        self.most = max(self.most, len(live))
        self.fewest = min(self.fewest, len(live))
        self.least_available = min(self.least_available, self.available())

    def available(self) -> int:
        now_s = self.cluster.clock.now_s()
        live = [pod for pod in self.pods.values() if not is_deleting(pod)]
        return sum(is_ready(pod) and now_s - ready_since_s(pod) >= self.min_ready_s for pod in live)

    def forget(self) -> None:
        """Begin anew, with the Pods there are: for the step that is to be watched."""
        self.most, self.least_available, self.fewest = len(self.pods), self.available(), len(self.pods)
        self.stages.clear()
