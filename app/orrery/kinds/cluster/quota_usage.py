"""What one object counts for in resource quotas: pure, and shared by admission and the quota controller.

Follows the evaluators of `pkg/quota/v1`: Pods, claims and Services count for more than themselves, everything else for `count/…`.
"""

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from orrery.kinds.pods.resources import quality_of_service
from orrery.kinds.pods.totals import pod_totals, quantities_of
from orrery.kinds.rules.resource_names import is_huge_page, is_native
from orrery.machinery.objects import FrozenObject, annotations_of
from orrery.machinery.quantities import NANO, Quantity, of_nano, parse
from orrery.machinery.selectors import LabelSelector

Usage: TypeAlias = dict[str, Quantity]

PODS: Final = "pods"
CLAIMS: Final = "persistentvolumeclaims"
SERVICES: Final = "services"
NOT_COUNTED: Final = frozenset({"events", "events.events.k8s.io"})
"""Upstream has never counted them; what is not stored is not counted either."""

_ONE: Final = of_nano(NANO)
_ALIASES: Final = frozenset({"configmaps", "resourcequotas", "replicationcontrollers", "secrets"})
_COMPUTED: Final = ("cpu", "memory", "ephemeral-storage")
_POD_NAMES: Final = frozenset(
    {"count/pods", PODS, *_COMPUTED, *(f"requests.{name}" for name in _COMPUTED), *(f"limits.{name}" for name in _COMPUTED)}
)
_TO_BE_SAID: Final = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})
"""What every container must ask for when a quota limits it."""
_SERVICE_NAMES: Final = frozenset({"count/services", SERVICES, "services.nodeports", "services.loadbalancers"})
_CLAIM_NAMES: Final = (CLAIMS, "requests.storage")
_OF_CLASS: Final = ".storageclass.storage.k8s.io/"
_OLD_CLASS: Final = "volume.beta.kubernetes.io/storage-class"


def counted_names(resource: str, hard: Iterable[str]) -> frozenset[str]:
    """Those of a quota's names for which objects of a resource (`pods`, `jobs.batch`) count."""
    if resource == PODS:
        return frozenset(name for name in hard if name in _POD_NAMES or _is_extended(name))
    if resource == SERVICES:
        return _SERVICE_NAMES.intersection(hard)
    if resource == CLAIMS:
        own = {f"count/{CLAIMS}", *_CLAIM_NAMES}
        return frozenset(name for name in hard if name in own or name.endswith(tuple(_OF_CLASS + one for one in _CLAIM_NAMES)))
    return frozenset(_plain_usage(resource)).intersection(hard)


def _is_extended(name: str) -> bool:
    plain = name.removeprefix("requests.")
    return is_huge_page(plain) or (plain != name and not is_native(plain))


def usage_of(resource: str, obj: FrozenObject) -> Usage:
    """What the object counts for, by the names of quotas."""
    if resource == PODS:
        return _usage_of_pod(obj)
    if resource == SERVICES:
        return _usage_of_service(obj)
    if resource == CLAIMS:
        return _usage_of_claim(obj)
    return _plain_usage(resource)


def _plain_usage(resource: str) -> Usage:
    counted = {f"count/{resource}": _ONE}
    return counted | {resource: _ONE} if resource in _ALIASES else counted


def _usage_of_pod(pod: FrozenObject) -> Usage:
    """A Pod that has ended counts as an object only."""
    made: Usage = {"count/pods": _ONE}
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return made
    overhead = {name: parse(str(value)) for name, value in (pod["spec"].get("overhead") or {}).items()}
    requests = _with_overhead(pod_totals(pod["spec"], "requests"), overhead)
    limits = _with_overhead(pod_totals(pod["spec"], "limits"), {name: value for name, value in overhead.items() if value.nano})
    return made | _by_quota_name(requests, limits)


def _with_overhead(totals: Usage, overhead: Usage) -> Usage:
    return {name: of_nano(value.nano + overhead[name].nano, value.family) if name in overhead else value for name, value in totals.items()}


def _by_quota_name(requests: Usage, limits: Usage) -> Usage:
    made: Usage = {PODS: _ONE}
    for name, value in requests.items():
        if name in _COMPUTED or is_huge_page(name):
            made[name] = made[f"requests.{name}"] = value
        elif not is_native(name):
            made[f"requests.{name}"] = value
    made.update({f"limits.{name}": value for name, value in limits.items() if name in _COMPUTED})
    return made


