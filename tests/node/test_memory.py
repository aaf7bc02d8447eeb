"""Containers that use more memory than their limit."""

import pytest

from tests.node.cluster import NodeCluster


@pytest.mark.parametrize(
    "command",
    [
        ["tail", "/dev/zero"],
        ["sh", "-c", "x=aaaaaaaaaaaaaaaaaaaaaaaa; while true; do x=$x$x; done"],
        ["sh", "-c", "yes | sort"],
        ["sh", "-c", "awk 'BEGIN { while (1) a = a \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\" a }'"],
    ],
)
async def test_a_container_beyond_its_memory_limit_is_killed(cluster: NodeCluster, command: list[str]) -> None:
    limits = {"limits": {"memory": "16Mi"}}
    await cluster.run(image="busybox:1.36", command=command, resources=limits, restartPolicy="Never")
    await cluster.clock.advance(30)

    ended = cluster.container()["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (137, "OOMKilled")
    assert cluster.status()["phase"] == "Failed"
