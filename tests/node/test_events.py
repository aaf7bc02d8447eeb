"""The events of a Pod as objects, written by the recorder the node really uses."""

from orrery.kinds.builtin import builtin
from orrery.machinery.clock import VirtualClock
from orrery.node.kubelet import Kubelet
from orrery.settings import FAST
from orrery.store.memory_log import MemoryLog
from orrery.verbs.call import User
from orrery.verbs.recorder import EventRecorder
from orrery.verbs.verbs import Verbs
from tests.node.cluster import new_pod


async def test_events_name_the_node_and_the_container() -> None:
    clock, log = VirtualClock(), MemoryLog(FAST)
    client = Verbs(log=log, catalogue=builtin(), clock=clock, settings=FAST, admission=()).client(User("system:node"), "kubelet")
    kubelet = Kubelet(client, clock, FAST, lambda node: EventRecorder(client, "kubelet", node))
    await client.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    await kubelet.start()

    pod = await client.create("pods", new_pod())
    await clock.settle()
    events = [event for event in client.list("events") if event["involvedObject"]["kind"] == "Pod"]

    assert [event["reason"] for event in events] == ["Pulling", "Pulled", "Created", "Started"]
    for event in events:
        assert event["source"] == {"component": "kubelet", "host": "orrery-worker"}
        assert event["involvedObject"]["fieldPath"] == "spec.containers{web}"
        assert event["involvedObject"]["uid"] == pod["metadata"]["uid"]
        assert event["type"] == "Normal"
    nodes = [event for event in client.list("events") if event["involvedObject"]["kind"] == "Node"]
    assert {event["reason"] for event in nodes} >= {"Starting", "NodeReady"}
    await kubelet.stop()
