"""Changes of objects reach the volumes they are shown in; some never do."""

import pytest

from orrery.settings import Settings
from tests.node.cluster import NodeCluster
from tests.node.volumes.inside import Inside, mount


async def test_files_change_all_at_once_behind_links(inside: Inside) -> None:
    await inside.cluster.create("ConfigMap", "configmaps", "settings", data={"a": "1", "b": "1"})
    files = await inside.run(volumes=[{"name": "v", "configMap": {"name": "settings"}}], volumeMounts=[mount("v", "/v")])
    before = files.read_link("/v/..data")
    assert files.read_link("/v/a") == "..data/a" and before.startswith("..2026_01_02_03_04_")

    await inside.cluster.client.patch("configmaps", "default", "settings", {"data": {"a": "2", "b": None}})
    await inside.cluster.clock.advance(1)

    assert files.read("/v/a") == b"2"
    assert "b" not in files.list("/v") and before not in files.list("/v")


async def test_at_the_pace_of_a_real_cluster_a_change_takes_up_to_some_minute() -> None:
    inside = Inside(Settings(nodes=1))
    await inside.cluster.start()
    await inside.cluster.create("ConfigMap", "configmaps", "settings", data={"a": "1"})
    files = await inside.run(volumes=[{"name": "v", "configMap": {"name": "settings"}}], volumeMounts=[mount("v", "/v")])

    await inside.cluster.client.patch("configmaps", "default", "settings", {"data": {"a": "2"}})
    await inside.cluster.clock.advance(1)
    assert files.read("/v/a") == b"1"
    await inside.cluster.until(lambda: files.read("/v/a") == b"2", within_s=90)
    await inside.cluster.kubelet.stop()


async def test_a_write_that_changes_nothing_changes_nothing(inside: Inside) -> None:
    await inside.cluster.create("Secret", "secrets", "keys", data={"a": "MQ=="})
    files = await inside.run(
        volumes=[{"name": "v", "secret": {"secretName": "keys", "defaultMode": 0o400}}],
        volumeMounts=[mount("v", "/v")],
        securityContext={"fsGroup": 2000},
    )
    before = files.read_link("/v/..data")

    await inside.cluster.client.patch("secrets", "default", "keys", {"metadata": {"labels": {"x": "y"}}})
    await inside.cluster.clock.advance(1)

    assert files.read_link("/v/..data") == before


async def test_an_optional_object_appears_in_the_volume_when_it_is_created(inside: Inside) -> None:
    files = await inside.run(volumes=[{"name": "v", "configMap": {"name": "late", "optional": True}}], volumeMounts=[mount("v", "/v")])
    assert not files.exists("/v/a")

    await inside.cluster.create("ConfigMap", "configmaps", "late", data={"a": "1"})
    await inside.cluster.clock.advance(1)

    assert files.read("/v/a") == b"1"


async def test_files_stay_when_their_object_is_deleted(inside: Inside) -> None:
    await inside.cluster.create("ConfigMap", "configmaps", "settings", data={"a": "1"})
    files = await inside.run(volumes=[{"name": "v", "configMap": {"name": "settings"}}], volumeMounts=[mount("v", "/v")])

    await inside.cluster.client.delete("configmaps", "default", "settings")
    await inside.cluster.clock.advance(1)

    assert files.read("/v/a") == b"1"


async def test_an_immutable_object_is_not_followed(inside: Inside) -> None:
    await inside.cluster.create("ConfigMap", "configmaps", "settings", data={"a": "1"}, immutable=True)
    files = await inside.run(volumes=[{"name": "v", "configMap": {"name": "settings"}}], volumeMounts=[mount("v", "/v")])

    await inside.cluster.client.delete("configmaps", "default", "settings")
    await inside.cluster.create("ConfigMap", "configmaps", "settings", data={"a": "2"}, immutable=True)
    await inside.cluster.clock.advance(1)

    assert files.read("/v/a") == b"1"


async def test_labels_of_the_pod_reach_its_downward_files(inside: Inside) -> None:
    items = [
        {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
        {"path": "cpu", "resourceFieldRef": {"containerName": "web", "resource": "limits.cpu"}},
    ]
    files = await inside.run(volumes=[{"name": "v", "downwardAPI": {"items": items}}], volumeMounts=[mount("v", "/v")])
    assert (files.read("/v/labels"), files.read("/v/cpu")) == (b"", b"4")

    await inside.cluster.client.patch("pods", "default", "web", {"metadata": {"labels": {"app": "web"}}})
    await inside.cluster.clock.advance(1)

    assert files.read("/v/labels") == b'app="web"'


@pytest.mark.parametrize("kind", ["configMap", "projected"])
async def test_a_missing_object_is_waited_for(fast: NodeCluster, kind: str) -> None:
    source = {"configMap": {"name": "late"}}
    await fast.run(volumes=[{"name": "v", **(source if kind == "configMap" else {"projected": {"sources": [source]}})}])
    await fast.clock.advance(1)
    assert fast.events.of("web")[0] == ("FailedMount", 'MountVolume.SetUp failed for volume "v" : configmap "late" not found')

    await fast.create("ConfigMap", "configmaps", "late", data={})
    await fast.until(fast.is_ready, within_s=1)
