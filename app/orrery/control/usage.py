"""What a Pod's containers use, set and read by people without kubectl. What is set are annotations of the Pod, and nothing else."""

from typing import Final

from orrery.control.models import Amounts, MeasuredUsage, PodUsage, WantedUsage
from orrery.machinery.errors import Invalid, NotFound
from orrery.machinery.field_errors import FieldError, invalid
from orrery.machinery.objects import FrozenObject, Object, annotations_of
from orrery.machinery.quantities import NANO, QuantityError, of_nano, parse
from orrery.verbs.client import Client
from orrery.verbs.usage import CPU, MEMORY, PREFIX, UsageSource

PODS: Final = "pods"


class PodUsages:
    """Reads through the usage port, writes through the same client as any component."""

    def __init__(self, client: Client, usage: UsageSource) -> None:
        self._client = client
        self._usage = usage

    def read(self, namespace: str, name: str) -> PodUsage:
        """NotFound when there is no such Pod."""
        pod = self._client.get(PODS, namespace, name)
        if pod is None:
            raise NotFound(PODS, name)
        return self._told(pod)

    async def set(self, namespace: str, name: str, wanted: WantedUsage) -> PodUsage:
        """Replace all that is set; what is not mentioned is measured again."""
        pod = self._client.get(PODS, namespace, name)
        if pod is None:
            raise NotFound(PODS, name)
        errors = [*_problems(wanted, ""), *_unknown(pod, wanted)]
        for container, amounts in wanted.containers.items():
            errors += _problems(amounts, f"containers[{container}].")
        if errors:
            raise Invalid("Usage", name, errors)
        annotations = plan_annotations(wanted)

        def change(draft: Object) -> bool:
            old = annotations_of(draft)
            kept = {key: value for key, value in old.items() if not key.startswith(PREFIX)}
            draft["metadata"]["annotations"] = kept | annotations
            return bool(draft["metadata"]["annotations"] != old)

        changed = await self._client.change(PODS, namespace, name, change)
        if changed is None:
            raise NotFound(PODS, name)
        return self._told(changed)

    def _told(self, pod: FrozenObject) -> PodUsage:
        wanted = {key.removeprefix(PREFIX): text for key, text in annotations_of(pod).items() if key.startswith(PREFIX)}
        usage = self._usage.pod(pod)
        now = None
        if usage is not None:
            now = {
                name: MeasuredUsage(cpu=of_nano(one.cpu_nano).text, memory=of_nano(one.whole_kib_bytes * NANO, "binary").text)
                for name, one in sorted(usage.containers.items())
            }
        return PodUsage(pod=pod["metadata"]["name"], namespace=pod["metadata"]["namespace"], wanted=wanted, now=now)


def plan_annotations(wanted: WantedUsage) -> dict[str, str]:
    """`cpu` for the Pod, `cpu.NAME` for a container."""
    found = {CPU: wanted.cpu, MEMORY: wanted.memory}
    for container, amounts in wanted.containers.items():
        found |= {f"{CPU}.{container}": amounts.cpu, f"{MEMORY}.{container}": amounts.memory}
    return {key: text for key, text in found.items() if text is not None}


def _problems(amounts: Amounts, path: str) -> list[FieldError]:
    errors = []
    for field, text in (("cpu", amounts.cpu), ("memory", amounts.memory)):
        if text is None:
            continue
        try:
            if parse(text).nano < 0:
                errors.append(invalid(f"{path}{field}", text, "must be greater than or equal to 0"))
        except QuantityError as problem:
            errors.append(invalid(f"{path}{field}", text, str(problem)))
    return errors


def _unknown(pod: FrozenObject, wanted: WantedUsage) -> list[FieldError]:
    fields = ("containers", "initContainers", "ephemeralContainers")
    known = {one["name"] for field in fields for one in pod["spec"].get(field) or ()}
    return [invalid("containers", name, "the Pod has no such container") for name in wanted.containers if name not in known]
