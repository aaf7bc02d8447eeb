"""Volumes of Pods, seen from inside their containers."""

import base64

import pytest

from tests.node.volumes.inside import Inside, mount


async def test_a_secret_is_mounted_decoded_and_read_only(inside: Inside) -> None:
    data = {"DB_Host": base64.b64encode(b"mysql").decode(), "DB_User": base64.b64encode(b"root").decode()}
    await inside.cluster.create("Secret", "secrets", "app", data=data)

    files = await inside.run(
        volumes=[{"name": "v", "secret": {"secretName": "app", "defaultMode": 0o400}}], volumeMounts=[mount("v", "/opt/app")]
    )

    assert [name for name in files.list("/opt/app") if not name.startswith("..")] == ["DB_Host", "DB_User"]
    assert files.read("/opt/app/DB_Host") == b"mysql"
    assert files.stat("/opt/app/DB_User").mode & 0o777 == 0o400
    with pytest.raises(OSError, match="Read-only file system"):
        files.write("/opt/app/DB_Host", b"x")


async def test_an_update_of_a_config_map_reaches_the_mounted_file_but_not_a_sub_path(inside: Inside) -> None:
    await inside.cluster.create("ConfigMap", "configmaps", "settings", data={"color": "blue"})
    files = await inside.run(
        volumes=[{"name": "v", "configMap": {"name": "settings"}}],
        volumeMounts=[mount("v", "/etc/settings"), mount("v", "/color", subPath="color")],
    )
    assert files.read("/etc/settings/color") == b"blue"

    await inside.cluster.client.patch("configmaps", "default", "settings", {"data": {"color": "green", "size": "9"}})
    await inside.cluster.clock.advance(1)

    assert files.read("/etc/settings/color") == b"green"
    assert files.read("/etc/settings/size") == b"9"
    assert files.read("/color") == b"blue"


async def test_an_empty_dir_is_shared_by_the_containers_of_a_pod_and_goes_with_it(inside: Inside) -> None:
    other = {"name": "other", "image": "busybox", "command": ["sleep", "1000"], "volumeMounts": [mount("v", "/theirs", readOnly=True)]}
    await inside.cluster.client.create(
        "pods",
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {
                "nodeName": "orrery-worker",
                "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1Ki"}}],
                "containers": [{**other, "name": "web", "volumeMounts": [mount("v", "/mine")]}, other],
            },
        },
    )
    await inside.cluster.until(inside.cluster.is_ready)
    mine, theirs = inside.process("web", "web").files, inside.process("web", "other").files

    mine.write("/mine/log", b"hello")

    assert theirs.read("/theirs/log") == b"hello"
    with pytest.raises(OSError, match="Read-only file system"):
        theirs.write("/theirs/log", b"")


async def test_the_downward_api_and_projections_share_a_directory(inside: Inside) -> None:
    await inside.cluster.create("ConfigMap", "configmaps", "settings", data={"color": "blue"})
    sources = [
        {"configMap": {"name": "settings", "items": [{"key": "color", "path": "paint/color"}]}},
        {"downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}},
    ]

    files = await inside.run(volumes=[{"name": "v", "projected": {"sources": sources}}], volumeMounts=[mount("v", "/all")])

    assert (files.read("/all/paint/color"), files.read("/all/name")) == (b"blue", b"web")


async def test_a_host_path_outlives_the_pod_and_is_no_path_of_the_host(inside: Inside) -> None:
    volume = {"name": "v", "hostPath": {"path": "/tmp"}}
    files = await inside.run("one", volumes=[volume], volumeMounts=[mount("v", "/host")])
    assert files.list("/host") == []
    files.write("/host/kept", b"yes")

    files = await inside.run("two", volumes=[volume], volumeMounts=[mount("v", "/host")])

    assert files.read("/host/kept") == b"yes"


async def test_a_pod_that_is_gone_leaves_nothing_behind(inside: Inside) -> None:
    await inside.cluster.create("ConfigMap", "configmaps", "settings", data={"color": "blue"})
    await inside.run(volumes=[{"name": "v", "configMap": {"name": "settings"}}], volumeMounts=[mount("v", "/v")])

    await inside.cluster.delete(grace_s=0)
    await inside.cluster.clock.advance(5)

    assert not inside.runtime.containers
    assert not inside.runtime.logs.books
    assert inside.cluster.kubelet._followers.by_key == {}


async def test_hosts_and_hostname_are_the_pods(inside: Inside) -> None:
    files = await inside.run(hostAliases=[{"ip": "10.1.2.3", "hostnames": ["db", "db.local"]}])

    text = files.read("/etc/hosts").decode()
    assert text.startswith("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n")
    assert text.endswith("10.244.0.2\tweb\n\n# Entries added by HostAliases.\n10.1.2.3\tdb\tdb.local\n")
    assert files.read("/etc/resolv.conf") == (
        b"search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
    )
