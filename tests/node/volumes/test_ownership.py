"""Whose files in volumes are, and with which modes."""

import base64
from typing import Any

import pytest

from orrery.machinery.objects import FrozenObject
from orrery.node.environment import Surroundings
from orrery.node.volumes.ownership import fs_user_of
from orrery.node.volumes.payload import payload_of
from tests.node.volumes.inside import Inside, mount


async def test_modes_come_from_the_item_then_from_the_volume(inside: Inside) -> None:
    await inside.cluster.create("Secret", "secrets", "keys", data={"a": "MQ==", "b": "Mg=="})
    source = {"secretName": "keys", "defaultMode": 0o400, "items": [{"key": "a", "path": "x/a", "mode": 0o777}, {"key": "b", "path": "b"}]}

    files = await inside.run(volumes=[{"name": "v", "secret": source}], volumeMounts=[mount("v", "/v")])

    assert (files.stat("/v/x/a").mode & 0o777, files.stat("/v/b").mode & 0o777) == (0o777, 0o400)
    assert files.stat("/v").mode & 0o7777 == 0o1777


async def test_the_group_of_volumes_owns_them_and_may_write_where_writing_is_allowed(inside: Inside) -> None:
    await inside.cluster.create("ConfigMap", "configmaps", "settings", data={"a": "1"})
    volumes: list[dict[str, Any]] = [
        {"name": "made", "configMap": {"name": "settings", "defaultMode": 0o400}},
        {"name": "empty", "emptyDir": {}},
    ]
    files = await inside.run(
        volumes=volumes,
        volumeMounts=[mount("made", "/made"), mount("empty", "/empty")],
        securityContext={"fsGroup": 2000, "runAsUser": 1000},
    )

    assert (files.stat("/made/a").gid, files.stat("/made/a").mode & 0o777) == (2000, 0o440)
    assert (files.stat("/empty").gid, files.stat("/empty").mode & 0o7777) == (2000, 0o2777)
    files.write("/empty/new", b"")
    assert (files.stat("/empty/new").uid, files.stat("/empty/new").gid) == (1000, 2000)
    assert files.read("/made/a") == b"1"


@pytest.mark.parametrize(
    ("pod_user", "users", "owner"),
    [(None, [None, None], None), (1000, [None, None], 1000), (1000, [None, 2000], None), (None, [5, 5], 5), (None, [5, None], None)],
)
def test_the_owner_of_tokens_is_the_user_that_all_containers_run_as(
    pod_user: int | None, users: list[int | None], owner: int | None
) -> None:
    containers = [{"securityContext": {} if user is None else {"runAsUser": user}} for user in users]
    context = {} if pod_user is None else {"runAsUser": pod_user}

    assert fs_user_of({"spec": {"containers": containers, "securityContext": context}}) == owner


def test_the_files_of_a_service_account_come_from_the_issuer_the_cluster_and_the_pod() -> None:
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
    ]
    pod: FrozenObject = {
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"containers": [{}], "securityContext": {"runAsUser": 7}},
    }
    roots: FrozenObject = {"data": {"ca.crt": "PEM"}}
    around = Surroundings(pod, "", "", lambda bucket, name: roots, {}, {})

    files = payload_of({"projected": {"sources": sources, "defaultMode": 0o644}}, around, lambda pod, projection: b"signed")

    assert {path: one.data for path, one in files.items()} == {"token": b"signed", "ca.crt": b"PEM", "namespace": b"shop"}
    assert (files["token"].mode, files["token"].uid) == (0o600, 7)


async def test_binary_data_stays_as_it_is(inside: Inside) -> None:
    data = bytes(range(256))
    await inside.cluster.create("ConfigMap", "configmaps", "settings", binaryData={"all": base64.b64encode(data).decode()})

    files = await inside.run(volumes=[{"name": "v", "configMap": {"name": "settings"}}], volumeMounts=[mount("v", "/v")])

    assert files.read("/v/all") == data
