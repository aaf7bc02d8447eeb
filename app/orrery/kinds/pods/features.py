"""Fields of Pods that Kubernetes 1.35 ships switched off, and what it writes into a new Pod itself.

Follows `dropDisabledFields` of pkg/api/pod and the mutations in the Pod's registry strategy. A field that the old object already
uses stays.
"""

from typing import Any, Final

from orrery.machinery.objects import FrozenObject, Object

_CONTAINERS: Final = ("initContainers", "containers", "ephemeralContainers")
_PROJECTIONS: Final = ("clusterTrustBundle", "podCertificate")
_APP_ARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"


def drop_disabled_fields(spec: Object, old: FrozenObject | None = None) -> None:
    if "workloadRef" in spec and "workloadRef" not in (old or ()):
        del spec["workloadRef"]
    for volume in spec.get("volumes") or ():
        if "projected" in volume:
            _drop_projections(volume["projected"], old)
    for field in _CONTAINERS:
        for container in spec.get(field) or ():
            if "lifecycle" in container and "stopSignal" in container["lifecycle"] and not _uses_stop_signals(old):
                del container["lifecycle"]["stopSignal"]
                if not container["lifecycle"]:
                    del container["lifecycle"]


def _drop_projections(projected: Object, old: FrozenObject | None) -> None:
    for source in projected.get("sources") or ():
        for kind in _PROJECTIONS:
            if kind in source and not _uses_projection(old, kind):
                del source[kind]


def _uses_projection(old: FrozenObject | None, kind: str) -> bool:
    return any(
        kind in source for volume in (old or {}).get("volumes") or () for source in (volume.get("projected") or {}).get("sources") or ()
    )


def _uses_stop_signals(old: FrozenObject | None) -> bool:
    return any("stopSignal" in (container.get("lifecycle") or ()) for field in _CONTAINERS for container in (old or {}).get(field) or ())


def gated_condition(now: str | None) -> Object:
    """What a new Pod with scheduling gates says of itself."""
    return {
        "type": "PodScheduled",
        "status": "False",
        "lastProbeTime": None,
        "lastTransitionTime": now,
        "reason": "SchedulingGated",
        "message": "Scheduling is blocked due to non-empty scheduling gates",
    }


def merge_label_keys(spec: Object, labels: dict[str, str]) -> None:
    """matchLabelKeys and mismatchLabelKeys become requirements of their selectors, with the Pod's own values."""
    affinity = spec.get("affinity") or {}
    for field in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(field) or {}
        for weighted in terms.get(_PREFERRED) or ():
            _merge(weighted.get("podAffinityTerm") or {}, labels)
        for term in terms.get(_REQUIRED) or ():
            _merge(term, labels)
    for constraint in spec.get("topologySpreadConstraints") or ():
        _merge(constraint, labels)


def _merge(term: Object, labels: dict[str, str]) -> None:
    selector = term.get("labelSelector")
    if selector is None:
        return
    for field, operator in (("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")):
        for key in term.get(field) or ():
            if key in labels:
                requirements: list[Any] = selector.setdefault("matchExpressions", [])
                requirements.append({"key": key, "operator": operator, "values": [labels[key]]})


def app_armor_profile(annotation: str) -> Object | None:
    """The profile field that the old annotation stands for; None when it says nothing sensible."""
    if annotation == "unconfined":
        return {"type": "Unconfined"}
    if annotation == "runtime/default":
        return {"type": "RuntimeDefault"}
    name = annotation.removeprefix("localhost/")
    return {"type": "Localhost", "localhostProfile": name} if name and name != annotation else None


def apply_app_armor_annotations(obj: Object) -> None:
    """Fields take over what annotations of old clients say."""
    annotations = obj["metadata"].get("annotations")
    if not annotations or not any(key.startswith(_APP_ARMOR) for key in annotations):
        return
    spec = obj["spec"]
    if (spec.get("os") or {}).get("name") == "windows":
        return
    pod_profile = (spec.get("securityContext") or {}).get("appArmorProfile")
    for field in _CONTAINERS:
        for container in spec.get(field) or ():
            annotation = annotations.get(_APP_ARMOR + container.get("name", ""))
            if annotation is None or "appArmorProfile" in (container.get("securityContext") or ()):
                continue
            profile = app_armor_profile(annotation)
            if profile is None or profile == pod_profile:
                continue
            name = profile.get("localhostProfile", "")
            if name.strip() == name:
                container.setdefault("securityContext", {})["appArmorProfile"] = profile
