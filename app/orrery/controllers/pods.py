"""What controllers ask about Pods, and how they make and delete them: upstream's podutil and RealPodControl.

Phases and conditions are the node's to write; here they are only read.
"""

from collections.abc import Sequence
from typing import Final

from orrery.machinery.clock import parse_timestamp
from orrery.machinery.errors import ApiError, NotFound
from orrery.machinery.objects import FrozenObject, Object, annotations_of, is_deleting, name_of, namespace_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
_NAME_MAX: Final = 253
_TERMINAL: Final = ("Succeeded", "Failed")


def is_terminal(pod: FrozenObject) -> bool:
    """Whether all its containers have ended for good."""
    return pod.get("status", {}).get("phase") in _TERMINAL


def is_active(pod: FrozenObject) -> bool:
    """Whether it counts as a replica: neither ended nor being deleted."""
    return not is_deleting(pod) and not is_terminal(pod)


def is_terminating(pod: FrozenObject) -> bool:
    """Whether it is being deleted and still runs."""
    return is_deleting(pod) and not is_terminal(pod)


def condition_of(obj: FrozenObject, condition_type: str) -> FrozenObject | None:
    """The condition of that type in the object's status."""
    for condition in obj.get("status", {}).get("conditions") or ():
        if condition["type"] == condition_type:
            found: FrozenObject = condition
            return found
    return None


def is_ready(pod: FrozenObject) -> bool:
    condition = condition_of(pod, "Ready")
    return condition is not None and condition["status"] == "True"


def says_the_same(new: FrozenObject, old: FrozenObject) -> bool:
    """Whether nothing its controller counts has changed: most of a Pod's events are about other things."""
    before, after = old["metadata"], new["metadata"]
    return (
        new.get("status", {}).get("phase") == old.get("status", {}).get("phase")
        and condition_of(new, "Ready") == condition_of(old, "Ready")
        and before.get("deletionTimestamp") == after.get("deletionTimestamp")
        and before.get("labels") == after.get("labels")
        and before.get("ownerReferences") == after.get("ownerReferences")
    )


def ready_since_s(pod: FrozenObject) -> float | None:
    """When a ready Pod became so; None when it is not ready or does not say."""
    condition = condition_of(pod, "Ready")
    if condition is None or condition["status"] != "True" or not condition.get("lastTransitionTime"):
        return None
    return parse_timestamp(condition["lastTransitionTime"])


def available_at_s(pod: FrozenObject, min_ready_s: int) -> float | None:
    """From when on a ready Pod counts as available; None when it is not on its way there. 0 means: already."""
    if not is_ready(pod):
        return None
    if min_ready_s == 0:
        return 0.0
    since_s = ready_since_s(pod)
    return None if since_s is None else since_s + min_ready_s


def restarts_of(pod: FrozenObject) -> tuple[int, int]:
    """The highest restart count among containers, and among sidecars."""
    status = pod.get("status", {})
    regular = max((entry.get("restartCount", 0) for entry in status.get("containerStatuses") or ()), default=0)
    sidecars = {entry["name"] for entry in pod["spec"].get("initContainers") or () if entry.get("restartPolicy") == "Always"}
    counts = (entry.get("restartCount", 0) for entry in status.get("initContainerStatuses") or () if entry["name"] in sidecars)
    return regular, max(counts, default=0)


def deletion_cost_of(pod: FrozenObject) -> int:
    """The deletion-cost annotation as a 32-bit number; 0 when it is absent or is none."""
    text = annotations_of(pod).get(DELETION_COST, "")
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or (text != "0" and text[0] == "0"):
        return 0
    cost = int(text)
    return cost if -(2**31) <= cost < 2**31 else 0


def new_pod(template: FrozenObject, owner: FrozenObject, reference: Object) -> Object:
    """A Pod from a template, named after its owner, with the owner's controllerRef.

    Its spec is the template's own, shared and frozen; the client copies what it is given to create.
    """
    source = template.get("metadata") or {}
    metadata: Object = {"generateName": _prefix(name_of(owner)), "namespace": namespace_of(owner)}
    for key in ("labels", "annotations"):
        if source.get(key):
            metadata[key] = dict(source[key])
    if source.get("finalizers"):
        metadata["finalizers"] = list(source["finalizers"])
    metadata["ownerReferences"] = [dict(reference)]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def _prefix(owner_name: str) -> str:
    """`web-`, or the bare name where the dash would make a valid name too long."""
    return f"{owner_name}-" if len(owner_name) < _NAME_MAX else owner_name


def is_namespace_terminating(error: ApiError) -> bool:
    """Whether a create was refused only because its namespace is going away: nothing to report, nothing to retry."""
    causes: Sequence[Object] = (error.details or {}).get("causes") or ()
    return any(cause.get("reason") == "NamespaceTerminating" for cause in causes)


class PodControl:
    """Creates and deletes Pods for a controller and says so in events on their owner."""

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._recorder = recorder

    async def create(self, pod: Object, owner: FrozenObject) -> FrozenObject | None:
        """Create `pod` for `owner`. None when the namespace is going away; any other refusal is recorded and raised."""
        try:
            created = await self._client.create("pods", pod)
        except ApiError as error:
            if is_namespace_terminating(error):
                return None
            self._recorder.event(owner, "Warning", "FailedCreate", f"Error creating: {error.message}")
            raise
        self._recorder.event(owner, "Normal", "SuccessfulCreate", f"Created pod: {name_of(created)}")
        return created

    async def delete(self, pod: FrozenObject, owner: FrozenObject) -> None:
        """Delete `pod` for `owner`, with the Pod's own grace period. It is well when it was gone already."""
        try:
            await self._client.delete("pods", namespace_of(pod), name_of(pod))
        except NotFound:
            return
        except ApiError as error:
            self._recorder.event(owner, "Warning", "FailedDelete", f"Error deleting: {error.message}")
            raise
        self._recorder.event(owner, "Normal", "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")
