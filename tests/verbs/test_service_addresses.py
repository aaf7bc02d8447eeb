"""Cluster IPs and node ports: given, asked for, taken, given back."""

from typing import Any

from orrery.machinery.objects import Object, thaw
from orrery.settings import Settings
from orrery.verbs.verbs import Verbs
from tests.verbs.world import KINDS, Api, refusal


def service(name: str = "web", **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}], "selector": {"a": "b"}, **spec}}


async def test_a_service_gets_an_address_of_the_range(api: Api) -> None:
    spec = (await api.create("services", service()))["spec"]

    assert spec["clusterIP"].startswith("10.96.")
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert (spec["ipFamilies"], spec["ipFamilyPolicy"]) == (["IPv4"], "SingleStack")


async def test_an_address_has_one_owner_and_is_free_again_afterwards(api: Api) -> None:
    await api.create("services", service(clusterIP="10.96.0.10"))

    status = await refusal(api.create("services", service("b", clusterIP="10.96.0.10")))
    assert status["message"] == (
        'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is'
        " already allocated"
    )
    await api.delete("services", "web")
    await api.create("services", service("b", clusterIP="10.96.0.10"))


async def test_an_address_outside_of_the_range_is_refused(api: Api) -> None:
    status = await refusal(api.create("services", service(clusterIP="1.2.3.4")))

    assert status["message"].endswith("failed to allocate IP 1.2.3.4: the provided network does not match the current range")


async def test_node_ports_are_given_in_their_range_and_shared_by_protocols(api: Api) -> None:
    ports = [{"name": "a", "port": 53, "protocol": "TCP"}, {"name": "b", "port": 53, "protocol": "UDP"}]
    given = (await api.create("services", service(type="NodePort", ports=ports)))["spec"]["ports"]

    assert given[0]["nodePort"] == given[1]["nodePort"]
    assert 30000 <= given[0]["nodePort"] <= 32767


async def test_a_node_port_is_taken_or_out_of_range(api: Api) -> None:
    await api.create("services", service(type="NodePort", ports=[{"port": 80, "nodePort": 31234}]))

    status = await refusal(api.create("services", service("b", type="NodePort", ports=[{"port": 80, "nodePort": 31234}])))
    assert status["message"].endswith("spec.ports[0].nodePort: Invalid value: 31234: provided port is already allocated")
    status = await refusal(api.create("services", service("b", type="NodePort", ports=[{"port": 80, "nodePort": 1234}])))
    assert status["message"].endswith("provided port is not in the valid range. The range of valid ports is 30000-32767")


async def test_a_refused_service_takes_nothing(api: Api) -> None:
    await refusal(api.create("services", service(clusterIP="10.96.0.10", externalTrafficPolicy="Nonsense")))

    await api.create("services", service("b", clusterIP="10.96.0.10"))


async def test_an_update_keeps_what_was_allocated_and_a_change_of_type_frees_it(api: Api) -> None:
    before = (await api.create("services", service(type="NodePort", ports=[{"port": 80, "nodePort": 31234}])))["spec"]

    after = (await api.update("services", service(type="NodePort")))["spec"]
    assert (after["clusterIP"], after["ports"][0]["nodePort"]) == (before["clusterIP"], 31234)
    plain = (await api.update("services", service()))["spec"]
    assert "nodePort" not in plain["ports"][0]
    await api.create("services", service("b", type="NodePort", ports=[{"port": 80, "nodePort": 31234}]))


async def test_a_dry_run_takes_no_address(api: Api) -> None:
    spec = (await api.create("services", service(type="NodePort"), dry_run=True))["spec"]

    assert (spec["clusterIP"], spec["ports"][0]["nodePort"]) == ("10.96.0.0", 32769)


async def test_a_restart_remembers_who_has_what(api: Api) -> None:
    taken = (await api.create("services", service()))["spec"]["clusterIP"]
    again = Verbs(log=api.log, catalogue=KINDS, clock=api.clock, settings=Settings(pace="fast"))

    status = await refusal(again.create(api.call("services"), service("b", clusterIP=taken)))
    assert status["message"].endswith("provided IP is already allocated")
    assert thaw(await api.get("services", "web"))["spec"]["clusterIP"] == taken
