"""VolumeAttributesClasses: named when a volume is made, changed while it is in use, waited for when they are not there."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from orrery.machinery.objects import FrozenObject, Object
from orrery.settings import FAST
from orrery.testing import Simulation
from tests.scenarios.test_storage import CLAIMS, VOLUMES, claim, storage_class

DRIVER = "hostpath.csi.k8s.io"


def attributes(name: str, *, driver: str = DRIVER) -> Object:
    made = {"driverName": driver, "parameters": {"iops": "3000"}}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttributesClass", "metadata": {"name": name}, **made}


@pytest.fixture
async def cluster() -> AsyncIterator[Simulation]:
    async with Simulation(FAST) as running:
        await running.apply(storage_class("disk", provisioner=DRIVER))
        yield running


async def ask(cluster: Simulation, **spec: Any) -> None:
    await cluster.apply(claim(storageClassName="disk", **spec))
    await cluster.settle()


async def change(cluster: Simulation, name: str) -> None:
    await cluster.client.patch(CLAIMS, "default", "data", {"spec": {"volumeAttributesClassName": name}})
    await cluster.settle()


def status(cluster: Simulation) -> FrozenObject:
    found: FrozenObject = cluster.get(CLAIMS, "data")["status"]
    return found


def attributes_of_volume(cluster: Simulation) -> str | None:
    name = cluster.get(CLAIMS, "data")["spec"]["volumeName"]
    found: str | None = cluster.get(VOLUMES, name, "")["spec"].get("volumeAttributesClassName")
    return found


async def test_a_volume_is_made_with_its_class(cluster: Simulation) -> None:
    await cluster.apply(attributes("silver"))
    await ask(cluster, volumeAttributesClassName="silver")

    assert (status(cluster)["phase"], status(cluster)["currentVolumeAttributesClassName"]) == ("Bound", "silver")
    assert attributes_of_volume(cluster) == "silver"


async def test_a_claim_changes_its_class(cluster: Simulation) -> None:
    await cluster.apply(attributes("silver"))
    await cluster.apply(attributes("gold"))
    await ask(cluster, volumeAttributesClassName="silver")
    await change(cluster, "gold")

    assert status(cluster)["currentVolumeAttributesClassName"] == attributes_of_volume(cluster) == "gold"
    assert not status(cluster).get("modifyVolumeStatus") and not status(cluster).get("conditions")
    assert cluster.events("data")[-2:] == [
        "VolumeModify: external resizer is modifying volume data with vac gold",
        "VolumeModifySuccessful: external resizer modified volume data with vac gold successfully ",
    ]


async def test_a_class_that_is_not_there_is_waited_for(cluster: Simulation) -> None:
    await ask(cluster)
    await change(cluster, "gold")

    assert status(cluster)["modifyVolumeStatus"]["status"] == "Pending"
    assert cluster.events("data").count("VolumeModifyFailed: VAC gold does not exist.") == 1
    await cluster.apply(attributes("gold"))
    await cluster.settle()
    assert status(cluster)["currentVolumeAttributesClassName"] == "gold"


async def test_a_volume_is_made_once_its_class_is_there(cluster: Simulation) -> None:
    await ask(cluster, volumeAttributesClassName="silver")
    failed = 'ProvisioningFailed: failed to provision volume with StorageClass "disk": '
    assert f'{failed}volumeattributesclasses.storage.k8s.io "silver" not found' in cluster.events("data")

    await cluster.apply(attributes("silver"))
    await cluster.settle()
    assert status(cluster)["phase"] == "Bound"


async def test_a_class_of_another_driver_is_refused(cluster: Simulation) -> None:
    await cluster.apply(attributes("silver", driver="example.com"))
    await ask(cluster, volumeAttributesClassName="silver")

    why = "VAC silver referenced in PVC is for driver example.com which does not match driver name hostpath.csi.k8s.io"
    assert f'ProvisioningFailed: failed to provision volume with StorageClass "disk": {why}' in cluster.events("data")
