"""What probes and hooks find, and how it is told."""

from typing import Any

import pytest

from tests.node.cluster import NodeCluster

QUICK = {"periodSeconds": 5, "timeoutSeconds": 1}
HEALTH: dict[str, Any] = {
    "image": "registry.k8s.io/e2e-test-images/agnhost:2.53",
    "args": ["grpc-health-checking", "--port", "5000", "--service", "shop"],
}
NETEXEC: dict[str, Any] = {"image": "registry.k8s.io/e2e-test-images/agnhost:2.53", "args": ["netexec", "--http-port", "8080"]}


def told(cluster: NodeCluster, reason: str = "Unhealthy") -> list[str]:
    return list(dict.fromkeys(message for known, message in cluster.events.of("web") if known == reason))


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        ({"httpGet": {"port": 81, "path": "/x"}}, 'Get "http://10.244.0.2:81/x": dial tcp 10.244.0.2:81: connect: connection refused'),
        ({"httpGet": {"port": 80, "path": "/missing"}}, "HTTP probe failed with statuscode: 404"),
        ({"httpGet": {"port": 80, "scheme": "HTTPS"}}, 'Get "https://10.244.0.2:80/": http: server gave HTTP response to HTTPS client'),
        ({"tcpSocket": {"port": 81}}, "dial tcp 10.244.0.2:81: connect: connection refused"),
        ({"exec": {"command": ["sh", "-c", "echo not yet; exit 3"]}}, "not yet\n"),
        ({"exec": {"command": ["sleep", "5"]}}, 'command timed out: "sleep 5" timed out after 1s'),
        ({"grpc": {"port": 80}}, 'timeout: failed to connect service "10.244.0.2:80" within 1s: context deadline exceeded'),
        ({"grpc": {"port": 81}}, 'timeout: failed to connect service "10.244.0.2:81" within 1s: context deadline exceeded'),
    ],
)
async def test_a_readiness_probe_that_fails_says_why(cluster: NodeCluster, probe: dict[str, Any], message: str) -> None:
    await cluster.run(readinessProbe={**probe, **QUICK})
    await cluster.clock.advance(20)

    assert told(cluster) == [f"Readiness probe failed: {message}"]
    assert not cluster.is_ready()


async def test_a_command_that_does_not_exist_decides_nothing(cluster: NodeCluster) -> None:
    await cluster.run(livenessProbe={"exec": {"command": ["nothing"]}, **QUICK})
    await cluster.clock.advance(60)

    assert told(cluster)[0].startswith(
        "Liveness probe errored and resulted in unknown state: rpc error: code = Unknown desc = failed to exec"
    )
    assert told(cluster)[0].endswith('exec: "nothing": executable file not found in $PATH: unknown')
    assert cluster.container()["restartCount"] == 0


async def test_a_command_may_name_variables_that_have_plain_values(cluster: NodeCluster) -> None:
    env = [{"name": "WORD", "value": "hello"}]
    await cluster.run(env=env, readinessProbe={"exec": {"command": ["sh", "-c", "echo $(WORD) '$(OTHER)'; false"]}, **QUICK})
    await cluster.clock.advance(20)

    assert told(cluster) == ["Readiness probe failed: hello $(OTHER)\n"]


async def test_a_redirect_to_another_host_passes_with_a_warning(cluster: NodeCluster) -> None:
    path = "/redirect?location=http://elsewhere.example/&code=302"
    await cluster.run(**NETEXEC, readinessProbe={"httpGet": {"port": 8080, "path": path}, **QUICK})
    await cluster.clock.advance(20)

    assert cluster.is_ready()
    assert told(cluster, "ProbeWarning")[0].startswith("Readiness probe warning: Probe terminated redirects, Response body: ")


async def test_a_redirect_on_the_same_host_is_followed(cluster: NodeCluster) -> None:
    await cluster.run(**NETEXEC, readinessProbe={"httpGet": {"port": 8080, "path": "/redirect?location=/hostname&code=302"}, **QUICK})
    await cluster.clock.advance(20)

    assert cluster.is_ready()
    assert told(cluster, "ProbeWarning") == []


