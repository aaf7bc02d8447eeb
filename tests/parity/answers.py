"""Two servers' answers made comparable: what differs from run to run is blanked, what controllers write beside the request is left out."""

import json
import re
from collections.abc import Iterator
from typing import Any

VOLATILE = frozenset(
    [
        "uid",
        "creationTimestamp",
        "resourceVersion",
        "deletionTimestamp",
        "startTime",
        "clusterIP",
        "clusterIPs",
        "nodePort",
        "lastTransitionTime",
        "lastUpdateTime",
        "continue",
        "remainingItemCount",
        "lastScheduleTime",
        "serverAddress",
        "firstTimestamp",
        "lastTimestamp",
        "eventTime",
    ]
)
LEFT_OUT = frozenset({"managedFields", "selfLink", "storageVersionHash", "healthCheckNodePort"})
CONTROLLED = frozenset(
    [
        "Deployment",
        "ReplicaSet",
        "StatefulSet",
        "DaemonSet",
        "Job",
        "CronJob",
        "ReplicationController",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "ResourceQuota",
        "APIService",
        "FlowSchema",
        "PriorityLevelConfiguration",
        "ServiceCIDR",
        "CustomResourceDefinition",
        "ValidatingAdmissionPolicy",
    ]
)
RULES = frozenset({"resourceRules", "nonResourceRules"})
"""Whose order is that of a Go map."""
BY_CONTROLLERS = frozenset({"deployment.kubernetes.io/revision", "node.alpha.kubernetes.io/ttl"})
"""Annotations that come a moment after the request."""
HELD = frozenset(
    [
        "kubernetes.io/pvc-protection",
        "kubernetes.io/pv-protection",
        "kubernetes.io/vac-protection",
        "networking.k8s.io/service-cidr-finalizer",
    ]
)
"""Finalizers that controllers put back a moment after a PUT without them; what admission adds shows in a dry run."""
_SUBSTITUTES = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"\bgen-[a-z0-9]{5}\b"), "gen-<random>"),
    (re.compile(r"kube-api-access-[a-z0-9]{5}"), "kube-api-access-<random>"),
    (re.compile(r"resource version: \d+"), "resource version: N"),
    (re.compile(r"in record \(\d+\)"), "in record (N)"),
    (re.compile(r"\b10\.(0|96)\.0\.0/(16|12)\b"), "<service range>"),
    (re.compile(r"\b10\.(0|96)\.\d{1,3}\.\d{1,3}\b"), "<service IP>"),
    (re.compile(r'\\"username\\":.*?\],?'), ""),
    (re.compile(r'\\"(node.alpha.kubernetes.io/ttl|deployment.kubernetes.io/revision)\\":\\"\d+\\",?'), ""),
    (re.compile(r',?\\"finalizers\\":\[\\"(kubernetes|networking\.k8s)\.io/[a-z-]+\\"\]'), ""),
    (re.compile(r',?\\"taints\\":\[\{[^]]*\}\]'), ""),
    (re.compile(r"resourceVersion: \"\d+\""), 'resourceVersion: "N"'),
    (re.compile(r"creationTimestamp: \"[^\"]+\""), 'creationTimestamp: "T"'),
    (re.compile(r"in scheme \"[^\"]+\""), "in scheme S"),
    (re.compile(r"\bBad_[a-z0-9]{5}\b"), "Bad_<random>"),
    (re.compile(r'\\"(resourceVersion|creationTimestamp)\\":\\"[^"]+\\"'), r"\1 T"),
)
_MANAGED_IN_JSON = re.compile(r'\\*"managedFields\\*":\[')
_MANAGED_IN_YAML = re.compile(r"^( *)managedFields:\n(?:\1[- ] .*\n)+", re.MULTILINE)
_AGE = re.compile(r"^(\d+(s|m|h|d)|\d+m\d+s|<unknown>|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$")


