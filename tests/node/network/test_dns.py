"""Names: what the cluster's name server answers, and what a Pod makes of them."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from orrery.machinery.objects import Object
from orrery.node.network.dns import Resolver, candidates, resolver_of
from tests.node.network.stage import Stage, endpoint


async def asked(stage: Stage, name: str, kind: str = "A") -> Sequence[str] | str:
    try:
        return await stage.pod("10.244.0.250", name="asker").query(name, kind)
    except LookupError as error:
        return str(error)


async def test_a_service_has_its_cluster_address_and_srv_records(stage: Stage) -> None:
    ports: list[Object] = [{"name": "http", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}]
    await stage.service("web", clusterIP="10.96.0.80", ports=ports)
    name = "web.default.svc.cluster.local"

    assert await asked(stage, name) == ["10.96.0.80"]
    assert await asked(stage, name.upper() + ".") == ["10.96.0.80"]
    assert await asked(stage, name, "AAAA") == []
    assert await asked(stage, f"_http._tcp.{name}", "SRV") == [f"0 100 80 {name}."]
    assert await asked(stage, name, "SRV") == [f"0 50 80 {name}.", f"0 50 53 {name}."]
    assert await asked(stage, f"_http._udp.{name}", "SRV") == "NXDOMAIN"
    assert await asked(stage, "80.0.96.10.in-addr.arpa", "PTR") == [f"{name}."]


async def test_a_headless_service_has_the_addresses_of_its_ready_pods_and_their_names(stage: Stage) -> None:
    await stage.service("db", clusterIP="None", ports=[{"name": "sql", "port": 3306}])
    endpoints = [endpoint("10.244.0.6", hostname="db-0"), endpoint("10.244.0.7"), endpoint("10.244.0.8", ready=False)]
    await stage.slice("db", endpoints, ports=[{"name": "sql", "port": 3306, "protocol": "TCP"}])
    name = "db.default.svc.cluster.local"

    assert await asked(stage, name) == ["10.244.0.6", "10.244.0.7"]
    assert await asked(stage, f"db-0.{name}") == ["10.244.0.6"]
    assert await asked(stage, f"10-244-0-7.{name}") == ["10.244.0.7"]
    assert await asked(stage, f"db-1.{name}") == "NXDOMAIN"
    assert await asked(stage, f"_sql._tcp.{name}", "SRV") == [f"0 50 3306 db-0.{name}.", f"0 50 3306 10-244-0-7.{name}."]


async def test_a_pods_address_leads_back_to_its_endpoints_name(stage: Stage) -> None:
    stage.pod("10.244.0.6", name="db-0")
    await stage.service("db", clusterIP="None", ports=[])
    await stage.slice("db", [endpoint("10.244.0.6", hostname="db-0")], ports=[])

    assert await asked(stage, "10.244.0.6", "PTR") == ["db-0.db.default.svc.cluster.local."]
    assert await asked(stage, "db.default.svc.cluster.local") == ["10.244.0.6"]
    assert await asked(stage, "10.244.0.9", "PTR") == "NXDOMAIN"


async def test_an_external_name_is_an_alias(stage: Stage) -> None:
    await stage.service("web", clusterIP="10.96.0.80")
    await stage.service("alias", type="ExternalName", externalName="web.default.svc.cluster.local", ports=[])
    await stage.service("outside", type="ExternalName", externalName="db.example.com", ports=[])

    assert await asked(stage, "alias.default.svc.cluster.local") == ["10.96.0.80"]
    assert await asked(stage, "outside.default.svc.cluster.local", "CNAME") == ["db.example.com."]
    assert await asked(stage, "outside.default.svc.cluster.local") == []


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("10-244-3-9.default.pod.cluster.local", ["10.244.3.9"]),
        ("10-244-3-9.nowhere.pod.cluster.local", "NXDOMAIN"),
        ("x.default.pod.cluster.local", "NXDOMAIN"),
        ("kube-dns.kube-system.svc.cluster.local", ["10.96.0.10"]),
        ("default.svc.cluster.local", []),
        ("nowhere.svc.cluster.local", "NXDOMAIN"),
        ("cluster.local", []),
        ("nothing.default.svc.cluster.local", "NXDOMAIN"),
        ("web", "NXDOMAIN"),
        ("example.com", "NXDOMAIN"),
    ],
)
async def test_other_names(stage: Stage, name: str, answer: object) -> None:
    assert await asked(stage, name) == answer


async def test_a_pod_finds_services_by_short_names_of_its_own_namespace_first(stage: Stage) -> None:
    await stage.service("web", clusterIP="10.96.0.80")
    await stage.service("web", "other", clusterIP="10.96.0.81")
    one, other = stage.pod("10.244.0.5"), stage.pod("10.244.0.6", namespace="other")

    assert await one.resolve("web") == ["10.96.0.80"]
    assert await other.resolve("web") == ["10.96.0.81"]
    assert await other.resolve("web.default") == await other.resolve("web.default.svc.cluster.local.") == ["10.96.0.80"]


async def test_hosts_come_before_names(stage: Stage) -> None:
    pod = stage.pod("10.244.0.5", hostAliases=[{"ip": "10.1.2.3", "hostnames": ["foo.local", "foo"]}])

    assert await pod.resolve("foo") == ("10.1.2.3",)
    assert await pod.resolve("client") == ("10.244.0.5",)


@pytest.mark.parametrize("spec", [{"dnsPolicy": "None", "dnsConfig": {"nameservers": ["192.0.2.53"]}}])
async def test_a_name_server_that_is_none_never_answers(stage: Stage, spec: dict[str, Any]) -> None:
    await stage.service("db", clusterIP="10.96.0.80")
    pod, start_s = stage.pod("10.244.0.5", **spec), stage.clock.now_s()
    asking = asyncio.ensure_future(pod.resolve("db"))
    await stage.clock.until(asking.done)

    assert asking.result() == ()
    assert stage.clock.now_s() - start_s == 10


def test_dots_decide_whether_the_search_list_comes_first() -> None:
    resolver = resolver_of("search a.local b.local\nnameserver 10.96.0.10\noptions ndots:2 timeout:1\n")

    assert resolver == Resolver(("10.96.0.10",), ("a.local", "b.local"), 2)
    assert candidates("x.y", resolver) == ["x.y.a.local", "x.y.b.local", "x.y"]
    assert candidates("x.y.z", resolver) == ["x.y.z", "x.y.z.a.local", "x.y.z.b.local"]
    assert candidates("x.", resolver) == ["x."]
