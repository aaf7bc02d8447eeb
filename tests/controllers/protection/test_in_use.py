"""What is in use outlives its deletion until nobody uses it any more."""

from orrery.controllers.protection import ClaimProtection, ClassProtection, VolumeProtection
from orrery.machinery.objects import FrozenObject, Object, is_deleting
from tests.controllers.world import NAMESPACE, World

CLAIMS, VOLUMES, CLASSES = "persistentvolumeclaims", "persistentvolumes", "volumeattributesclasses.storage.k8s.io"
REQUEST = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "x"}


async def start(world: World) -> None:
    await world.create("namespaces", {"metadata": {"name": NAMESPACE}})
    for new in (ClaimProtection, VolumeProtection, ClassProtection):
        world.runner.add(new(world.client), world.client)
    world.runner.start()


def claim(name: str = "data", **spec: str) -> Object:
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": {**REQUEST, **spec}}


def pod_with(claim_name: str, node: str = "node-0") -> Object:
    spec: Object = {"containers": [{"name": "c", "image": "nginx"}], "nodeName": node}
    spec["volumes"] = [{"name": "v", "persistentVolumeClaim": {"claimName": claim_name}}]
    return {"metadata": {"name": "user", "namespace": NAMESPACE}, "spec": spec}


def volume(**spec: str) -> Object:
    source = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"}}
    return {"metadata": {"name": "disk"}, "spec": {**source, **spec}}


def found(world: World, bucket: str, name: str, namespace: str = "") -> FrozenObject | None:
    return world.client.get(bucket, namespace, name)


async def test_a_claim_that_nobody_mounts_goes_at_once(world: World) -> None:
    await start(world)
    await world.create(CLAIMS, claim())
    await world.settle()
    assert world.get(CLAIMS, "data")["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]

    await world.client.delete(CLAIMS, NAMESPACE, "data")
    await world.settle()

    assert found(world, CLAIMS, "data", NAMESPACE) is None


async def test_a_claim_waits_for_the_pod_that_mounts_it(world: World) -> None:
    await start(world)
    await world.create(CLAIMS, claim())
    await world.create("pods", pod_with("data"))
    await world.settle()

    await world.client.delete(CLAIMS, NAMESPACE, "data")
    await world.settle()
    assert is_deleting(world.get(CLAIMS, "data"))

    await world.client.delete("pods", NAMESPACE, "user", grace_period_s=0)
    await world.settle()
    assert found(world, CLAIMS, "data", NAMESPACE) is None


async def test_a_pod_without_a_node_holds_no_claim(world: World) -> None:
    await start(world)
    await world.create(CLAIMS, claim())
    await world.create("pods", pod_with("data", node=""))
    await world.settle()

    await world.client.delete(CLAIMS, NAMESPACE, "data")
    await world.settle()

    assert found(world, CLAIMS, "data", NAMESPACE) is None


async def test_a_bound_volume_stays_until_it_is_released(world: World) -> None:
    await start(world)
    await world.create(VOLUMES, volume())
    await world.client.patch(VOLUMES, "", "disk", {"status": {"phase": "Bound"}}, subresource="status")
    await world.settle()

    await world.client.delete(VOLUMES, "", "disk")
    await world.settle()
    assert found(world, VOLUMES, "disk") is not None

    await world.client.patch(VOLUMES, "", "disk", {"status": {"phase": "Released"}}, subresource="status")
    await world.settle()
    assert found(world, VOLUMES, "disk") is None


async def test_a_class_stays_while_a_claim_names_it(world: World) -> None:
    await start(world)
    await world.create(CLASSES, {"metadata": {"name": "fast"}, "driverName": "d.example.test", "parameters": {"iops": "1"}})
    await world.create(CLAIMS, claim(volumeAttributesClassName="fast"))
    await world.settle()

    await world.client.delete(CLASSES, "", "fast")
    await world.settle()
    assert found(world, CLASSES, "fast") is not None

    await world.client.delete(CLAIMS, NAMESPACE, "data")
    await world.settle()
    assert found(world, CLASSES, "fast") is None
