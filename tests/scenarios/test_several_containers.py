"""Story 6: several containers in one Pod share a network, volumes and a life."""

import pytest

from orrery.machinery.errors import Invalid
from orrery.machinery.objects import Object, name_of
from orrery.testing import Simulation
from orrery.testing.simulation import deployment, pod
from orrery.verbs.containers import NodeRefusal
from tests.scenarios.lesson import condition, configmap, container, ended, is_ready, service, told_of

WEBAPP = [
    container("simple-webapp", "simple-webapp", ports=[{"containerPort": 8080}]),
    container("log-agent", "log-agent"),
]
SHARED: list[Object] = [{"name": "shared", "emptyDir": {}}]


def shared(path: str) -> list[Object]:
    return [{"name": "shared", "mountPath": path}]


def webapp() -> Object:
    made = pod("simple-webapp", containers=[dict(one) for one in WEBAPP])
    made["metadata"]["labels"] = {"name": "simple-webapp"}
    return made


async def test_two_containers_are_counted_together(fast: Simulation) -> None:
    shown = fast.watch_shown("simple-webapp")

    await fast.apply(webapp())
    await fast.settle()

    assert fast.shown("simple-webapp") == "2/2 Running"
    assert shown[:2] == ["0/2 Pending", "0/2 ContainerCreating"]
    assert [one["name"] for one in fast.get("pods", "simple-webapp")["status"]["containerStatuses"]] == ["log-agent", "simple-webapp"]


async def test_they_are_pulled_created_and_started_one_after_the_other(fast: Simulation) -> None:
    await fast.apply(webapp())
    await fast.settle()

    assert told_of(fast, "simple-webapp")[1:] == [
        (f"spec.containers{{{name}}}", reason)
        for name in ("simple-webapp", "log-agent")
        for reason in ("Pulling", "Pulled", "Created", "Started")
    ]


async def test_each_has_a_log_of_its_own(fast: Simulation) -> None:
    await fast.apply(webapp())
    await fast.settle()

    assert await fast.logs("simple-webapp", "log-agent") == "log-agent: started\n"
    assert (await fast.logs("simple-webapp", "simple-webapp")).endswith("Press CTRL+C to quit\n")
    assert await fast.logs("simple-webapp") == await fast.logs("simple-webapp", "simple-webapp")
    with pytest.raises(NodeRefusal, match='container "agent" in pod "simple-webapp" is not available'):
        await fast.logs("simple-webapp", "agent")


async def test_each_has_processes_and_files_of_its_own_but_one_host_name_and_address(fast: Simulation) -> None:
    await fast.apply(pod("pair", containers=[container(name, script=f"echo {name} > /tmp/me; sleep 3600") for name in ("a", "b")]))
    await fast.settle()

    for name in ("a", "b"):
        found = await fast.exec("pair", ["sh", "-c", "cat /tmp/me; hostname; hostname -i; ps | grep -c 'sleep [3]600$'"], container=name)
        assert found.stdout.split() == [name, "pair", fast.get("pods", "pair")["status"]["podIP"], "1"]


async def test_they_reach_each_other_on_localhost(fast: Simulation) -> None:
    await fast.apply(webapp())
    await fast.settle()

    page = await fast.exec("simple-webapp", ["wget", "-qO-", "http://localhost:8080"], container="log-agent")
    assert "<h1>Hello from simple-webapp!</h1>" in page.stdout
    closed = await fast.exec("simple-webapp", ["wget", "-qO-", "http://localhost:8081"], container="log-agent")
    assert (closed.code, closed.stdout) == (1, "")
    assert "Connection refused" in closed.stderr


async def test_two_containers_cannot_listen_on_one_port(fast: Simulation) -> None:
    await fast.apply(pod("both", containers=[container("a", "nginx:1.25"), container("b", "nginx:1.25")]))
    await fast.until(lambda: fast.shown("both") == "1/2 CrashLoopBackOff")

    assert "bind() to 0.0.0.0:80 failed (98: Address already in use)" in await fast.logs("both", "b")
    assert ended(fast, "both", "b")["exitCode"] == 1
    assert fast.container("both", "a")["restartCount"] == 0


