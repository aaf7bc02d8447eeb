"""Every active namespace has a ServiceAccount `default` and a ConfigMap `kube-root-ca.crt`; both come back when deleted.

Follows upstream's serviceaccount and rootcacertpublisher controllers.
"""

from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_of_object
from orrery.controllers.engine.informer import Informer
from orrery.machinery.errors import AlreadyExists, ApiError, NotFound
from orrery.machinery.objects import FrozenObject, Object, is_deleting, name_of, namespace_of
from orrery.verbs.client import Client

ACCOUNT: Final = "default"
ROOT_CERTIFICATE: Final = "kube-root-ca.crt"
_DESCRIPTION: Final = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal "
    "service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
)
# DIFFERS: upstream publishes the authority that signed the API server's certificate; we serve plain HTTP and publish one whose key is gone.
_CERTIFICATE: Final = """\
-----BEGIN CERTIFICATE-----
MIIBgDCCASegAwIBAgIUB+V92ooiZ9SYCtnhV6oAcm2/XCgwCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKa3ViZXJuZXRlczAgFw0yNjExMjMwMTIzNDlaGA8yMTI2MTAz
MDAxMjM0OVowFTETMBEGA1UEAwwKa3ViZXJuZXRlczBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABDwr7R3NTXNrtXCgW4/H9LpFHlBk07dRde+Px9SjbMTMwaYnZqne
KH4SB2PThsc7wlRHmCN9NyhSY2Cqp0856SujUzBRMB0GA1UdDgQWBBR1wKetD62b
VmG5Ak/9UrVNJjoKSjAfBgNVHSMEGDAWgBR1wKetD62bVmG5Ak/9UrVNJjoKSjAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCICNLyz1qccgYtdsXUb8H
oOjuKXfxXIxgOg1pHNgUalnTAiBMolzP47FILhcdxost+rvR/NS+/sBCNKaxi5ql
TeJexA==
-----END CERTIFICATE-----
"""


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
        informer.on("namespaces", lambda change: (name_of(change.any),) if change.new is not None else ())
        informer.on("serviceaccounts", lambda change: (namespace_of(change.any),) if change.new is None else ())

    async def reconcile(self, key: str) -> Outcome:
        wanted = is_active(self._client.get("namespaces", "", key))
        if wanted and self._client.get("serviceaccounts", key, ACCOUNT) is None:
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": key}}
            await create_if_absent(self._client, "serviceaccounts", account)
        return DONE


class RootCertificateController:
    """One key is one namespace."""

    name = "root-ca-certificate-publisher-controller"

    def __init__(self, client: Client) -> None:
        self._client = client

    def watch(self, informer: Informer) -> None:
        informer.on("namespaces", lambda change: (name_of(change.any),) if change.new is not None else ())
        informer.on("configmaps", lambda change: (namespace_of(change.any),) if key_of_object(change.any).endswith(_SUFFIX) else ())

    async def reconcile(self, key: str) -> Outcome:
        if not is_active(self._client.get("namespaces", "", key)):
            return DONE
        found = self._client.get("configmaps", key, ROOT_CERTIFICATE)
        if found is None:
            await create_if_absent(self._client, "configmaps", new_root_certificate(key))
        elif found.get("data") != {"ca.crt": _CERTIFICATE}:
            await self._client.change("configmaps", key, ROOT_CERTIFICATE, _restore)
        return DONE


_SUFFIX: Final = f"/{ROOT_CERTIFICATE}"


def _restore(draft: Object) -> bool:
    draft["data"] = {"ca.crt": _CERTIFICATE}
    return True


def new_root_certificate(namespace: str) -> Object:
    metadata = {"name": ROOT_CERTIFICATE, "namespace": namespace, "annotations": {"kubernetes.io/description": _DESCRIPTION}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"ca.crt": _CERTIFICATE}}
