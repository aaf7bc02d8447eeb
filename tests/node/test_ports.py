"""Ports are free again when the process that listened on them has ended, however it ended."""

from typing import Any

import pytest

from tests.node.cluster import NodeCluster

SERVERS = [
    ("nginx:1.27", [], 80),
    ("httpd:2.4", [], 80),
    ("redis:7", [], 6379),
    ("memcached:1.6", [], 11211),
    ("mysql:8.0", [], 3306),
    ("postgres:16", [], 5432),
    ("registry.k8s.io/e2e-test-images/agnhost:2.40", ["netexec"], 8080),
    ("registry.k8s.io/e2e-test-images/agnhost:2.40", ["serve-hostname"], 9376),
    ("registry.k8s.io/e2e-test-images/agnhost:2.40", ["porter"], 80),
    ("ghcr.io/stefanprodan/podinfo:6.9.0", [], 9898),
    ("hashicorp/http-echo:1.0", ["-text=hi"], 5678),
    ("traefik:v3", [], 80),
    ("example.com/some/app:1", [], 8080),
]


@pytest.mark.parametrize(("image", "args", "port"), SERVERS)
@pytest.mark.parametrize("how", ["killed", "asked"])
async def test_a_server_that_is_restarted_listens_again(fast: NodeCluster, image: str, args: list[str], port: int, how: str) -> None:
    env = [{"name": name, "value": "x"} for name in ("MYSQL_ROOT_PASSWORD", "POSTGRES_PASSWORD", "SERVE_PORT_80")]
    started: dict[str, Any] = {"args": args} if args else {}
    await fast.run(image=image, env=env, ports=[{"containerPort": port}], readinessProbe={"tcpSocket": {"port": port}}, **started)
    await fast.until(fast.is_ready)

    (running,) = fast.containers.containers.values()
    if how == "killed":
        running.kill()
    else:
        running.stop(30)
    await fast.until(lambda: fast.container()["restartCount"] == 1 and fast.is_ready())

    assert "in use" not in await fast.said()
