"""What becomes of every field of every kind, read from the code for docs/fields.md.

Each kind names the places whose business it is (`READERS`); a field is acted on when one of them names it, checked when only the kind's own
files do (defaults, validation, immutability), stored only when nobody names it. Structs that many kinds embed (`SHARED`) have a section of
their own. What validation always refuses (`REFUSED`) and what Kubernetes 1.35 ships switched off (`OFF`) no code can tell apart: they are
listed, and tests/scenarios/test_field_fates.py tries each.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from orrery.kinds.builtin import builtin
from orrery.kinds.kind import Kind
from orrery.kinds.structs.schema import Struct, Type, struct, struct_of

SOURCES: Final = Path(__file__).resolve().parent.parent / "app" / "orrery"
ACTED, CHECKED, STORED, REFUSED, OFF = STATES = ("acted on", "checked only", "stored only", "refused", "switched off")

_POD: Final = ("node", "controllers/scheduler", "controllers/pods.py", "controllers/nodes", "verbs/admission", "verbs/subresources")
_CLASS_OF_NODES: Final = ("controllers/scheduler", "controllers/nodes", "node/nodes.py", "node/node_objects.py", "node/network")

READERS: Final[dict[str, tuple[str, ...]]] = {
    "APIService": ("controllers/serving", "controllers/conditions.py"),
    "Binding": ("verbs/subresources",),
    "ConfigMap": ("node", "controllers/namespaces"),
    "ControllerRevision": ("controllers/revisions", "controllers/statefulset", "controllers/daemonset"),
    "CronJob": ("controllers/cronjob",),
    "CSIDriver": ("kinds/storage/volumeattachment.py",),
    "CSINode": ("controllers/scheduler", "controllers/volumes"),
    "CustomResourceDefinition": ("controllers/serving", "controllers/conditions.py"),
    "DaemonSet": ("controllers/daemonset", "controllers/revisions"),
    "Deployment": ("controllers/deployment", "control", "verbs/subresources"),
    "Endpoints": ("controllers/services", "node/network", "api/connect"),
    "EndpointSlice": ("controllers/services", "node/network", "api/connect"),
    "Event": ("verbs/recorder.py", "verbs/event_expiry.py"),
    "FlowSchema": ("controllers/serving", "controllers/conditions.py"),
    "HorizontalPodAutoscaler": ("controllers/autoscaling",),
    "Ingress": (),
    "IPAddress": ("verbs/service_addresses.py",),
    "Job": ("controllers/job", "controllers/ttl_after_finished", "controllers/cronjob"),
    "Lease": ("node/nodes.py", "node/node_objects.py", "controllers/nodes"),
    "LimitRange": ("verbs/admission", "controllers/limits"),
    "Namespace": ("controllers/namespaces", "verbs"),
    "Node": _CLASS_OF_NODES,
    "PersistentVolume": ("controllers/volumes", "controllers/scheduler", "controllers/protection", "node/volumes"),
    "PersistentVolumeClaim": ("controllers/volumes", "controllers/scheduler", "controllers/protection", "node/volumes"),
    "Pod": _POD,
    "PodDisruptionBudget": ("controllers/disruption", "controllers/scheduler", "verbs/subresources"),
    "PriorityClass": ("verbs/admission", "controllers/scheduler"),
    "ReplicaSet": ("controllers/replicaset", "controllers/deployment", "verbs/subresources"),
    "ReplicationController": ("controllers/replicaset", "verbs/subresources"),
    "ResourceQuota": ("verbs/admission", "verbs/quota_ledger.py", "kinds/cluster/quota_usage.py", "controllers/quota"),
    "RuntimeClass": ("verbs/admission",),
    "Secret": ("node", "controllers/tokens", "controllers/namespaces"),
    "Service": ("controllers/services", "node/network", "node/service_variables.py", "verbs/service_addresses.py", "api/connect"),
    "ServiceAccount": ("verbs/admission", "controllers/namespaces", "controllers/tokens", "verbs/subresources"),
    "ServiceCIDR": ("controllers/protection", "controllers/conditions.py", "verbs/service_addresses.py"),
    "StatefulSet": ("controllers/statefulset", "controllers/revisions", "verbs/subresources"),
    "StorageClass": ("controllers/volumes", "controllers/scheduler", "verbs/admission"),
    "VolumeAttachment": ("controllers/volumes", "node/volumes"),
    "VolumeAttributesClass": ("controllers/volumes", "controllers/protection"),
    "ClusterRole": ("auth", "controllers/roles"),
    "ClusterRoleBinding": ("auth",),
    "Role": ("auth",),
    "RoleBinding": ("auth",),
    "SelfSubjectReview": ("verbs/virtual.py", "verbs/access.py"),
    "TokenReview": ("verbs/virtual.py", "verbs/access.py", "auth"),
    "LocalSubjectAccessReview": ("verbs/virtual.py", "verbs/access.py"),
    "SelfSubjectAccessReview": ("verbs/virtual.py", "verbs/access.py"),
    "SelfSubjectRulesReview": ("verbs/virtual.py", "verbs/access.py"),
    "SubjectAccessReview": ("verbs/virtual.py", "verbs/access.py"),
    "ComponentStatus": ("verbs/virtual.py",),
    "NodeMetrics": ("verbs/metrics.py",),
    "PodMetrics": ("verbs/metrics.py",),
}
"""The places that act on a kind, under app/orrery; nobody acts on a kind that is not here."""

_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1."
_CORE: Final = "io.k8s.api.core.v1."
SHARED: Final[dict[str, tuple[str, ...]]] = {
    _META + "ObjectMeta": ("verbs", "controllers", "machinery"),
    _META + "LabelSelector": ("machinery/selectors.py",),
    _META + "Condition": ("controllers",),
    _CORE + "PodTemplateSpec": ("controllers/pods.py", "controllers/deployment"),
    _CORE + "PodSpec": _POD,
    _CORE + "Container": _POD,
    _CORE + "EphemeralContainer": _POD,
    _CORE + "Volume": ("node/volumes", "controllers/volumes", "controllers/scheduler"),
    _CORE + "Probe": ("node",),
    _CORE + "Lifecycle": ("node",),
    _CORE + "EnvVar": ("node",),
    _CORE + "Affinity": ("controllers/scheduler",),
    _CORE + "NodeSelector": ("controllers/scheduler", "controllers/volumes"),
    _CORE + "Toleration": ("controllers/scheduler", "controllers/nodes", "verbs/admission"),
    _CORE + "TopologySpreadConstraint": ("controllers/scheduler",),
    _CORE + "PodSecurityContext": ("node", "verbs/admission"),
    _CORE + "SecurityContext": ("node", "verbs/admission"),
    _CORE + "ContainerStatus": ("node",),
    _CORE + "PersistentVolumeClaimSpec": ("controllers/volumes", "controllers/scheduler", "node/volumes"),
    "io.k8s.api.batch.v1.JobSpec": ("controllers/job", "controllers/ttl_after_finished", "controllers/cronjob"),
}
"""Structs that several kinds embed, and who acts on them wherever they are embedded."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_NO_FOR_EPHEMERAL: Final = ("ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "resources", "resizePolicy")
FIXED: Final[dict[tuple[str, str], str]] = {
    **{("EphemeralContainer", name): REFUSED for name in _NO_FOR_EPHEMERAL},
    ("PodSpec", "ephemeralContainers"): ACTED,
    ("PodSpec", "workloadRef"): OFF,
    ("Lifecycle", "stopSignal"): OFF,
    ("VolumeProjection", "clusterTrustBundle"): OFF,
    ("VolumeProjection", "podCertificate"): OFF,
    ("LeaseSpec", "strategy"): OFF,
    ("RollingUpdateStatefulSetStrategy", "maxUnavailable"): OFF,
    ("LeaseSpec", "preferredHolder"): OFF,
}
"""By struct and field."""

