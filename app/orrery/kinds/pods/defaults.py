"""Defaults of Pods and of pod templates.

Owns what `pkg/apis/core/v1/defaults.go` fills in for a PodSpec, and the twin fields that upstream's conversion keeps equal.
A Pod gets more than a template: requests from limits, host ports, service links.
"""

from typing import Any, Final

from orrery.kinds.pods.resources import aggregate_limits, aggregate_requests, is_pod_level_resource
from orrery.kinds.rules.image_reference import image_tag
from orrery.kinds.rules.resource_names import is_huge_page, is_overcommit_allowed
from orrery.machinery.objects import Object
from orrery.machinery.quantities import parse, round_up_milli

_INIT_ANNOTATIONS: Final = tuple(
    f"pod.{stage}.kubernetes.io/{what}" for stage in ("beta", "alpha") for what in ("init-containers", "init-container-statuses")
)
_FILE_MODE: Final = 0o644


def default_pod(obj: Object) -> None:
    """SetObjectDefaults_Pod."""
    spec = obj.get("spec")
    if spec is None:
        spec = obj["spec"] = {}
    for field in ("containers", "initContainers"):
        for container in spec.get(field) or ():
            if limits := (container.get("resources") or {}).get("limits"):
                _requests_from(limits, container["resources"])
    if spec.get("resources"):
        _default_pod_level_resources(spec)
    if "enableServiceLinks" not in spec:
        spec["enableServiceLinks"] = True
    if spec.get("hostNetwork"):
        _default_host_ports(spec)
    default_pod_spec(spec)
    if spec["terminationGracePeriodSeconds"] < 0:
        spec["terminationGracePeriodSeconds"] = 1
    _drop_init_annotations(obj)


def default_pod_template(template: Object) -> None:
    """The part of SetObjectDefaults_Deployment and its like that is about the template."""
    spec = template.get("spec")
    if spec is None:
        spec = template["spec"] = {}
    if "metadata" not in template:
        template["metadata"] = {}
    default_pod_spec(spec)
    _drop_init_annotations(template)


def default_pod_spec(spec: Object) -> None:
    if "restartPolicy" not in spec:
        spec["restartPolicy"] = "Always"
    if "terminationGracePeriodSeconds" not in spec:
        spec["terminationGracePeriodSeconds"] = 30
    if "dnsPolicy" not in spec:
        spec["dnsPolicy"] = "ClusterFirst"
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    if "securityContext" not in spec:
        spec["securityContext"] = {}
    if "schedulerName" not in spec:
        spec["schedulerName"] = "default-scheduler"
    for volume in spec.get("volumes") or ():
        default_volume(volume)
    for container in spec.get("containers") or ():
        default_container(container)
    for container in spec.get("initContainers") or ():
        default_container(container)
    for container in spec.get("ephemeralContainers") or ():
        default_container(container)
    if overhead := spec.get("overhead"):
        default_resource_list(overhead)
    if resources := spec.get("resources"):
        default_resources(resources)


def default_container(container: Object) -> None:
    if "imagePullPolicy" not in container:
        container["imagePullPolicy"] = pull_policy(container.get("image", ""))
    if "terminationMessagePath" not in container:
        container["terminationMessagePath"] = "/dev/termination-log"
    if "terminationMessagePolicy" not in container:
        container["terminationMessagePolicy"] = "File"
    for port in container.get("ports") or ():
        if "protocol" not in port:
            port["protocol"] = "TCP"
    for variable in container.get("env") or ():
        if "valueFrom" in variable:
            _default_value_from(variable["valueFrom"])
    resources = container.get("resources")
    if resources:
        default_resources(resources)
    elif resources is None:
        container["resources"] = {}
    for field in ("livenessProbe", "readinessProbe", "startupProbe"):
        if field in container:
            _default_probe(container[field])
    if "lifecycle" in container:
        for handler in container["lifecycle"].values():
            if isinstance(handler, dict) and "httpGet" in handler:
                _default_http_get(handler["httpGet"])


def pull_policy(image: str) -> str:
    """Always for the tag `latest`, whether written or meant; else IfNotPresent."""
    return "Always" if image_tag(image) == "latest" else "IfNotPresent"


def default_resources(resources: Object) -> None:
    """Round the lists of a ResourceRequirements up to thousandths."""
    if limits := resources.get("limits"):
        default_resource_list(limits)
    if requests := resources.get("requests"):
        default_resource_list(requests)


def default_resource_list(amounts: dict[str, str]) -> None:
    for name, amount in amounts.items():
        if parse(amount).nano % 1_000_000:
            amounts[name] = round_up_milli(amount)


