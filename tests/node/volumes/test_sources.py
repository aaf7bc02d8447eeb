"""Host paths by type, claims, memory, and parts of volumes."""

from typing import Any

import pytest

from tests.node.cluster import NodeCluster
from tests.node.volumes.inside import Inside, mount


@pytest.mark.parametrize(
    ("path", "type_", "message"),
    [
        ("/nothing", "Directory", "hostPath type check failed: /nothing is not a directory"),
        ("/nothing", "File", "hostPath type check failed: /nothing is not a file"),
        ("/etc", "FileOrCreate", "hostPath type check failed: /etc is not a file"),
        ("/etc/hostname", "DirectoryOrCreate", "hostPath type check failed: /etc/hostname is not a directory"),
        ("/var/run/docker.sock", "Socket", "hostPath type check failed: /var/run/docker.sock is not a socket file"),
        ("/no/where", "FileOrCreate", "open /no/where: no such file or directory"),
    ],
)
async def test_a_host_path_of_another_type_is_not_mounted(fast: NodeCluster, path: str, type_: str, message: str) -> None:
    await fast.run(volumes=[{"name": "v", "hostPath": {"path": path, "type": type_}}])
    await fast.clock.advance(1)

    assert fast.events.of("web")[0] == ("FailedMount", f'MountVolume.SetUp failed for volume "v" : {message}')


async def test_host_paths_are_made_when_their_type_says_so(inside: Inside) -> None:
    volumes = [
        {"name": "folder", "hostPath": {"path": "/data/one", "type": "DirectoryOrCreate"}},
        {"name": "file", "hostPath": {"path": "/tmp/two", "type": "FileOrCreate"}},
        {"name": "name", "hostPath": {"path": "/etc/hostname", "type": "File"}},
    ]
    files = await inside.run(volumes=volumes, volumeMounts=[mount("folder", "/folder"), mount("file", "/file"), mount("name", "/name")])

    assert files.is_directory("/folder") and files.read("/file") == b"" and files.read("/name") == b"orrery-worker\n"


async def test_an_emptydir_in_memory_is_a_file_system_of_its_own_size(inside: Inside) -> None:
    files = await inside.run(
        volumes=[{"name": "v", "emptyDir": {"medium": "Memory", "sizeLimit": "1Ki"}}], volumeMounts=[mount("v", "/cache")]
    )

    (mounted,) = [one for one in files.mounts() if one.path == "/cache"]
    assert (mounted.type, mounted.size) == ("tmpfs", 1024)
    with pytest.raises(OSError, match="No space left on device"):
        files.write("/cache/big", b"x" * 1025)


async def test_an_emptydir_that_outgrows_its_limit_costs_the_pod_its_place(inside: Inside) -> None:
    files = await inside.run(volumes=[{"name": "v", "emptyDir": {"sizeLimit": "1Ki"}}], volumeMounts=[mount("v", "/cache")])
    files.write("/cache/small", b"x" * 1024)
    await inside.cluster.clock.advance(60)
    assert inside.cluster.is_ready()

    files.write("/cache/more", b"x")
    await inside.cluster.clock.advance(30)

    status, said = inside.cluster.status(), 'Usage of EmptyDir volume "v" exceeds the limit "1Ki". '
    assert (status["phase"], status["reason"], status["message"]) == ("Failed", "Evicted", said)
    assert ("Evicted", said) in inside.cluster.events.of("web")
    (condition,) = [one for one in status["conditions"] if one["type"] == "DisruptionTarget"]
    assert (condition["status"], condition["reason"], condition["message"]) == ("True", "TerminationByKubelet", said)


@pytest.mark.parametrize(("limits", "size"), [({"memory": "64Mi"}, 64 << 20), ({}, 16 << 30)])
async def test_a_file_system_in_memory_is_as_large_as_the_pods_memory(inside: Inside, limits: dict[str, str], size: int) -> None:
    files = await inside.run(
        volumes=[{"name": "v", "emptyDir": {"medium": "Memory"}}], volumeMounts=[mount("v", "/cache")], resources={"limits": limits}
    )

    assert [one.size for one in files.mounts() if one.path == "/cache"] == [size]


async def claim(cluster: NodeCluster, *, is_bound: bool = True, **source: Any) -> None:
    """A claim and its volume, as the controllers would leave them."""
    access = {"accessModes": ["ReadWriteOnce"]}
    spec = {**access, "resources": {"requests": {"storage": "1Gi"}}, "volumeName": "pv"}
    await cluster.create("PersistentVolumeClaim", "persistentvolumeclaims", "data", spec=spec)
    source = source or {"nfs": {"server": "x", "path": "/y"}}
    made = cluster.client.get("persistentvolumeclaims", "default", "data")
    assert made is not None
    reference = {"namespace": "default", "name": "data", "uid": made["metadata"]["uid"]}
    await cluster.client.create(
        "persistentvolumes",
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": "pv"},
            "spec": {**access, "capacity": {"storage": "1Gi"}, "claimRef": reference, **source},
        },
    )
    if is_bound:
        await bind(cluster)


async def bind(cluster: NodeCluster) -> None:
    await cluster.client.patch("persistentvolumeclaims", "default", "data", {"status": {"phase": "Bound"}}, subresource="status")


DATA = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}


async def test_what_is_in_a_claim_outlives_its_pods(inside: Inside) -> None:
    await claim(inside.cluster)
    files = await inside.run("one", volumes=[DATA], volumeMounts=[mount("v", "/data")])
    files.write("/data/kept", b"yes")
    await inside.cluster.delete("one", grace_s=0)
    await inside.cluster.clock.advance(1)

    files = await inside.run("two", volumes=[DATA], volumeMounts=[mount("v", "/data")])
    assert files.read("/data/kept") == b"yes"


