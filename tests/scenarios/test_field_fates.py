"""What docs/fields.md calls refused or switched off is so: no code could tell it, so each is tried here."""

from typing import Any

import pytest

from orrery.machinery.errors import Invalid
from orrery.testing.simulation import NAMESPACE, Simulation, pod
from tools.field_coverage import FIXED, OFF, REFUSED, SHARED, title_of

_VALUES: dict[str, Any] = {
    "ports": [{"containerPort": 80}],
    "livenessProbe": {"tcpSocket": {"port": 80}},
    "readinessProbe": {"tcpSocket": {"port": 80}},
    "startupProbe": {"tcpSocket": {"port": 80}},
    "lifecycle": {"preStop": {"sleep": {"seconds": 1}}},
    "resources": {"limits": {"cpu": "1"}},
    "resizePolicy": [{"resourceName": "cpu", "restartPolicy": "NotRequired"}],
    "clusterTrustBundle": {"name": "bundle", "path": "ca.pem"},
    "podCertificate": {"signerName": "example.com/signer", "keyType": "ED25519", "credentialBundlePath": "bundle.pem"},
}
_REFUSED = sorted(field for (struct, field), state in FIXED.items() if state == REFUSED and struct == "EphemeralContainer")
_OFF_PROJECTIONS = sorted(field for (struct, field), state in FIXED.items() if state == OFF and struct == "VolumeProjection")


@pytest.mark.parametrize("field", _REFUSED)
async def test_an_ephemeral_container_may_not_have(field: str) -> None:
    async with Simulation() as cluster:
        await cluster.apply(pod("web"))
        container = {"name": "debug", "image": "busybox", field: _VALUES[field]}
        with pytest.raises(Invalid, match=rf"{field}.*Forbidden"):
            await cluster.client.patch(
                "pods", NAMESPACE, "web", {"spec": {"ephemeralContainers": [container]}}, subresource="ephemeralcontainers"
            )


@pytest.mark.parametrize("field", _OFF_PROJECTIONS)
async def test_a_projection_that_is_switched_off_is_dropped(field: str) -> None:
    volume = {"name": "all", "projected": {"sources": [{field: _VALUES[field], "configMap": {"name": "kept"}}]}}
    async with Simulation() as cluster:
        made = await cluster.apply(pod("web", volumes=[volume]))
        assert made["spec"]["volumes"][0]["projected"]["sources"][0] == {"configMap": {"name": "kept"}}


async def test_other_fields_that_are_switched_off_are_dropped() -> None:
    async with Simulation() as cluster:
        container = {"name": "web", "image": "nginx", "lifecycle": {"stopSignal": "SIGUSR1"}}
        made = await cluster.apply(pod("web", containers=[container], os={"name": "linux"}, workloadRef={"name": "w", "podGroup": "g"}))
        assert "workloadRef" not in made["spec"]
        assert "lifecycle" not in made["spec"]["containers"][0]
        spec = {"holderIdentity": "me", "strategy": "OldestEmulationVersion", "preferredHolder": "you"}
        meta = {"name": "lease", "namespace": NAMESPACE}
        lease = await cluster.apply({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec})
        assert lease["spec"] == {"holderIdentity": "me"}


async def test_a_statefulset_has_no_max_unavailable() -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "nginx"}]}}
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}}
    spec = {"serviceName": "web", "selector": {"matchLabels": {"app": "web"}}, "template": template, "updateStrategy": strategy}
    async with Simulation() as cluster:
        meta = {"name": "web", "namespace": NAMESPACE}
        made = await cluster.apply({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta, "spec": spec})
        assert made["spec"]["updateStrategy"]["rollingUpdate"] == {"partition": 0}


def test_the_structs_with_a_section_of_their_own_are_there() -> None:
    assert {struct for struct, _field in FIXED} - {title_of(name) for name in SHARED} == {
        "VolumeProjection",
        "LeaseSpec",
        "RollingUpdateStatefulSetStrategy",
    }
