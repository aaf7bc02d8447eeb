"""What learners do with names and addresses, in containers that really run."""

import pytest

from orrery.machinery.objects import Object
from orrery.node.processes.runtime import SimulatedRuntime
from tests.node.cluster import NodeCluster
from tests.node.network.stage import endpoint

_FULL = "db-0.db.default.svc.cluster.local"


def lines(cluster: NodeCluster, container: str, name: str = "web") -> list[str]:
    """What the container has written."""
    runtime = cluster.kubelet.runtime
    assert isinstance(runtime, SimulatedRuntime)
    log = runtime.logs.find(cluster.pod(name)["metadata"]["uid"], container)
    return log.last_text(lines=1000, bytes_max=1 << 16).splitlines() if log is not None else []


async def service(cluster: NodeCluster, name: str, address: str) -> None:
    await cluster.create("Service", "services", name, spec={"clusterIP": address, "ports": [{"port": 80, "targetPort": 8080}]})


async def test_an_init_container_waits_until_a_service_exists(fast: NodeCluster) -> None:
    script = "until nslookup mydb; do echo waiting for mydb; sleep 2; done"
    init: Object = {"name": "init", "image": "busybox:1.28", "command": ["sh", "-c", script], "resources": {}}
    await fast.run(initContainers=[init])
    await fast.clock.advance(21)
    assert fast.shows()[-1] == "0/1 Init:0/1"
    assert lines(fast, "init").count("waiting for mydb") in (10, 11)

    await service(fast, "mydb", "10.96.0.33")
    await fast.until(fast.is_ready, within_s=5)


async def test_containers_of_a_pod_reach_each_other_on_localhost_and_others_through_a_service(fast: NodeCluster) -> None:
    await fast.run("server", image="nginx:1.25")
    await fast.until(lambda: fast.is_ready("server"))
    await service(fast, "front", "10.96.0.44")
    await fast.client.create(
        "endpointslices.discovery.k8s.io",
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "front-1", "namespace": "default", "labels": {"kubernetes.io/service-name": "front"}},
            "addressType": "IPv4",
            "endpoints": [endpoint(fast.status("server")["podIP"])],
            "ports": [{"name": "", "port": 80, "protocol": "TCP"}],
        },
    )
    tries = {"localhost 80": "inside", "front 80": "outside", "front 81": "none"}
    script = "; ".join(f"nc -w 2 {goal} </dev/null && echo {word}" for goal, word in tries.items()) + " || echo none"
    sidecar: Object = {"name": "probe", "image": "busybox", "command": ["sh", "-c", f"sleep 1; {script}; sleep 1000"], "resources": {}}
    pod = await fast.client.create(
        "pods",
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"nodeName": "orrery-worker", "containers": [{"name": "web", "image": "nginx:1.25", "resources": {}}, sidecar]},
        },
    )
    assert pod["metadata"]["name"] == "web"
    await fast.clock.advance(30)

    assert [line for line in lines(fast, "probe") if line in ("inside", "outside", "none")] == ["inside", "outside", "none"]


async def test_a_host_port_is_open_on_the_pods_node(fast: NodeCluster) -> None:
    await fast.run("server", image="nginx:1.25", ports=[{"containerPort": 80, "hostPort": 8088}])
    await fast.until(lambda: fast.is_ready("server"))
    script = "nc -w 2 172.18.0.2 8088 </dev/null && echo open; nc -w 2 172.18.0.2 8089 </dev/null || echo closed; sleep 1000"
    await fast.run("web", image="busybox", command=["sh", "-c", script])
    await fast.clock.advance(10)

    assert lines(fast, "web")[-1] == "closed" and "open" in lines(fast, "web")


async def test_services_are_told_in_variables(fast: NodeCluster) -> None:
    await service(fast, "my-db", "10.96.0.33")
    await fast.run("linked", image="busybox", command=["sh", "-c", "echo $MY_DB_SERVICE_HOST:$MY_DB_SERVICE_PORT $MY_DB_PORT; sleep 1000"])
    await fast.run("plain", image="busybox", command=["sh", "-c", "echo none $MY_DB_PORT; sleep 1000"], enableServiceLinks=False)
    await fast.until(lambda: fast.is_ready("linked") and fast.is_ready("plain"))
    await fast.clock.advance(1)

    assert lines(fast, "linked", "linked") == ["10.96.0.33:80 tcp://10.96.0.33:80"]
    assert lines(fast, "plain", "plain") == ["none"]