async def test_a_sidecar_tails_the_log_file_that_the_web_container_writes(fast: Simulation) -> None:
    web = container("web", "nginx:1.25", volumeMounts=shared("/var/log/nginx"))
    follow = "until test -f /logs/access.log; do sleep 1; done; tail -f /logs/access.log"
    tail = container("tail", script=follow, volumeMounts=shared("/logs"))
    await fast.apply(pod("sidecar", containers=[web, tail], volumes=SHARED))
    await fast.settle()
    await fast.advance(2)

    for path in ("/", "/nothing"):
        await fast.exec("sidecar", ["wget", "-qO", "/dev/null", f"http://localhost{path}"], container="tail")
    await fast.advance(2)

    lines = (await fast.logs("sidecar", "tail")).splitlines()
    assert [line.split('"')[1:3] for line in lines] == [["GET / HTTP/1.1", " 200 615 "], ["GET /nothing HTTP/1.1", " 404 153 "]]
    assert all(line.startswith("127.0.0.1 - - [02/Jan/2026:03:04:") for line in lines)


async def test_an_adapter_gives_the_applications_output_another_form(fast: Simulation) -> None:
    app = container("app", script='while true; do echo "load 0.7 users 3" > /data/raw; sleep 1; done', volumeMounts=shared("/data"))
    form = """awk '{print "app_load " $2; print "app_users " $4}' /data/raw"""
    adapter = container("adapter", script=f"while sleep 1; do {form} > /data/metrics; done", volumeMounts=shared("/data"))
    await fast.apply(pod("adapter", containers=[app, adapter], volumes=SHARED))
    await fast.settle()
    await fast.advance(2.5)

    found = await fast.exec("adapter", ["cat", "/data/raw", "/data/metrics"], container="adapter")
    assert found.stdout == "load 0.7 users 3\napp_load 0.7\napp_users 3\n"


def ambassador() -> Object:
    conf: Object = {"name": "conf", "configMap": {"name": "ambassador"}}
    proxy = container("ambassador", "nginx:1.25", volumeMounts=[{"name": "conf", "mountPath": "/etc/nginx/conf.d"}])
    return pod("ambassador", containers=[container("app", "busybox", command=["sleep", "3600"]), proxy], volumes=[conf])


def conf() -> Object:
    text = "server {\n  listen 9000;\n  location / { proxy_pass http://simple-webapp; }\n}\n"
    return configmap("ambassador", **{"default.conf": text})


async def test_an_ambassador_forwards_a_local_port_to_a_service(fast: Simulation) -> None:
    await fast.apply(webapp())
    await fast.apply(service("simple-webapp", target=8080, name="simple-webapp"))
    await fast.apply(conf())
    await fast.settle()
    await fast.apply(ambassador())
    await fast.settle()

    page = await fast.exec("ambassador", ["wget", "-qO-", "http://localhost:9000"], container="app")
    assert "<h1>Hello from simple-webapp!</h1>" in page.stdout


async def test_an_ambassador_without_its_service_crashes_alone_and_comes_up_once_it_is_there(fast: Simulation) -> None:
    await fast.apply(conf())
    await fast.apply(ambassador())
    await fast.settle()

    assert fast.shown("ambassador") == "1/2 CrashLoopBackOff"
    words = 'nginx: [emerg] host not found in upstream "simple-webapp" in /etc/nginx/conf.d/default.conf:3\n'
    assert (await fast.logs("ambassador", "ambassador")).endswith(words)
    assert ended(fast, "ambassador", "ambassador")["exitCode"] == 1
    assert fast.container("ambassador", "app")["restartCount"] == 0

    await fast.apply(webapp())
    await fast.apply(service("simple-webapp", target=8080, name="simple-webapp"))
    await fast.until(lambda: fast.shown("ambassador") == "2/2 Running", within_s=60)