@pytest.mark.parametrize("service", [{}, {"service": "shop"}])
async def test_a_server_that_speaks_grpc_is_asked_for_its_health(cluster: NodeCluster, service: dict[str, str]) -> None:
    await cluster.run(**HEALTH, readinessProbe={"grpc": {"port": 5000, **service}, **QUICK})
    await cluster.clock.advance(20)

    assert cluster.is_ready()


async def test_a_service_that_the_server_does_not_know_is_an_error(cluster: NodeCluster) -> None:
    await cluster.run(**HEALTH, readinessProbe={"grpc": {"port": 5000, "service": "other"}, **QUICK})
    await cluster.clock.advance(20)

    why = "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service"
    assert told(cluster) == [f"Readiness probe failed: {why}"]


async def test_an_unhealthy_grpc_server_is_restarted(cluster: NodeCluster) -> None:
    hook = {"postStart": {"httpGet": {"port": 8080, "path": "/make-not-serving"}}}
    await cluster.run(**HEALTH, lifecycle=hook, livenessProbe={"grpc": {"port": 5000}, "failureThreshold": 2, **QUICK})
    await cluster.clock.advance(90)

    assert told(cluster) == ['Liveness probe failed: service unhealthy (responded with "NOT_SERVING")']
    assert cluster.container()["restartCount"] >= 1


async def test_a_hook_over_https_falls_back_to_http(cluster: NodeCluster) -> None:
    await cluster.run(lifecycle={"postStart": {"httpGet": {"port": 80, "scheme": "HTTPS"}}})
    await cluster.clock.settle()

    assert cluster.is_ready()
    assert told(cluster, "LifecycleHTTPFallback") == [
        "request to HTTPS lifecycle hook 10.244.0.2:80 got HTTP response, retry with HTTP succeeded"
    ]


async def test_a_failing_post_start_hook_takes_its_container_down(cluster: NodeCluster) -> None:
    await cluster.run(lifecycle={"postStart": {"exec": {"command": ["false"]}}})
    await cluster.clock.advance(15)

    assert ("FailedPostStartHook", "PostStartHook failed") in cluster.events.of("web")
    assert ("Killing", "FailedPostStartHook") in cluster.events.of("web")
    assert cluster.container()["lastState"] or cluster.container()["state"].get("terminated")


async def test_a_pre_stop_hook_that_takes_too_long_is_cut_short(cluster: NodeCluster) -> None:
    await cluster.run(lifecycle={"preStop": {"exec": {"command": ["sleep", "100"]}}}, terminationGracePeriodSeconds=10)
    await cluster.clock.settle()
    before_s = cluster.clock.now_s()
    await cluster.delete()
    await cluster.clock.settle()

    assert cluster.client.get("pods", "default", "web") is None
    assert 10 <= cluster.clock.now_s() - before_s < 13


async def test_a_failed_post_start_hook_is_the_reason_the_container_waits_for(cluster: NodeCluster) -> None:
    hook = {"exec": {"command": ["sh", "-c", "echo out; echo err >&2; exit 4"]}}
    await cluster.run(lifecycle={"postStart": hook})
    await cluster.clock.advance(8)

    waits = [pod["status"]["containerStatuses"][0]["state"].get("waiting", {}) for pod in cluster.seen["web"][1:]]
    (message,) = {one["message"] for one in waits if one.get("reason") == "PostStartHookError"}
    title = f"web_default({cluster.pod()['metadata']['uid']})"
    assert message == (
        f'Exec lifecycle hook ([sh -c echo out; echo err >&2; exit 4]) for Container "web" in Pod "{title}" failed - error: '
        "command 'sh -c echo out; echo err >&2; exit 4' exited with 4: err\n"
        ', message: "out\\nerr\\n"'
    )


async def test_a_container_that_is_not_alive_gets_its_pre_stop_hook_too(cluster: NodeCluster) -> None:
    hook = {"preStop": {"exec": {"command": ["sh", "-c", "echo bye > /proc/1/fd/1"]}}}
    probe = {"exec": {"command": ["false"]}, "failureThreshold": 1, **QUICK}
    await cluster.run(image="busybox:1.36", command=["sleep", "3600"], lifecycle=hook, livenessProbe=probe, terminationGracePeriodSeconds=5)
    await cluster.clock.advance(9)

    assert await cluster.said() == "bye\n"
