"""Story 7: init containers run in order and once, wait for what they wait for, and hold up the Pod when they fail."""

from typing import Any

import pytest

from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import FrozenObject, Object
from orrery.testing import Simulation
from orrery.testing.simulation import pod
from orrery.verbs.containers import NodeRefusal
from tests.scenarios.lesson import back_offs, condition, container, ended, is_ready, service, title, told_of

APP = container("myapp-container", script="echo The app is running! && sleep 3600")


def waiting_for(name: str) -> Object:
    return container(f"init-{name}", script=f"until nslookup {name}; do echo waiting for {name}; sleep 2; done;")


def myapp(*inits: Object, **spec: Any) -> Object:
    return pod("myapp-pod", containers=[dict(APP)], initContainers=list(inits), **spec)


def status(cluster: Simulation) -> FrozenObject:
    found: FrozenObject = cluster.get("pods", "myapp-pod")["status"]
    return found


async def test_they_run_one_after_the_other_once_each_before_the_others(fast: Simulation) -> None:
    shown, begin_s = fast.watch_shown("myapp-pod"), fast.clock.now_s()

    await fast.apply(myapp(container("one", script="sleep 5"), container("two", script="sleep 7")))
    await fast.until(lambda: fast.shown("myapp-pod") == "1/1 Running", within_s=60)

    assert shown == ["0/1 Pending", "0/1 Init:0/2", "0/1 Init:1/2", "0/1 PodInitializing", "1/1 Running"]
    assert fast.clock.now_s() - begin_s == pytest.approx(12, abs=1)
    one, two = ended(fast, "myapp-pod", "one"), ended(fast, "myapp-pod", "two")
    started = fast.container("myapp-pod")["state"]["running"]["startedAt"]
    assert parse_timestamp(one["startedAt"]) == begin_s
    assert parse_timestamp(one["finishedAt"]) == parse_timestamp(two["startedAt"]) == begin_s + 5
    assert parse_timestamp(two["finishedAt"]) == parse_timestamp(started) == begin_s + 12
    assert [end["reason"] for end in (one, two)] == ["Completed", "Completed"]
    assert [fast.container("myapp-pod", name)["restartCount"] for name in ("one", "two", "myapp-container")] == [0, 0, 0]
    assert condition(fast.get("pods", "myapp-pod"), "Initialized")["status"] == "True"


async def test_their_events_name_the_init_container(fast: Simulation) -> None:
    await fast.apply(myapp(container("one", script="true"), container("two", script="true")))
    await fast.until(lambda: is_ready(fast, "myapp-pod"))

    once = ["Pulled", "Created", "Started"]
    assert told_of(fast, "myapp-pod") == [
        ("", "Scheduled"),
        ("spec.initContainers{one}", "Pulling"),
        *(("spec.initContainers{one}", reason) for reason in once),
        *(("spec.initContainers{two}", reason) for reason in once),
        *(("spec.containers{myapp-container}", reason) for reason in once),
    ]


async def test_a_loop_over_nslookup_prints_every_two_seconds_and_goes_on_once_the_service_exists(fast: Simulation) -> None:
    await fast.apply(myapp(waiting_for("myservice"), waiting_for("mydb")))
    await fast.settle()
    assert fast.shown("myapp-pod") == "0/1 Init:0/2"

    for seconds in (1, 8):
        await fast.advance(seconds)
    log = await fast.logs("myapp-pod", "init-myservice")
    assert log.count("waiting for myservice\n") == 5  # At 0, 2, 4, 6 and 8 seconds.
    assert log.startswith("Server:    10.96.0.10\nAddress 1: 10.96.0.10 kube-dns.kube-system.svc.cluster.local\n\n")
    assert log.count("nslookup: can't resolve 'myservice'\n") == 5
    with pytest.raises(NodeRefusal, match='container "init-mydb" in pod "myapp-pod" is waiting to start: PodInitializing'):
        await fast.logs("myapp-pod", "init-mydb")

    await fast.apply(service("myservice", target=9376))
    await fast.until(lambda: fast.shown("myapp-pod") == "0/1 Init:1/2", within_s=3)
    address = fast.get("services", "myservice")["spec"]["clusterIP"]
    log = await fast.logs("myapp-pod", "init-myservice")
    assert log.endswith(f"\nName:      myservice\nAddress 1: {address} myservice.default.svc.cluster.local\n")
    assert ended(fast, "myapp-pod", "init-myservice")["exitCode"] == 0

    await fast.advance(60)
    assert fast.shown("myapp-pod") == "0/1 Init:1/2"
    await fast.apply(service("mydb", target=9377))
    await fast.until(lambda: fast.shown("myapp-pod") == "1/1 Running", within_s=3)
    assert await fast.logs("myapp-pod") == "The app is running!\n"


