"""Every active namespace has its default ServiceAccount and the root certificate, whatever users do to them."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from orrery.controllers.namespaces import RootCertificateController, ServiceAccountController
from orrery.controllers.namespaces.accounts import ROOT_CERTIFICATE
from orrery.machinery.objects import Object, annotations_of, uid_of
from tests.controllers.world import NAMESPACE, World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    made.runner.add(ServiceAccountController(made.client), made.client)
    made.runner.add(RootCertificateController(made.client, lambda: "-----BEGIN CERTIFICATE-----\n"), made.client)
    made.runner.start()
    await made.create("namespaces", {"metadata": {"name": NAMESPACE}})
    await made.settle()
    yield made
    await made.stop()


async def test_a_new_namespace_has_both(world: World) -> None:
    certificate = world.get("configmaps", ROOT_CERTIFICATE)

    assert world.get("serviceaccounts", "default")
    assert certificate["data"]["ca.crt"].startswith("-----BEGIN CERTIFICATE-----")
    assert "kube-apiserver" in annotations_of(certificate)["kubernetes.io/description"]


@pytest.mark.parametrize(("bucket", "name"), [("serviceaccounts", "default"), ("configmaps", ROOT_CERTIFICATE)])
async def test_what_is_deleted_comes_back(world: World, bucket: str, name: str) -> None:
    before = uid_of(world.get(bucket, name))

    await world.client.delete(bucket, NAMESPACE, name)
    await world.settle()

    assert uid_of(world.get(bucket, name)) != before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda draft: draft.update(data={"ca.crt": "mine"}),
        lambda draft: draft["data"].update(more="x"),
        lambda draft: draft["metadata"].update(annotations={}),
    ],
)
async def test_a_spoilt_certificate_is_restored(world: World, spoil: Callable[[Object], Any]) -> None:
    before = world.get("configmaps", ROOT_CERTIFICATE)

    await world.change("configmaps", ROOT_CERTIFICATE, spoil)
    await world.settle()

    after = world.get("configmaps", ROOT_CERTIFICATE)
    assert after["data"] == before["data"]
    assert annotations_of(after) == annotations_of(before)


async def test_labels_of_the_certificate_are_the_users(world: World) -> None:
    await world.change("configmaps", ROOT_CERTIFICATE, lambda draft: draft["metadata"].update(labels={"team": "blue"}))
    await world.settle()

    assert world.get("configmaps", ROOT_CERTIFICATE)["metadata"]["labels"] == {"team": "blue"}


async def test_a_namespace_that_goes_gets_nothing_new(world: World) -> None:
    await world.client.delete("namespaces", "", NAMESPACE)
    await world.client.delete("serviceaccounts", NAMESPACE, "default")
    await world.client.delete("configmaps", NAMESPACE, ROOT_CERTIFICATE)
    await world.settle()

    assert world.client.get("serviceaccounts", NAMESPACE, "default") is None
    assert world.client.get("configmaps", NAMESPACE, ROOT_CERTIFICATE) is None
    assert world.runner.counts("serviceaccount-controller").errors == 0


async def test_other_objects_wake_nobody(world: World) -> None:
    before = [world.runner.counts(name).reconciles for name in ("serviceaccount-controller", "root-ca-certificate-publisher-controller")]

    for number in range(10):
        await world.create("configmaps", {"metadata": {"name": f"other-{number}", "namespace": NAMESPACE}})
    await world.settle()

    assert before == [
        world.runner.counts(name).reconciles for name in ("serviceaccount-controller", "root-ca-certificate-publisher-controller")
    ]
