"""ServiceAccount: every Pod runs as one, which must exist, and gets its token mounted unless somebody declines.

The default ServiceAccount of a new namespace is made by a controller, so a Pod that comes first waits for it a little.
"""

from collections.abc import Awaitable
from typing import Any, Final

from orrery.kinds.kind import Kind
from orrery.machinery.clock import new_name_suffix
from orrery.machinery.objects import FrozenObject, Object, annotations_of
from orrery.store.log import key_of
from orrery.verbs.admission.admission import Action, AdmissionRequest

DEFAULT_NAME: Final = "default"
TOKEN_MOUNT_PATH: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
MIRROR_POD: Final = "kubernetes.io/config.mirror"
_VOLUME_PREFIX: Final = "kube-api-access-"
_TOKEN_S: Final = 3607
_TRIES: Final = 10
_RETRY_S: Final = 0.1


class ServiceAccount:
    """Upstream's plugin of the same name, without its check of mountable secrets."""

    # DIFFERS: upstream also enforces kubernetes.io/enforce-mountable-secrets, deprecated since 1.32; we ignore the annotation.

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        return kind.group_resource == "pods" and action is Action.CREATE and not subresource

    def admit(self, request: AdmissionRequest) -> Awaitable[None] | None:
        pod = request.obj
        if pod is None:
            return None
        spec = pod["spec"]
        if MIRROR_POD in annotations_of(pod):
            _check_mirror_pod(request, spec)
            return None
        name = spec.get("serviceAccountName")
        if not name:
            name = spec["serviceAccountName"] = DEFAULT_NAME
        spec["serviceAccount"] = name
        account = request.log.find(key_of("serviceaccounts", request.call.namespace, name))
        if account is None:
            return _wait(request, spec, name)
        _apply(request, spec, account.object)
        return None


async def _wait(request: AdmissionRequest, spec: Object, name: str) -> None:
    """Look again for a while when it is the default one; then Forbidden."""
    namespace = request.call.namespace
    for _ in range(_TRIES - 1 if name == DEFAULT_NAME else 0):
        await request.clock.sleep(_RETRY_S * (1 + request.clock.random.random()))
        account = request.log.find(key_of("serviceaccounts", namespace, name))
        if account is not None:
            _apply(request, spec, account.object)
            return
    raise request.forbidden(f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found')


def _apply(request: AdmissionRequest, spec: Object, account: FrozenObject) -> None:
    automount = spec.get("automountServiceAccountToken")
    if automount is None:
        automount = account.get("automountServiceAccountToken")
    if automount is not False:
        _mount_token(request, spec)
    if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [{"name": secret.get("name", "")} for secret in account["imagePullSecrets"]]


def _mount_token(request: AdmissionRequest, spec: Object) -> None:
    volumes: list[Object] = spec.get("volumes") or []
    name = next((volume["name"] for volume in volumes if volume.get("name", "").startswith(_VOLUME_PREFIX)), "")
    has_volume = bool(name)
    if not has_volume:
        name = _VOLUME_PREFIX + new_name_suffix(request.clock)
    mounted = False
    for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
        mounts: list[Object] = container.get("volumeMounts") or []
        if all(mount.get("mountPath") != TOKEN_MOUNT_PATH for mount in mounts):
            container["volumeMounts"] = [*mounts, {"name": name, "readOnly": True, "mountPath": TOKEN_MOUNT_PATH}]
            mounted = True
    if mounted and not has_volume:
        spec["volumes"] = [*volumes, {"name": name, "projected": token_projection()}]


def token_projection() -> dict[str, Any]:
    """The projected volume source with token, CA bundle and namespace."""
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": _TOKEN_S, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"sources": sources, "defaultMode": 420}


def _check_mirror_pod(request: AdmissionRequest, spec: Object) -> None:
    """What a Pod that mirrors a node's static one may not refer to."""
    if spec.get("serviceAccountName"):
        raise request.forbidden("a mirror pod may not reference service accounts")
    for volume in spec.get("volumes") or ():
        if "secret" in volume:
            raise request.forbidden("a mirror pod may not reference secrets")
        sources = (volume.get("projected") or {}).get("sources") or ()
        if any("serviceAccountToken" in source for source in sources):
            raise request.forbidden("a mirror pod may not use ServiceAccountToken volume projections")