_OWN_FILES: Final = {
    "Pod": ("pods/*.py",),
    "Job": ("workloads/job*.py",),
    "Service": ("network/service*.py",),
    "HorizontalPodAutoscaler": ("workloads/horizontal*.py",),
}
_SHARED_OWN: Final = ("pods/*.py", "rules/claim_spec.py", "workloads/job*.py", "rules/label_selectors.py")
_ENVELOPE: Final = ("apiVersion", "kind")


class FieldFate(NamedTuple):
    """One field: its path from the object or the struct, and what becomes of it (one of STATES)."""

    path: str
    state: str


class Section(NamedTuple):
    """A kind, or a struct that several kinds share."""

    title: str
    fates: tuple[FieldFate, ...]

    def of(self, state: str) -> list[str]:
        return [fate.path for fate in self.fates if fate.state == state]


class _Places(NamedTuple):
    """The words that those name who act on a struct, and who check it."""

    acted: frozenset[str]
    checked: frozenset[str]

    def fate(self, field: str, within: str) -> str:
        """What becomes of a field; nobody acts on a part of what nobody acts on."""
        if within in (OFF, REFUSED) or (field in self.acted and within == ACTED):
            return within
        return CHECKED if field in self.checked and within != STORED else STORED


def sections() -> tuple[list[Section], list[Section]]:
    """The kinds in the order of their groups, then the shared structs."""
    kinds = sorted(builtin(), key=lambda kind: (kind.group, kind.kind, kind.version))
    own = [Section(f"{kind.kind} ({kind.api_version})", tuple(_of_kind(kind))) for kind in kinds]
    shared = [Section(title_of(name), tuple(_of_struct(struct(name), _shared_places(name)))) for name in SHARED]
    return own, shared