async def test_a_volume_on_the_nodes_disk_is_there(inside: Inside) -> None:
    await claim(inside.cluster, hostPath={"path": "/mnt/data"})
    volumes = [DATA, {"name": "host", "hostPath": {"path": "/mnt"}}]
    files = await inside.run(volumes=volumes, volumeMounts=[mount("v", "/data"), mount("host", "/host")])

    files.write("/data/kept", b"yes")

    assert files.read("/host/data/kept") == b"yes"


async def test_a_claim_without_a_volume_is_waited_for(fast: NodeCluster) -> None:
    start = "Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to process volumes=[v]: "
    await fast.run(volumes=[DATA])
    await fast.clock.advance(0.2)
    missing = 'error processing PVC default/data: failed to fetch PVC from API server: persistentvolumeclaims "data" not found'
    assert fast.events.of("web")[-1] == ("FailedMount", start + missing)

    await claim(fast, is_bound=False)
    await fast.clock.advance(0.2)
    assert fast.events.of("web")[-1] == ("FailedMount", start + "error processing PVC default/data: PVC is not bound")

    await bind(fast)
    await fast.until(fast.is_ready, within_s=1)


ANYWHERE = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "Exists"}]}
LOCAL = {"local": {"path": "/mnt/disks/none"}, "nodeAffinity": {"required": {"nodeSelectorTerms": [ANYWHERE]}}}
FAILED_PART = "Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to process volumes=[v]: "


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (LOCAL, 'MountVolume.NewMounter initialization failed for volume "pv" : path "/mnt/disks/none" does not exist'),
        (
            {"hostPath": {"path": "/nothing", "type": "Directory"}},
            'MountVolume.SetUp failed for volume "pv" : hostPath type check failed: /nothing is not a directory',
        ),
        ({"volumeMode": "Block", **LOCAL}, f"{FAILED_PART}volume v has volumeMode Block, but is specified in volumeMounts"),
        (
            {"claimRef": None, **LOCAL},
            f"{FAILED_PART}error processing PVC default/data: found PV object pv but it has a nil pv.Spec.ClaimRef "
            "indicating it is not yet bound to the claim",
        ),
    ],
)
async def test_a_bound_claim_that_cannot_be_mounted_says_why(fast: NodeCluster, source: dict[str, Any], message: str) -> None:
    await claim(fast, **source)
    await fast.run(volumes=[DATA], volumeMounts=[mount("v", "/data")])
    await fast.clock.advance(0.2)

    assert fast.events.of("web")[0] == ("FailedMount", message)


async def test_a_driver_that_is_not_there_is_named(fast: NodeCluster) -> None:
    await fast.run(volumes=[{"name": "v", "csi": {"driver": "secrets-store.csi.k8s.io"}}])
    await fast.clock.advance(0.2)

    assert fast.events.of("web")[0] == (
        "FailedMount",
        'MountVolume.SetUp failed for volume "v" : kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name '
        "secrets-store.csi.k8s.io not found in the list of registered CSI drivers",
    )


async def test_a_part_of_a_volume_is_made_when_it_is_not_there(inside: Inside) -> None:
    mounts = [mount("v", "/all"), mount("v", "/part", subPath="a/b"), mount("v", "/mine", subPathExpr="pods/$(NAME)")]
    files = await inside.run(volumes=[{"name": "v", "emptyDir": {}}], volumeMounts=mounts, env=[{"name": "NAME", "value": "web"}])

    files.write("/part/x", b"1")
    files.write("/mine/y", b"2")

    assert (files.read("/all/a/b/x"), files.read("/all/pods/web/y")) == (b"1", b"2")


async def test_every_directory_on_the_way_to_a_part_is_like_the_volumes_own(inside: Inside) -> None:
    mounts = [mount("v", "/all"), mount("v", "/part", subPath="a/b")]
    files = await inside.run(volumes=[{"name": "v", "emptyDir": {}}], volumeMounts=mounts, securityContext={"fsGroup": 2000})

    found = [files.stat(f"/all{path}") for path in ("", "/a", "/a/b")]
    assert [(oct(one.mode & 0o7777), one.uid, one.gid) for one in found] == [("0o2777", 0, 2000)] * 3
    assert found[1].modified_s >= files.stat("/etc/hosts").modified_s


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"subPathExpr": "$(NONE)/$(LESS)"}, "missing value for LESS, NONE"),
        ({"subPathExpr": "$(UP)"}, "unable to provision SubPath `../x`: must not contain '..'"),
        ({"subPathExpr": "$(TOP)"}, "error SubPath `/x` must not be an absolute path"),
    ],
)
async def test_a_part_that_cannot_be_keeps_the_container_from_being_created(fast: NodeCluster, part: dict[str, str], message: str) -> None:
    env = [{"name": "UP", "value": "../x"}, {"name": "TOP", "value": "/x"}]
    await fast.run(volumes=[{"name": "v", "emptyDir": {}}], volumeMounts=[mount("v", "/v", **part)], env=env)
    await fast.clock.advance(1)

    assert fast.container()["state"]["waiting"] == {"reason": "CreateContainerConfigError", "message": message}


async def test_a_mount_inside_another_is_seen(inside: Inside) -> None:
    await inside.cluster.create("ConfigMap", "configmaps", "settings", data={"a": "1"})
    volumes = [{"name": "outer", "emptyDir": {}}, {"name": "inner", "configMap": {"name": "settings"}}]

    files = await inside.run(volumes=volumes, volumeMounts=[mount("inner", "/v/in/side"), mount("outer", "/v")])

    assert files.read("/v/in/side/a") == b"1"