async def test_while_they_run_the_pod_is_pending_and_says_which_are_missing(fast: Simulation) -> None:
    await fast.apply(myapp(container("one", script="sleep 10"), container("two", script="sleep 10")))
    await fast.settle()

    assert status(fast)["phase"] == "Pending"
    initialized = condition(fast.get("pods", "myapp-pod"), "Initialized")
    assert (initialized["status"], initialized["reason"]) == ("False", "ContainersNotInitialized")
    assert initialized["message"] == "containers with incomplete status: [one two]"
    assert fast.container("myapp-pod")["state"] == {"waiting": {"reason": "PodInitializing"}}
    with pytest.raises(NodeRefusal, match='container "myapp-container" in pod "myapp-pod" is waiting to start: PodInitializing'):
        await fast.logs("myapp-pod")

    await fast.advance(11)

    initialized = condition(fast.get("pods", "myapp-pod"), "Initialized")
    assert initialized["message"] == "containers with incomplete status: [two]"


async def test_a_stray_done_is_a_syntax_error_and_code_2(fast: Simulation) -> None:
    shown = fast.watch_shown("myapp-pod")
    slip = "git clone <some-repository-that-will-be-used-by-application> ; done;"

    await fast.apply(myapp(container("init-myservice", script=slip), waiting_for("mydb")))
    await fast.settle()

    assert await fast.logs("myapp-pod", "init-myservice") == 'sh: syntax error: unexpected ";"\n'
    end = ended(fast, "myapp-pod", "init-myservice")
    assert (end["exitCode"], end["reason"]) == (2, "Error")
    assert shown.index("0/1 Init:Error") < shown.index("0/1 Init:CrashLoopBackOff")


async def test_one_that_fails_is_retried_with_back_off_and_never_lets_the_pod_start(fast: Simulation) -> None:
    shown, seen, begin_s = fast.watch_shown("myapp-pod"), fast.watch("pods"), fast.clock.now_s()
    await fast.apply(myapp(container("one", script="echo no; exit 1"), container("two", script="true")))
    await fast.settle()

    assert fast.container("myapp-pod", "one")["restartCount"] == 1
    words = f"Back-off restarting failed container one in pod {title(fast, 'myapp-pod')}"
    assert fast.events("myapp-pod")[-1] == f"BackOff: {words}"
    await fast.advance(600)

    assert back_offs(seen, "one") == ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s"]
    assert fast.clock.now_s() - begin_s == 600
    assert {line for line in shown if "Init" not in line} == {"0/1 Pending"}
    assert (status(fast)["phase"], fast.container("myapp-pod", "two")["state"]) == ("Pending", {"waiting": {"reason": "PodInitializing"}})


async def test_one_that_fails_at_first_lets_the_pod_start_once_it_succeeds(fast: Simulation) -> None:
    script = "echo try >> /data/tries; test $(wc -l < /data/tries) -ge 3"
    flaky = container("flaky", script=script, volumeMounts=[{"name": "data", "mountPath": "/data"}])
    await fast.apply(myapp(flaky, volumes=[{"name": "data", "emptyDir": {}}]))
    begin_s = fast.clock.now_s()
    await fast.until(lambda: fast.shown("myapp-pod") == "1/1 Running", within_s=60)

    assert fast.container("myapp-pod", "flaky")["restartCount"] == 2
    assert 10 <= fast.clock.now_s() - begin_s <= 16  # The first restart is immediate, the second waits ten seconds and up to half more.
    assert ended(fast, "myapp-pod", "flaky")["exitCode"] == 0


async def test_where_nothing_is_restarted_it_fails_the_pod(fast: Simulation) -> None:
    never = [container("init", script="echo no database; exit 3"), container("after", script="true")]
    await fast.apply(myapp(*never, restartPolicy="Never"))
    await fast.settle()
    await fast.advance(60)

    assert (fast.shown("myapp-pod"), status(fast)["phase"]) == ("0/1 Init:Error", "Failed")
    assert await fast.logs("myapp-pod", "init") == "no database\n"
    end = ended(fast, "myapp-pod", "init")
    assert (end["exitCode"], fast.container("myapp-pod", "init")["restartCount"]) == (3, 0)
    assert fast.container("myapp-pod", "after")["state"] == {"waiting": {"reason": "PodInitializing"}}