def title_of(name: str) -> str:
    return name.rpartition(".")[2]


def _of_kind(kind: Kind) -> Iterator[FieldFate]:
    patterns = _OWN_FILES.get(kind.kind, (f"*/{kind.kind.lower()}.py",))
    places = _places(READERS.get(kind.kind, ()), patterns)
    yield from (fate for fate in _of_struct(struct_of(kind), places) if fate.path not in _ENVELOPE)


def _shared_places(name: str) -> _Places:
    return _places(SHARED[name], _SHARED_OWN)


def _of_struct(top: Struct, places: _Places, *, path: str = "", within: str = ACTED, seen: tuple[str, ...] = ()) -> Iterator[FieldFate]:
    for field in top.fields.values():
        here = f"{path}{field.name}"
        inner = _inner(field.type)
        fate = FIXED.get((title_of(top.id), field.name)) or places.fate(field.name, within)
        if inner is None or inner.struct_id in SHARED or inner.struct_id in seen or not inner.struct.fields:
            yield FieldFate(here + _link(inner), fate)
        else:
            inside = f"{here}{'[]' if field.type.item else ''}."
            yield from _of_struct(inner.struct, places, path=inside, within=fate, seen=(*seen, top.id, inner.struct_id))


def _link(inner: Type | None) -> str:
    return f" ({title_of(inner.struct_id)})" if inner is not None and inner.struct_id in SHARED else ""


def _inner(type_: Type) -> Type | None:
    while type_.item is not None:
        type_ = type_.item
    return type_ if type_.struct_id else None


def _places(readers: tuple[str, ...], own: tuple[str, ...]) -> _Places:
    checking = [file for pattern in own for file in sorted((SOURCES / "kinds").glob(pattern))]
    acting = [file for place in readers for file in _files(place)]
    return _Places(_words(acting), _words(checking))


def _files(place: str) -> list[Path]:
    path = SOURCES / place
    return sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.exists() else []


def _words(files: list[Path]) -> frozenset[str]:
    return frozenset(word for file in files for word in _names_in(file))


@cache
def _names_in(file: Path) -> frozenset[str]:
    """All names in a file's string constants, paths such as `spec.replicas` taken apart. Sentences name nothing."""
    texts = [node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return frozenset(part for text in texts if len(text) < 300 and "\n" not in text for part in _NAME.findall(text))