def normal(value: Any, key: str = "") -> Any:
    """`value` with everything blanked that may differ between two honest servers."""
    if isinstance(value, dict):
        if value.get("kind") in CONTROLLED:
            value = _without_status(value)
        elif value.get("kind") == "CertificateSigningRequestList":
            value = {**value, "items": [_without_requestor(item) for item in value["items"]]}
        elif value.get("kind", "").removesuffix("List") in CONTROLLED and isinstance(value.get("items"), list):
            value = {**value, "items": [_without_status(item) for item in value["items"]]}
        if value.get("kind") == "CertificateSigningRequest":
            value = _without_requestor(value)
        if "gitVersion" in value:
            return {name: f"<{name}>" if name not in ("major", "minor") else inner for name, inner in sorted(value.items())}
        if value.get("kind") == "Node":
            value = _without_condition_taints(value)
        elif value.get("kind") == "NodeList":
            value = {**value, "items": [_without_condition_taints(item) for item in value["items"]]}
        if key == "metadata" and value.get("resourceVersion") and value.get("finalizers"):
            finalizers = [name for name in value["finalizers"] if name not in HELD]
            value = {name: inner for name, inner in {**value, "finalizers": finalizers}.items() if inner or name != "finalizers"}
        if key == "annotations":
            value = {name: inner for name, inner in value.items() if name not in BY_CONTROLLERS}
        kept = {
            name: inner
            for name, inner in sorted(value.items())
            if name not in LEFT_OUT and not (name == "annotations" and set(inner or {}) <= BY_CONTROLLERS)
        }
        return {name: _blank(name, inner) for name, inner in kept.items()}
    if isinstance(value, list):
        if key == "columnDefinitions":
            return [{name: inner for name, inner in column.items() if name != "description"} for column in value]
        found = [normal(inner, key) for inner in value]
        return sorted(found, key=json.dumps) if key in RULES else found
    if isinstance(value, str):
        value = _without_managed_fields(value)
        for pattern, substitute in _SUBSTITUTES:
            value = pattern.sub(substitute, value)
        if key == "cells" and (_AGE.match(value) or re.fullmatch(r"10\.[\d.]+", value)):
            return "<volatile>"
        if key == "cells" and value in ("admin", "system:admin"):
            return "<user>"
    return value


def _without_managed_fields(text: str) -> str:
    """A text that embeds an object, without the owners of its fields: they are left out of every other object, too."""
    if "managedFields" not in text:
        return text
    text = _MANAGED_IN_YAML.sub("", text)
    while (found := _MANAGED_IN_JSON.search(text)) is not None:
        end, depth = found.end(), 1
        while depth and end < len(text):
            depth += {"[": 1, "]": -1}.get(text[end], 0)
            end += 1
        before, after = text[: found.start()], text[end:]
        text = before + after[1:] if after.startswith(",") else before.removesuffix(",") + after
    return text


def _without_status(obj: dict[str, Any]) -> dict[str, Any]:
    return {name: inner for name, inner in obj.items() if name != "status"}


def _without_condition_taints(node: dict[str, Any]) -> dict[str, Any]:
    """A stored node without the taints that a controller keeps in step with its conditions; what admission adds shows in a dry run."""
    spec = node.get("spec") or {}
    if not node.get("metadata", {}).get("resourceVersion") or "taints" not in spec:
        return node
    kept = [taint for taint in spec["taints"] if not taint["key"].startswith("node.kubernetes.io/")]
    bare = {name: inner for name, inner in spec.items() if name != "taints"}
    return {**node, "spec": {**bare, "taints": kept} if kept else bare}


def _without_requestor(request: dict[str, Any]) -> dict[str, Any]:
    """The administrators of two servers have other names."""
    spec = {name: inner for name, inner in (request.get("spec") or {}).items() if name != "uid"}
    return {**request, "spec": {**spec, "username": "<user>"}} if "username" in spec else request


def _blank(name: str, value: Any) -> Any:
    if name in VOLATILE and value not in ("None", ["None"]):
        return f"<{name}>"
    return normal(value, name)


def differences(want: Any, got: Any, path: str = "") -> Iterator[str]:
    """A line for each place where two normal answers differ."""
    if isinstance(want, dict) and isinstance(got, dict):
        for name in sorted(want.keys() | got.keys()):
            if name not in got:
                yield f"{path}.{name}: missing, want {_short(want[name])}"
            elif name not in want:
                yield f"{path}.{name}: extra {_short(got[name])}"
            else:
                yield from differences(want[name], got[name], f"{path}.{name}")
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for index, (left, right) in enumerate(zip(want, got, strict=True)):
            yield from differences(left, right, f"{path}[{index}]")
    elif want != got:
        yield f"{path}: want {_short(want)} got {_short(got)}"


def _short(value: Any) -> str:
    return json.dumps(value)[:400]