def _usage_of_service(service: FrozenObject) -> Usage:
    spec = service["spec"]
    kind, ports = spec.get("type"), spec.get("ports") or ()
    is_balanced = kind == "LoadBalancer"
    open_ports = len(ports) if kind in ("NodePort", "LoadBalancer") else 0
    if is_balanced and spec.get("allocateLoadBalancerNodePorts") is False:
        open_ports = sum(bool(port.get("nodePort")) for port in ports)
    balancers = of_nano(NANO * is_balanced)
    return {"count/services": _ONE, SERVICES: _ONE, "services.nodeports": of_nano(NANO * open_ports), "services.loadbalancers": balancers}


def _usage_of_claim(claim: FrozenObject) -> Usage:
    made: Usage = {CLAIMS: _ONE, f"count/{CLAIMS}": _ONE}
    storage_class = annotations_of(claim).get(_OLD_CLASS) or claim["spec"].get("storageClassName") or ""
    if storage_class:
        made[f"{storage_class}{_OF_CLASS}{CLAIMS}"] = _ONE
    storage = quantities_of(claim["spec"], "requests").get("storage")
    if storage is not None:
        allocated = (claim.get("status") or {}).get("allocatedResources") or {}
        storage = max(storage, parse(str(allocated.get("storage", "0"))), key=lambda quantity: quantity.nano)
        made["requests.storage"] = of_nano(storage.value * NANO, storage.family)
        if storage_class:
            made[f"{storage_class}{_OF_CLASS}requests.storage"] = made["requests.storage"]
    return made


def missing_of_pod(pod: FrozenObject, names: Iterable[str]) -> str:
    """Which containers do not ask for what a quota limits: `must specify cpu for: web; memory for: web,log`; empty when all do."""
    spec = pod["spec"]
    if spec.get("resources"):
        return ""
    wanted = sorted(_TO_BE_SAID.intersection(names))
    lacking: dict[str, set[str]] = {}
    for container in (*spec["containers"], *(spec.get("initContainers") or ())):
        asked = _by_quota_name(quantities_of(container, "requests"), quantities_of(container, "limits"))
        for name in wanted:
            if name not in asked:
                lacking.setdefault(name, set()).add(container["name"])
    parts = [f"{name} for: {','.join(sorted(containers))}" for name, containers in lacking.items()]
    return f"must specify {'; '.join(sorted(parts))}" if parts else ""


def is_in_scope(resource: str, quota_spec: FrozenObject, obj: FrozenObject) -> bool:
    """Whether the object lies in all scopes of a quota; only Pods and claims can lie in any."""
    selector = (quota_spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    wanted = [*({"scopeName": scope, "operator": "Exists"} for scope in quota_spec.get("scopes") or ()), *selector]
    return all(_matches(resource, requirement, obj) for requirement in wanted)


def _matches(resource: str, requirement: Mapping[str, object], obj: FrozenObject) -> bool:
    scope = requirement["scopeName"]
    if resource == CLAIMS:
        return scope == "VolumeAttributesClass" and _selects(requirement, _attribute_classes(obj))
    if resource != PODS:
        return False
    spec = obj["spec"]
    if scope in ("Terminating", "NotTerminating"):
        return has_deadline(obj) is (scope == "Terminating")
    if scope in ("BestEffort", "NotBestEffort"):
        return (quality_of_service(spec) == "BestEffort") is (scope == "BestEffort")
    if scope == "PriorityClass":
        return _selects(requirement, [spec["priorityClassName"]] if spec.get("priorityClassName") else [])
    return scope == "CrossNamespacePodAffinity" and _looks_into_other_namespaces(spec.get("affinity") or {})


def has_deadline(pod: FrozenObject) -> bool:
    """What quotas call terminating."""
    return pod["spec"].get("activeDeadlineSeconds") is not None


def _selects(requirement: Mapping[str, object], names: list[str]) -> bool:
    if requirement["operator"] == "Exists":
        return bool(names)
    key = str(requirement["scopeName"])
    expression = {"key": key, "operator": requirement["operator"], "values": requirement.get("values") or []}
    selector = LabelSelector.of({"matchExpressions": [expression]})
    return any(selector.matches({key: name}) for name in names) if names else selector.matches({})


def _attribute_classes(claim: FrozenObject) -> list[str]:
    status = claim.get("status") or {}
    target = (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName")
    found = (claim["spec"].get("volumeAttributesClassName"), status.get("currentVolumeAttributesClassName"), target)
    return [name for name in found if name]


def _looks_into_other_namespaces(affinity: FrozenObject) -> bool:
    for side in ("podAffinity", "podAntiAffinity"):
        rules = affinity.get(side) or {}
        terms = [*(rules.get("requiredDuringSchedulingIgnoredDuringExecution") or ())]
        terms += [one["podAffinityTerm"] for one in rules.get("preferredDuringSchedulingIgnoredDuringExecution") or ()]
        if any(term.get("namespaces") or term.get("namespaceSelector") is not None for term in terms):
            return True
    return False