async def test_a_pod_is_ready_only_when_all_its_containers_are(fast: Simulation) -> None:
    slow: Object = {"exec": {"command": ["test", "-f", "/tmp/ready"]}, "periodSeconds": 1}
    late = container("late", script="sleep 20; touch /tmp/ready; sleep 3600", readinessProbe=slow)
    begin_s = fast.clock.now_s()
    await fast.apply(pod("two", containers=[container("web", "nginx:1.25"), late]))
    await fast.until(lambda: bool(fast.pods()[0].get("status", {}).get("containerStatuses")) and fast.shown("two") == "1/2 Running")

    unready = condition(fast.get("pods", "two"), "ContainersReady")
    assert (unready["reason"], unready["message"]) == ("ContainersNotReady", "containers with unready status: [late]")
    await fast.until(lambda: is_ready(fast, "two"), within_s=30)

    assert fast.shown("two") == "2/2 Running"
    assert fast.clock.now_s() - begin_s == pytest.approx(21, abs=1)


async def test_one_that_ends_is_restarted_alone_and_keeps_the_shared_volume(fast: Simulation) -> None:
    count = container("count", script="echo run >> /data/runs; echo mine > /tmp/mine; sleep 5; exit 1", volumeMounts=shared("/data"))
    stay = container("stay", script="sleep 3600", volumeMounts=shared("/data"))
    await fast.apply(pod("two", containers=[count, stay], volumes=SHARED))
    await fast.settle()
    await fast.advance(6)

    assert fast.container("two", "count")["restartCount"] == 1
    assert fast.container("two", "stay")["restartCount"] == 0
    assert (await fast.exec("two", ["cat", "/data/runs"], container="stay")).stdout == "run\nrun\n"
    assert condition(fast.get("pods", "two"), "PodScheduled")["status"] == "True"


async def test_they_are_scaled_and_deleted_together(fast: Simulation) -> None:
    made = deployment("web", replicas=1)
    made["spec"]["template"]["spec"]["containers"] = [dict(one) for one in WEBAPP]
    await fast.apply(made)
    await fast.scale("web", 3)
    await fast.settle()
    assert [fast.shown(name_of(one)) for one in fast.pods(app="web")] == ["2/2 Running"] * 3

    seen = fast.watch("pods")
    await fast.scale("web", 0)
    await fast.until(lambda: not fast.pods(app="web"))

    last = [event.record.object["status"]["containerStatuses"] for event in seen][-1]
    assert [next(iter(one["state"])) for one in last] == ["terminated", "terminated"]
    told = [line for line in fast.events() if line.startswith("Killing")]
    assert sorted(told) == sorted(f"Killing: Stopping container {name}" for name in ("simple-webapp", "log-agent") for _ in range(3))


async def test_a_pod_whose_containers_end_differently_fails_when_the_last_has_ended(fast: Simulation) -> None:
    ends = [container("bad", script="exit 3"), container("good", script="sleep 10")]
    await fast.apply(pod("job", containers=ends, restartPolicy="Never"))
    await fast.settle()
    assert (fast.shown("job"), fast.get("pods", "job")["status"]["phase"]) == ("1/2 Error", "Running")

    await fast.advance(11)

    assert (fast.shown("job"), fast.get("pods", "job")["status"]["phase"]) == ("0/2 Error", "Failed")
    assert [ended(fast, "job", name)["exitCode"] for name in ("bad", "good")] == [3, 0]


async def test_two_containers_of_one_name_are_refused(fast: Simulation) -> None:
    with pytest.raises(Invalid, match=r'spec.containers\[1\].name: Duplicate value: "web"'):
        await fast.apply(pod("twins", containers=[container("web", "nginx:1.25"), container("web", "nginx:1.25")]))