async def test_nslookup_of_an_old_busybox_shows_addresses_with_their_names(fast: NodeCluster) -> None:
    await service(fast, "mydb", "10.96.0.33")
    script = "nslookup nodb; nslookup mydb; sleep 1000"
    await fast.run("web", image="busybox:1.28", command=["sh", "-c", script])
    await fast.until(lambda: len(lines(fast, "web")) == 9)

    server = ["Server:    10.96.0.10", "Address 1: 10.96.0.10 kube-dns.kube-system.svc.cluster.local", ""]
    assert lines(fast, "web") == [
        *server,
        "nslookup: can't resolve 'nodb'",
        *server,
        "Name:      mydb",
        "Address 1: 10.96.0.33 mydb.default.svc.cluster.local",
    ]


async def test_agnhost_asks_names_with_binds_own_tools(fast: NodeCluster) -> None:
    await service(fast, "front", "10.96.0.44")
    script = (
        "nslookup front.default; dig +short front.default.svc.cluster.local; dig +noall +answer +search front; dig +short -x 10.96.0.44;"
        " dig nope.default.svc.cluster.local; host front; host 10.96.0.44; host nope"
    )
    await fast.run(image="registry.k8s.io/e2e-test-images/agnhost:2.39", command=["sh", "-c", script], restartPolicy="Never")
    await fast.until(lambda: fast.status()["phase"] == "Failed")

    full = "front.default.svc.cluster.local"
    said = lines(fast, "web")
    assert said[:6] == ["Server:\t\t10.96.0.10", "Address:\t10.96.0.10#53", "", f"Name:\t{full}", "Address: 10.96.0.44", ""]
    assert said[6:9] == ["10.96.0.44", f"{full}. 30 IN\tA\t10.96.0.44", f"{full}."]
    assert said[9:13] == ["", "; <<>> DiG 9.18.33 <<>> nope.default.svc.cluster.local", ";; global options: +cmd", ";; Got answer:"]
    assert said[13].startswith(";; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: ")
    assert said[14] == ";; flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 1"
    assert ";nope.default.svc.cluster.local.\tIN\tA" in said
    assert said[-3:] == [
        f"{full} has address 10.96.0.44",
        f"44.0.96.10.in-addr.arpa domain name pointer {full}.",
        "Host nope not found: 3(NXDOMAIN)",
    ]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, ["web", "web", "", "web"]),
        ({"hostname": "db-0", "subdomain": "db"}, ["db-0", _FULL, "db.default.svc.cluster.local", "db-0"]),
        (
            {"hostname": "db-0", "subdomain": "db", "setHostnameAsFQDN": True},
            [_FULL, _FULL, "db.default.svc.cluster.local", _FULL],
        ),
        ({"subdomain": "db", "hostnameOverride": "other.example"}, ["other.example", "other.example", "example", "other.example"]),
    ],
)
async def test_a_pod_knows_its_name_and_its_domain(fast: NodeCluster, spec: Object, said: list[str]) -> None:
    await fast.run(
        command=["sh", "-c", "hostname; hostname -f; hostname -d; echo $HOSTNAME"], image="busybox", restartPolicy="Never", **spec
    )
    await fast.until(lambda: fast.status()["phase"] == "Succeeded")

    assert lines(fast, "web") == said


async def test_nslookup_shows_where_an_alias_leads_and_whose_an_address_is(fast: NodeCluster) -> None:
    await service(fast, "front", "10.96.0.44")
    external = {"type": "ExternalName", "externalName": "front.default.svc.cluster.local"}
    await fast.create("Service", "services", "other", spec=external)
    script = "nslookup -type=a other.default.svc.cluster.local; nslookup 10.96.0.44"
    await fast.run(image="busybox:1.36", command=["sh", "-c", script], restartPolicy="Never")
    await fast.until(lambda: fast.status()["phase"] == "Succeeded")

    full = "front.default.svc.cluster.local"
    said = lines(fast, "web")
    assert said[3:7] == [f"other.default.svc.cluster.local\tcanonical name = {full}", f"Name:\t{full}", "Address: 10.96.0.44", ""]
    assert said[-2:] == [f"44.0.96.10.in-addr.arpa\tname = {full}", ""]
