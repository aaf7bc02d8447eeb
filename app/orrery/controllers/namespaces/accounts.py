"""Every active namespace has a ServiceAccount `default` and a ConfigMap `kube-root-ca.crt`; both come back when deleted.

Follows upstream's serviceaccount and rootcacertpublisher controllers.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome
from orrery.controllers.engine.informer import Informer
from orrery.machinery.errors import AlreadyExists, ApiError, NotFound
from orrery.machinery.objects import FrozenObject, Object, annotations_of, is_deleting, namespace_of
from orrery.verbs.client import Client

ACCOUNT: Final = "default"
ROOT_CERTIFICATE: Final = "kube-root-ca.crt"
_ANNOTATION: Final = "kubernetes.io/description"
_DESCRIPTION: Final = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal "
    "service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
)


def is_active(namespace: FrozenObject | None) -> bool:
    """Whether objects may still be made in it."""
    return namespace is not None and not is_deleting(namespace)


async def create_if_absent(client: Client, bucket: str, obj: Object) -> None:
    """Create `obj`; fine when it exists or when its namespace is on its way out."""
    try:
        await client.create(bucket, obj)
    except (AlreadyExists, NotFound):
        return
    except ApiError:
        if is_active(client.get("namespaces", "", namespace_of(obj))):
            raise


class ServiceAccountController:
    """One key is one namespace."""

    name = "serviceaccount-controller"

    def __init__(self, client: Client) -> None:
        self._client = client

    def watch(self, informer: Informer) -> None:
        informer.on("namespaces", lambda change: (change.name,) if change.is_present else ())
        informer.hear("serviceaccounts", lambda change: () if change.is_present else (change.namespace,))

    async def reconcile(self, key: str) -> Outcome:
        wanted = is_active(self._client.get("namespaces", "", key))
        if wanted and self._client.get("serviceaccounts", key, ACCOUNT) is None:
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": key}}
            await create_if_absent(self._client, "serviceaccounts", account)
        return DONE


class RootCertificateController:
    """One key is one namespace."""

    # DIFFERS: upstream's authority has signed the API server's certificate; ours has signed none yet, since we serve plain HTTP.

    name = "root-ca-certificate-publisher-controller"

    def __init__(self, client: Client, certificate: Callable[[], str]) -> None:
        """`certificate` is the authority's, PEM."""
        self._client = client
        self._certificate = certificate

    def watch(self, informer: Informer) -> None:
        informer.on("namespaces", lambda change: (change.name,) if change.is_present else ())
        informer.hear("configmaps", lambda change: (change.namespace,) if change.name == ROOT_CERTIFICATE else ())

    async def reconcile(self, key: str) -> Outcome:
        if not is_active(self._client.get("namespaces", "", key)):
            return DONE
        found = self._client.get("configmaps", key, ROOT_CERTIFICATE)
        if found is None:
            await create_if_absent(self._client, "configmaps", new_root_certificate(key, self._certificate()))
        elif _is_spoilt(found, self._certificate()):
            await self._client.change("configmaps", key, ROOT_CERTIFICATE, partial(_restore, certificate=self._certificate()))
        return DONE


def _is_spoilt(found: FrozenObject, certificate: str) -> bool:
    return found.get("data") != {"ca.crt": certificate} or not annotations_of(found).get(_ANNOTATION)


def _restore(draft: Object, certificate: str) -> bool:
    draft["data"] = {"ca.crt": certificate}
    draft["metadata"]["annotations"] = {**annotations_of(draft), _ANNOTATION: _DESCRIPTION}
    return True


def new_root_certificate(namespace: str, certificate: str) -> Object:
    metadata = {"name": ROOT_CERTIFICATE, "namespace": namespace, "annotations": {_ANNOTATION: _DESCRIPTION}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"ca.crt": certificate}}
