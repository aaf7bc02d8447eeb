"""PodSecurity: labels of a namespace say which Pod Security Standard its Pods must meet, and which they are warned of.

Follows `pod-security-admission`. The audit level only ever shows in audit logs, which do not exist here.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from orrery.kinds.kind import Kind
from orrery.kinds.pods.security_standards import NEWEST, Violation, violations
from orrery.machinery.errors import Invalid
from orrery.machinery.field_errors import FieldError, invalid
from orrery.machinery.objects import FrozenObject, controller_of, labels_of, name_of
from orrery.store.log import Scope, key_of
from orrery.verbs.admission.admission import Action, AdmissionRequest

_PREFIX: Final = "pod-security.kubernetes.io/"
_LEVELS: Final = ("privileged", "baseline", "restricted")
_VERSION: Final = re.compile(r"v1\.(0|[1-9][0-9]*)")
_IGNORED_SUBRESOURCES: Final = frozenset({"exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"})
_TEMPLATES: Final = {
    "podtemplates": ("template",),
    "replicationcontrollers": ("spec", "template"),
    "replicasets.apps": ("spec", "template"),
    "deployments.apps": ("spec", "template"),
    "statefulsets.apps": ("spec", "template"),
    "daemonsets.apps": ("spec", "template"),
    "jobs.batch": ("spec", "template"),
    "cronjobs.batch": ("spec", "jobTemplate", "spec", "template"),
}
"""Where each kind keeps the template of its Pods."""
_PODS_CHECKED_MAX: Final = 3000


class Standard(NamedTuple):
    """A level and a version of the standards; printed as `restricted:v1.30`."""

    level: str = "privileged"
    version: str = "latest"

    def __str__(self) -> str:
        return f"{self.level}:{self.version}"

    def check(self, metadata: FrozenObject, spec: FrozenObject) -> list[Violation]:
        return violations(self.level, NEWEST if self.version == "latest" else int(self.version[3:]), metadata, spec)


class Policy(NamedTuple):
    enforce: Standard
    warn: Standard
    errors: list[FieldError]


def policy_of(labels: dict[str, str]) -> Policy:
    """What the labels of a namespace ask for; who enforces a level warns of it too."""
    errors: list[FieldError] = []
    found = {mode: _standard(labels, mode, errors) for mode in ("enforce", "audit", "warn")}
    warn = found["warn"]
    enforce_is_said = labels.get(_PREFIX + "enforce") in _LEVELS
    if _PREFIX + "warn" not in labels and enforce_is_said and found["enforce"].level != "privileged":
        version = warn.version if _PREFIX + "warn-version" in labels else found["enforce"].version
        warn = Standard(found["enforce"].level, version)
    return Policy(found["enforce"], warn, errors)


def _standard(labels: dict[str, str], mode: str, errors: list[FieldError]) -> Standard:
    level, version = labels.get(_PREFIX + mode, "privileged"), labels.get(f"{_PREFIX}{mode}-version", "latest")
    if level not in _LEVELS:
        errors.append(_wrong(mode, level, f"must be one of {', '.join(_LEVELS)}"))
        level = "restricted" if mode == "enforce" else "privileged"
    if version != "latest" and _VERSION.fullmatch(version) is None:
        errors.append(_wrong(f"{mode}-version", version, 'must be "latest" or "v1.x"'))
        version = "latest"
    return Standard(level, version)


def _wrong(label: str, value: str, why: str) -> FieldError:
    return invalid(f"metadata.labels[{_PREFIX}{label}]", value, why)


class PodSecurity:
    """Upstream's plugin of the same name, with its default configuration: everything is privileged, nobody is exempt."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        if action is Action.DELETE:
            return False
        if kind.bucket == "pods":
            return subresource not in _IGNORED_SUBRESOURCES
        return not subresource and (kind.bucket == "namespaces" or kind.bucket in _TEMPLATES)

    def validate(self, request: AdmissionRequest) -> None:
        obj = request.obj
        if obj is None:
            return
        if request.kind.bucket == "namespaces":
            _check_namespace(request, obj)
            return
        record = request.log.find(key_of("namespaces", "", request.call.namespace))
        labels = record.index.labels if record is not None else {}
        if not any(label.startswith(_PREFIX) for label in labels):
            return
        policy = policy_of(dict(labels))
        if request.kind.bucket == "pods":
            _check_pod(request, obj, policy)
        elif not request.call.trusted and (template := _template_of(request.kind, obj)) is not None:
            _warn(request, policy.warn, template)