async def test_an_image_that_does_not_exist_holds_up_the_pod_as_well(fast: Simulation) -> None:
    shown = fast.watch_shown("myapp-pod")
    await fast.apply(myapp(container("one", "busybox:9.99")))
    await fast.settle()
    await fast.advance(15)

    assert [line for line in shown if "Image" in line] == ["0/1 Init:ErrImagePull", "0/1 Init:ImagePullBackOff"]
    with pytest.raises(NodeRefusal, match='container "one" in pod "myapp-pod" is waiting to start: trying and failing to pull image'):
        await fast.logs("myapp-pod", "one")


async def test_what_they_prepare_is_there_for_the_others(fast: Simulation) -> None:
    mounts = [{"name": "work", "mountPath": "/work"}]
    get = container("install", script="echo '<h1>prepared</h1>' > /work/index.html", volumeMounts=mounts)
    web = container("web", "nginx:1.25", volumeMounts=[{"name": "work", "mountPath": "/usr/share/nginx/html"}])
    await fast.apply(pod("web", containers=[web], initContainers=[get], volumes=[{"name": "work", "emptyDir": {}}]))
    await fast.settle()

    assert (await fast.exec("web", ["curl", "-s", "localhost"])).stdout == "<h1>prepared</h1>\n"


def with_sidecar(*, app: str, **spec: Any) -> Object:
    mounts = [{"name": "data", "mountPath": "/opt"}]
    ship = container("logshipper", script="touch /opt/logs.txt; tail -f /opt/logs.txt", restartPolicy="Always", volumeMounts=mounts)
    prepare = container("prepare", script="echo prepared >> /opt/logs.txt", volumeMounts=mounts)
    myapp = container("myapp", script=app, volumeMounts=mounts)
    return pod("with-sidecar", containers=[myapp], initContainers=[ship, prepare], volumes=[{"name": "data", "emptyDir": {}}], **spec)


async def test_one_that_is_always_restarted_is_a_sidecar_and_runs_on_beside_the_others(fast: Simulation) -> None:
    shown = fast.watch_shown("with-sidecar")
    await fast.apply(with_sidecar(app="echo running >> /opt/logs.txt; sleep 3600"))
    await fast.settle()
    await fast.advance(2)

    assert fast.shown("with-sidecar") == "2/2 Running"
    assert [line for line in shown if "Init" in line] == ["0/2 Init:0/2", "1/2 Init:1/2", "1/2 PodInitializing"]
    assert await fast.logs("with-sidecar", "logshipper") == "prepared\nrunning\n"
    assert "running" in fast.container("with-sidecar", "logshipper")["state"]
    assert ended(fast, "with-sidecar", "prepare")["exitCode"] == 0


async def test_a_sidecar_that_ends_is_started_again_alone(fast: Simulation) -> None:
    side = container("side", script="sleep 20; exit 1", restartPolicy="Always")
    await fast.apply(myapp(side, container("once", script="true")))
    await fast.settle()
    await fast.advance(25)

    assert [fast.container("myapp-pod", name)["restartCount"] for name in ("side", "once", "myapp-container")] == [1, 0, 0]
    assert fast.container("myapp-pod", "side")["lastState"]["terminated"]["exitCode"] == 1
    assert (fast.shown("myapp-pod"), status(fast)["phase"]) == ("2/2 Running", "Running")


async def test_a_sidecar_does_not_keep_a_pod_from_completing_and_ends_last(fast: Simulation) -> None:
    await fast.apply(with_sidecar(app="echo running >> /opt/logs.txt; sleep 5", restartPolicy="Never"))
    await fast.settle()
    await fast.until(lambda: fast.get("pods", "with-sidecar")["status"]["phase"] == "Succeeded", within_s=60)

    app, side = ended(fast, "with-sidecar", "myapp"), ended(fast, "with-sidecar", "logshipper")
    assert (app["exitCode"], side["exitCode"]) == (0, 137)  # `tail` behind a shell as process 1 has no handler for SIGTERM.
    assert parse_timestamp(side["finishedAt"]) - parse_timestamp(app["finishedAt"]) == pytest.approx(30, abs=1)
    assert fast.shown("with-sidecar") == "0/2 Completed"
    assert fast.events("with-sidecar")[-1] == "Killing: Stopping container logshipper"
