"""ConfigMaps and Secrets a Pod needs: what the kubelet says while they are missing, and that the Pod goes on by itself."""

from typing import Any

import pytest

from tests.node.cluster import NodeCluster


def waiting(cluster: NodeCluster) -> dict[str, Any]:
    state: dict[str, Any] = cluster.container()["state"]["waiting"]
    return state


def key_ref(kind: str, name: str, key: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "X", "valueFrom": {kind: {"name": name, "key": key, **more}}}]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"env": key_ref("configMapKeyRef", "app-config", "color")}, 'configmap "app-config" not found'),
        ({"env": key_ref("secretKeyRef", "app-secret", "password")}, 'secret "app-secret" not found'),
        ({"envFrom": [{"configMapRef": {"name": "app-config"}}]}, 'configmap "app-config" not found'),
        ({"envFrom": [{"secretRef": {"name": "app-secret"}}]}, 'secret "app-secret" not found'),
    ],
)
async def test_a_missing_object_keeps_the_container_from_being_created(cluster: NodeCluster, spec: dict[str, Any], message: str) -> None:
    await cluster.run(**spec)
    await cluster.clock.advance(20)

    assert waiting(cluster) == {"reason": "CreateContainerConfigError", "message": message}
    assert ("Failed", f"Error: {message}") in cluster.events.of("web")
    assert cluster.events.reasons("web")[1] == "Pulled"


async def test_a_missing_key_is_named(cluster: NodeCluster) -> None:
    await cluster.create("ConfigMap", "configmaps", "app-config", data={"size": "1"})
    await cluster.create("Secret", "secrets", "app-secret", data={"user": "eA=="}, type="Opaque")
    await cluster.run("a", env=key_ref("configMapKeyRef", "app-config", "color"))
    await cluster.run("b", env=key_ref("secretKeyRef", "app-secret", "password"))
    await cluster.clock.advance(20)

    assert ("Failed", "Error: couldn't find key color in ConfigMap default/app-config") in cluster.events.of("a")
    assert ("Failed", "Error: couldn't find key password in Secret default/app-secret") in cluster.events.of("b")


async def test_the_pod_starts_by_itself_once_the_object_is_there(cluster: NodeCluster) -> None:
    await cluster.run(env=key_ref("configMapKeyRef", "app-config", "color"))
    await cluster.clock.advance(20)
    await cluster.create("ConfigMap", "configmaps", "app-config", data={"color": "blue"})
    await cluster.clock.settle()

    assert cluster.is_ready()
    assert cluster.container()["restartCount"] == 0


async def test_what_is_optional_may_be_missing(cluster: NodeCluster) -> None:
    sources = [{"configMapRef": {"name": "a", "optional": True}}, {"secretRef": {"name": "b", "optional": True}}]
    await cluster.run(envFrom=sources, env=key_ref("configMapKeyRef", "c", "d", optional=True))
    await cluster.clock.settle()

    assert cluster.is_ready()


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        ({"configMap": {"name": "settings"}}, 'configmap "settings" not found'),
        ({"secret": {"secretName": "settings"}}, 'secret "settings" not found'),
        ({"projected": {"sources": [{"secret": {"name": "settings"}}]}}, 'secret "settings" not found'),
    ],
)
async def test_a_missing_volume_keeps_the_pod_creating(cluster: NodeCluster, volume: dict[str, Any], message: str) -> None:
    await cluster.run(volumes=[{"name": "conf", **volume}], volumeMounts=[{"name": "conf", "mountPath": "/conf"}])
    await cluster.clock.advance(60)

    assert waiting(cluster) == {"reason": "ContainerCreating"}
    assert set(cluster.events.of("web")) == {("FailedMount", f'MountVolume.SetUp failed for volume "conf" : {message}')}
    assert 6 <= len(cluster.events.of("web")) <= 8
    assert cluster.container()["volumeMounts"] == [{"name": "conf", "mountPath": "/conf"}]


async def test_a_volume_that_appears_lets_the_pod_start(cluster: NodeCluster) -> None:
    volume = {"name": "conf", "configMap": {"name": "settings", "items": [{"key": "a", "path": "a"}]}}
    await cluster.run(volumes=[volume])
    await cluster.clock.advance(30)
    await cluster.create("ConfigMap", "configmaps", "settings", data={"b": "1"})
    await cluster.clock.advance(1)
    assert (
        "FailedMount",
        'MountVolume.SetUp failed for volume "conf" : configmap references non-existent config key: a',
    ) in cluster.events.of("web")

    await cluster.client.patch("configmaps", "default", "settings", {"data": {"a": "1"}})
    await cluster.clock.settle()

    assert cluster.is_ready()


async def test_a_root_image_is_refused_where_root_is_forbidden(cluster: NodeCluster) -> None:
    await cluster.run(securityContext={"runAsNonRoot": True})
    await cluster.clock.advance(20)

    uid = cluster.pod()["metadata"]["uid"]
    assert waiting(cluster) == {
        "reason": "CreateContainerConfigError",
        "message": f'container has runAsNonRoot and image will run as root (pod: "web_default({uid})", container: web)',
    }


async def test_an_object_that_comes_too_late_disturbs_nobody(cluster: NodeCluster, caplog: pytest.LogCaptureFixture) -> None:
    await cluster.run(env=key_ref("configMapKeyRef", "app-config", "color"), restartPolicy="Never")
    await cluster.clock.advance(20)
    await cluster.delete()
    await cluster.clock.settle()
    await cluster.create("ConfigMap", "configmaps", "app-config", data={"color": "blue"})
    await cluster.clock.advance(60)

    assert cluster.client.get("pods", "default", "web") is None
    assert caplog.records == []
