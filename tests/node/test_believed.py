"""Images nobody knows: what is believed of the programs that a manifest names."""

from typing import Any

import pytest

from orrery.node.believed import Believed, believed_programs
from tests.node.cluster import NodeCluster

IMAGE = "example.com/team/app:v7"


def pod(**container: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    one = {"name": "c", **container}
    return {"metadata": {"name": "web"}, "spec": {"containers": [one]}}, one


@pytest.mark.parametrize(
    ("argv", "server", "helpers"),
    [
        ("/app", "/app", ""),
        ("sleep 3600", "", ""),
        ("python app.py", "python", ""),
        ("sh -c|start-zookeeper --servers=3 --heap=512M", "start-zookeeper", ""),
        ("sh -ec|./migrate.sh && exec /srv/run --port=$PORT", "/srv/run", "./migrate.sh"),
        ("bash -c|while true; do scrape; sleep 5; done", "scrape", ""),
        ("sh -c|echo 'do this; and that' > /tmp/x # then stop\nMODE=a prepare\nif [ -f x ]; then serve; fi", "serve", "prepare"),
        ("sh /scripts/run.sh", "", ""),
    ],
)
def test_the_last_program_of_a_command_is_the_server(argv: str, server: str, helpers: str) -> None:
    words, _, script = argv.partition("|")

    found = believed_programs(*pod(), [*words.split(), *([script] if script else [])])

    assert found == Believed(server, frozenset(helpers.split()))


def test_probes_and_hooks_name_programs_that_succeed() -> None:
    probe = {"exec": {"command": ["/bin/bash", "-c", "/ready-probe.sh"]}}
    hook = {"preStop": {"exec": {"command": ["/bin/sh", "-c", "nodetool drain"]}}}

    found = believed_programs(*pod(readinessProbe=probe, lifecycle=hook), ["/app"])

    assert found == Believed("/app", frozenset({"/ready-probe.sh", "nodetool"}))


async def test_probes_of_an_unknown_image_pass(fast: NodeCluster) -> None:
    script = "start-zookeeper --servers=3 --client_port=2181"
    probe = {"exec": {"command": ["sh", "-c", "zookeeper-ready 2181"]}}
    await fast.run(image=IMAGE, command=["sh", "-c", script], readinessProbe=probe, livenessProbe=probe)
    await fast.clock.settle()
    await fast.clock.advance(120)

    assert fast.is_ready() and fast.container()["restartCount"] == 0


async def test_an_unknown_init_container_ends_and_the_server_after_it_stays(fast: NodeCluster) -> None:
    await fast.run(image=IMAGE, initContainers=[{"name": "migrate", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "args": ["up"]}])
    await fast.clock.settle()

    assert fast.is_ready()
    assert fast.status()["initContainerStatuses"][0]["state"]["terminated"]["exitCode"] == 0


@pytest.mark.parametrize("meta", [{"ownerReferences": [{"kind": "Job", "controller": True}]}, {"annotations": {"helm.sh/hook": "test"}}])
def test_the_pods_of_jobs_and_hooks_are_meant_to_end(meta: dict[str, Any]) -> None:
    subject, container = pod()
    subject["metadata"].update(meta)

    assert believed_programs(subject, container, ["/app"]) == Believed("", frozenset({"/app"}))
