"""The Pods of the lesson's notes, in containers that really run."""

import pytest

from orrery.machinery.objects import Object
from tests.node.cluster import NodeCluster, new_pod
from tests.node.network.test_stories import lines


async def created(cluster: NodeCluster, containers: list[Object], **spec: object) -> None:
    pod = new_pod("web")
    pod["spec"] = {**pod["spec"], "containers": [{"resources": {}, **one} for one in containers], **spec}
    await cluster.client.create("pods", pod)


async def several(cluster: NodeCluster, containers: list[Object], **spec: object) -> None:
    """A Pod `web` of several containers."""
    await created(cluster, containers, **spec)
    await cluster.until(cluster.is_ready, within_s=60)


async def test_the_web_application_and_its_log_agent_live_in_one_pod(fast: NodeCluster) -> None:
    await several(fast, [{"name": name, "image": name} for name in ("simple-webapp", "log-agent")])
    await fast.clock.advance(60)

    assert fast.shows()[-1] == "2/2 Running"
    assert lines(fast, "simple-webapp")[1:3] == [" * Serving Flask app 'app'", " * Debug mode: off"]
    assert lines(fast, "log-agent") == ["log-agent: started"]


async def test_a_sidecar_shows_the_log_file_that_the_web_server_writes(fast: NodeCluster) -> None:
    def logs(path: str) -> list[Object]:
        return [{"name": "logs", "mountPath": path}]

    script = "tail -n +1 -F /logs/access.log & sleep 2; wget -qO /dev/null http://localhost; sleep 1000"
    web: Object = {"name": "web", "image": "nginx:1.25", "volumeMounts": logs("/var/log/nginx")}
    tail: Object = {"name": "tail", "image": "busybox", "command": ["sh", "-c", script], "volumeMounts": logs("/logs")}
    await several(fast, [web, tail], volumes=[{"name": "logs", "emptyDir": {}}])
    await fast.clock.advance(5)

    assert [line.split('"')[1] for line in lines(fast, "tail") if '"' in line] == ["GET / HTTP/1.1"]
    assert not any("GET" in line for line in lines(fast, "web"))


async def test_a_mounted_secret_lists_as_on_a_real_node(fast: NodeCluster) -> None:
    await fast.create("Secret", "secrets", "app-secret", data={"DB_Host": "bXlzcWk=", "DB_User": "cm9vdA=="})
    mount: Object = {"name": "v", "mountPath": "/opt/app-secret-volumes"}
    await fast.run(
        image="busybox",
        command=["sh", "-c", "ls -la /opt/app-secret-volumes; sleep 1000"],
        volumes=[{"name": "v", "secret": {"secretName": "app-secret"}}],
        volumeMounts=[mount],
    )
    await fast.until(lambda: len(lines(fast, "web")) == 7)

    shown = [line.split() for line in lines(fast, "web")]
    assert shown[0] == ["total", "4"]
    assert [(line[0], line[4], line[8]) for line in shown[1:3]] == [("drwxrwxrwt", "120", "."), ("drwxr-xr-x", "4096", "..")]
    assert (shown[3][4], shown[3][8][:2]) == ("80", "..")
    assert [line[8:] for line in shown[5:]] == [[name, "->", f"..data/{name}"] for name in ("DB_Host", "DB_User")]
    assert {tuple(line[5:7]) for line in shown[1:]} == {("Jan", "2")}


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"readOnlyRootFilesystem": True}, 'nginx: [emerg] mkdir() "/var/cache/nginx/client_temp" failed (30: Read-only file system)'),
        (
            {"capabilities": {"drop": ["ALL"]}},
            'nginx: [emerg] chown("/var/cache/nginx/client_temp", 101) failed (1: Operation not permitted)',
        ),
        ({"runAsUser": 1000}, 'nginx: [emerg] mkdir() "/var/cache/nginx/client_temp" failed (13: Permission denied)'),
    ],
)
async def test_nginx_needs_a_place_that_it_can_write_to(fast: NodeCluster, context: Object, said: str) -> None:
    await created(fast, [{"name": "web", "image": "nginx:1.25", "securityContext": context}], restartPolicy="Never")
    await fast.until(lambda: fast.status().get("phase") == "Failed")

    assert lines(fast, "web")[-1] == said
    assert lines(fast, "web")[-2].endswith(said.replace("nginx: [emerg] ", "[emerg] 1#1: "))


async def test_nginx_runs_read_only_once_it_has_its_folders(fast: NodeCluster) -> None:
    paths = {"cache": "/var/cache/nginx", "run": "/run"}
    web: Object = {
        "name": "web",
        "image": "nginx:1.25",
        "securityContext": {"readOnlyRootFilesystem": True},
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in paths.items()],
    }
    await several(fast, [web], volumes=[{"name": name, "emptyDir": {}} for name in paths])

    assert "[notice] 1#1: start worker processes" in "\n".join(lines(fast, "web"))


async def test_users_write_to_the_containers_log_by_path(fast: NodeCluster) -> None:
    script = "echo out > /dev/stdout; echo err > /dev/stderr; echo first > /proc/1/fd/1; ls /proc/self/fd | head -n 1"
    await fast.run(image="busybox", command=["sh", "-c", script], restartPolicy="Never", securityContext={"runAsUser": 1000})
    await fast.until(lambda: fast.status()["phase"] == "Succeeded")

    assert lines(fast, "web") == ["out", "err", "first", "0"]


async def test_a_read_only_root_is_told_before_permissions_are(fast: NodeCluster) -> None:
    script = "exec 2>&1; touch /new; mkdir /etc/d; rm /etc/passwd; echo x > /etc/passwd; echo x >> /etc/passwd; touch /tmp/ok"
    container = {"name": "web", "image": "busybox", "command": ["sh", "-c", script]}
    context = {"readOnlyRootFilesystem": True, "runAsUser": 1000}
    await created(fast, [{**container, "securityContext": context}], restartPolicy="Never")
    await fast.until(lambda: fast.status().get("phase") == "Failed")

    assert [line.rpartition(": ")[2] for line in lines(fast, "web")] == [
        *["Read-only file system"] * 4,
        "Permission denied",
        "Read-only file system",
    ]