def _default_value_from(source: Object) -> None:
    if "fieldRef" in source:
        source["fieldRef"].setdefault("apiVersion", "v1")
    if "fileKeyRef" in source:
        source["fileKeyRef"].setdefault("optional", False)


def _default_probe(probe: Object) -> None:
    probe.setdefault("timeoutSeconds", 1)
    probe.setdefault("periodSeconds", 10)
    probe.setdefault("successThreshold", 1)
    probe.setdefault("failureThreshold", 3)
    if "httpGet" in probe:
        _default_http_get(probe["httpGet"])
    if "grpc" in probe and probe["grpc"].get("service") is None:
        probe["grpc"]["service"] = ""


def _default_http_get(action: Object) -> None:
    action.setdefault("path", "/")
    action.setdefault("scheme", "HTTP")


def default_volume(volume: Object) -> None:
    """One volume; without a source it is an emptyDir."""
    if not any(field != "name" for field in volume):
        volume["emptyDir"] = {}
        return
    for field, fill in _VOLUME_DEFAULTS.items():
        if field in volume:
            fill(volume[field])


def _default_mode(source: Object) -> None:
    source.setdefault("defaultMode", _FILE_MODE)


def _default_downward(source: Object) -> None:
    for item in source.get("items") or ():
        if "fieldRef" in item:
            item["fieldRef"].setdefault("apiVersion", "v1")


def _default_downward_volume(source: Object) -> None:
    _default_mode(source)
    _default_downward(source)


def _default_projected(source: Object) -> None:
    _default_mode(source)
    for projection in source.get("sources") or ():
        if "downwardAPI" in projection:
            _default_downward(projection["downwardAPI"])
        if "serviceAccountToken" in projection:
            projection["serviceAccountToken"].setdefault("expirationSeconds", 3600)


def _default_host_path(source: Object) -> None:
    source.setdefault("type", "")


def _default_image_volume(source: Object) -> None:
    if not source.get("pullPolicy"):
        source["pullPolicy"] = pull_policy(source.get("reference", ""))


def _default_ephemeral(source: Object) -> None:
    template = source.get("volumeClaimTemplate")
    if template is None:
        return
    spec = template.setdefault("spec", {})
    spec.setdefault("volumeMode", "Filesystem")
    default_resources(spec.setdefault("resources", {}))


def _filling(**fields: Any) -> Any:
    """A function that sets each field that is absent."""

    def fill(source: Object) -> None:
        for field, value in fields.items():
            source.setdefault(field, value)

    return fill


_VOLUME_DEFAULTS: Final = {
    "hostPath": _default_host_path,
    "secret": _default_mode,
    "configMap": _default_mode,
    "projected": _default_projected,
    "downwardAPI": _default_downward_volume,
    "ephemeral": _default_ephemeral,
    "image": _default_image_volume,
    "iscsi": _filling(iscsiInterface="default"),
    "rbd": _filling(pool="rbd", user="admin", keyring="/etc/ceph/keyring"),
    "azureDisk": _filling(cachingMode="ReadWrite", fsType="ext4", readOnly=False, kind="Shared"),
    "scaleIO": _filling(storageMode="ThinProvisioned", fsType="xfs"),
}


def _requests_from(limits: dict[str, str], resources: Object) -> None:
    requests = resources.get("requests")
    if requests is None:
        requests = resources["requests"] = {}
    for name, amount in limits.items():
        requests.setdefault(name, amount)


def _default_host_ports(spec: Object) -> None:
    for field in ("containers", "initContainers"):
        for container in spec.get(field) or ():
            for port in container.get("ports") or ():
                if not port.get("hostPort") and port.get("containerPort"):
                    port["hostPort"] = port["containerPort"]


def _default_pod_level_resources(spec: Object) -> None:
    """Fill the Pod's own resources from its containers' and its limits."""
    resources = spec["resources"]
    limits = dict(resources.get("limits") or {})
    requests = dict(resources.get("requests") or {})
    if limits or requests:
        for name, amount in aggregate_limits(spec).items():
            if is_huge_page(name) and name not in requests:
                limits.setdefault(name, amount)
        if limits:
            resources["limits"] = limits
    if not limits:
        return
    for name, amount in aggregate_requests(spec).items():
        if is_pod_level_resource(name) and is_overcommit_allowed(name):
            requests.setdefault(name, amount)
    for name, amount in limits.items():
        if is_pod_level_resource(name):
            requests.setdefault(name, amount)
    if requests:
        resources["requests"] = requests


def _drop_init_annotations(obj: Object) -> None:
    """Annotations that once held init containers are thrown away by upstream's conversion."""
    annotations = obj["metadata"].get("annotations")
    if annotations and any(key in annotations for key in _INIT_ANNOTATIONS):
        for key in _INIT_ANNOTATIONS:
            annotations.pop(key, None)
