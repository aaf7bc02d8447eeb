"""What containers read of their kernel: limits in /sys/fs/cgroup, parameters in /proc/sys."""

from typing import Any

import pytest

from orrery.machinery.objects import Object
from tests.node.cluster import NodeCluster, new_pod
from tests.node.network.test_stories import lines


async def said(cluster: NodeCluster, script: str, *, is_privileged: bool = False, **spec: Any) -> list[str]:
    pod = new_pod(image="busybox", command=["sh", "-c", f"exec 2>&1; {script}"], restartPolicy="Never", **spec)
    if is_privileged:
        pod["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    await cluster.client.create("pods", pod)
    await cluster.until(lambda: cluster.status().get("phase") in ("Succeeded", "Failed"))
    return lines(cluster, "web")


@pytest.mark.parametrize(
    ("resources", "shown"),
    [
        ({}, ["max 100000", "1", "max"]),
        ({"limits": {"cpu": "500m", "memory": "64Mi"}, "requests": {"cpu": "250m"}}, ["50000 100000", "35", "67108864"]),
        ({"requests": {"cpu": "1", "memory": "64Mi"}}, ["max 100000", "100", "max"]),
    ],
)
async def test_limits_are_in_the_containers_control_group(fast: NodeCluster, resources: Object, shown: list[str]) -> None:
    script = "cd /sys/fs/cgroup; cat cpu.max cpu.weight memory.max; echo 1 > memory.max"

    assert await said(fast, script, resources=resources) == [*shown, "sh: can't create memory.max: Read-only file system"]


async def test_a_resize_reaches_the_control_group(fast: NodeCluster) -> None:
    script = "cat /sys/fs/cgroup/cpu.max; while grep -q ^50000 /sys/fs/cgroup/cpu.max; do sleep 1; done; cat /sys/fs/cgroup/cpu.max"
    command = ["sh", "-c", script]
    resources = {"limits": {"cpu": "500m"}, "requests": {"cpu": "500m"}}
    await fast.run(image="busybox", command=command, restartPolicy="Never", resources=resources)
    await fast.until(fast.is_ready)

    def grow(pod: Object) -> None:
        pod["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "800m"}, "requests": {"cpu": "800m"}}

    await fast.change(grow, subresource="resize")
    await fast.until(lambda: fast.status()["phase"] == "Succeeded")

    assert lines(fast, "web") == ["50000 100000", "80000 100000"]


async def test_parameters_are_shown_and_only_the_privileged_change_them(fast: NodeCluster) -> None:
    script = "sysctl -n net.core.somaxconn; sysctl kernel.nope; sysctl -w vm.max_map_count=262144; cat /proc/sys/kernel/hostname"

    assert await said(fast, script) == [
        "4096",
        "sysctl: error: 'kernel.nope' is an unknown key",
        "sysctl: error setting key 'vm.max_map_count': Read-only file system",
        "web",
    ]


async def test_a_privileged_container_sets_parameters_for_its_pod(fast: NodeCluster) -> None:
    script = "sysctl -w vm.max_map_count=262144 && cat /proc/sys/vm/max_map_count"

    assert await said(fast, script, is_privileged=True) == ["vm.max_map_count = 262144", "262144"]


async def test_a_pod_may_set_what_is_safe(fast: NodeCluster) -> None:
    sysctls = [{"name": "kernel.shm_rmid_forced", "value": "1"}, {"name": "net/ipv4/ip_local_port_range", "value": "1024 2000"}]
    script = "sysctl kernel.shm_rmid_forced; cat /proc/sys/net/ipv4/ip_local_port_range"

    assert await said(fast, script, securityContext={"sysctls": sysctls}) == ["kernel.shm_rmid_forced = 1", "1024\t2000"]


async def test_other_parameters_are_refused(fast: NodeCluster) -> None:
    await said(fast, "true", securityContext={"sysctls": [{"name": "kernel.msgmax", "value": "1"}]})

    status = fast.status()
    why = 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted'
    assert (status["reason"], status["message"]) == ("SysctlForbidden", why)