def _template_of(kind: Kind, obj: FrozenObject) -> FrozenObject | None:
    found: FrozenObject | None = obj
    for part in _TEMPLATES[kind.bucket]:
        found = (found or {}).get(part)
    return found


def _check_pod(request: AdmissionRequest, pod: FrozenObject, policy: Policy) -> None:
    if request.old is not None and not _is_significant(pod, request.old):
        return
    found = policy.enforce.check(pod["metadata"], pod["spec"])
    if found:
        raise request.forbidden(f'violates PodSecurity "{policy.enforce}": {", ".join(map(str, found))}')
    if not request.call.trusted:
        _warn(request, policy.warn, pod)


def _warn(request: AdmissionRequest, standard: Standard, pod: FrozenObject) -> None:
    found = standard.check(pod.get("metadata") or {}, pod.get("spec") or {})
    if found:
        request.call.warnings.append(f'would violate PodSecurity "{standard}": {", ".join(map(str, found))}')


def _is_significant(pod: FrozenObject, old: FrozenObject) -> bool:
    """Whether an update brings a container or an image."""

    def images(obj: FrozenObject) -> Iterator[tuple[str, ...]]:
        for field in ("containers", "initContainers", "ephemeralContainers"):
            for container in obj["spec"].get(field) or ():
                yield field, container["name"], container.get("image", "")

    return not set(images(pod)) <= set(images(old))


def _check_namespace(request: AdmissionRequest, namespace: FrozenObject) -> None:
    policy = policy_of(labels_of(namespace))
    former = policy_of(labels_of(request.old)) if request.old is not None else None
    if policy.errors and (former is None or policy.errors != former.errors):
        raise Invalid(request.kind.qualified_kind, request.name, policy.errors)
    if former is None or policy.enforce == former.enforce or policy.enforce.level == "privileged":
        return
    is_laxer = _LEVELS.index(policy.enforce.level) <= _LEVELS.index(former.enforce.level)
    if not (is_laxer and policy.enforce.version == former.enforce.version):
        request.call.warnings.extend(_warnings_of_existing(request, name_of(namespace), policy.enforce))


def _warnings_of_existing(request: AdmissionRequest, namespace: str, standard: Standard) -> Iterator[str]:
    """Pods that run already stay; their user is told."""
    pods = _first_of_each_controller([record.object for record in request.log.list(Scope("pods", namespace)).records])
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for pod in pods[:_PODS_CHECKED_MAX]:
        if found := standard.check(pod["metadata"], pod["spec"]):
            reasons = ", ".join(violation.reason for violation in found)
            counts[reasons] += 1
            first[reasons] = min(first.get(reasons, name_of(pod)), name_of(pod))
    if len(pods) > _PODS_CHECKED_MAX:
        told = f"{_PODS_CHECKED_MAX} of {len(pods)} existing pods"
        yield f"new PodSecurity enforce level only checked against the first {told}"
    if counts:
        yield f'existing pods in namespace "{namespace}" violate the new PodSecurity enforce level "{standard}"'
    yield from sorted(f"{first[reasons]}{_others(count - 1)}: {reasons}" for reasons, count in counts.items())


def _first_of_each_controller(pods: list[FrozenObject]) -> list[FrozenObject]:
    """One Pod of each controller comes before the others, which are most likely the same."""
    seen: set[str] = set()
    first: list[FrozenObject] = []
    later: list[FrozenObject] = []
    for pod in pods:
        controller = controller_of(pod)
        if controller is not None and controller["uid"] in seen:
            later.append(pod)
            continue
        first.append(pod)
        if controller is not None:
            seen.add(controller["uid"])
    return first + later


def _others(count: int) -> str:
    if not count:
        return ""
    return " (and 1 other pod)" if count == 1 else f" (and {count} other pods)"
