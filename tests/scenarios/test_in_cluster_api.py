"""Programs in containers talk to the API as their Pod's service account, at the address every Pod knows."""

from collections.abc import AsyncIterator

import pytest

from orrery.machinery.objects import uid_of
from orrery.node.logs import LogQuery
from orrery.node.processes.runtime import SimulatedRuntime
from orrery.settings import FAST
from orrery.testing.simulation import Simulation, pod

FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
ASK = f'curl -s --cacert {FOLDER}/ca.crt -H "Authorization: Bearer $(cat {FOLDER}/token)"'
PODS = "https://kubernetes.default.svc/api/v1/namespaces/default/pods"


@pytest.fixture
async def cluster() -> AsyncIterator[Simulation]:
    async with Simulation(FAST) as made:
        await made.cluster.app().web()  # The virtual clock would not wait for the thread that makes it.
        yield made


async def run(cluster: Simulation, script: str, name: str = "probe") -> str:
    """What the script prints in a container of a new Pod that runs it once."""
    container = {"name": "main", "image": "curlimages/curl", "command": ["sh", "-c", script]}
    await cluster.apply(pod(name, containers=[container], restartPolicy="Never"))
    await cluster.until(lambda: cluster.get("pods", name)["status"]["phase"] in ("Succeeded", "Failed"))
    runtime = cluster.cluster.kubelet.runtime
    assert isinstance(runtime, SimulatedRuntime)
    log = runtime.logs.find(uid_of(cluster.get("pods", name)), "main")
    assert log is not None
    return b"".join([piece async for piece in log.read(LogQuery())]).decode()


async def grant(cluster: Simulation, role: str) -> None:
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": "default"}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
    api = "rbac.authorization.k8s.io/v1"
    binding = {"apiVersion": api, "kind": "ClusterRoleBinding", "metadata": {"name": role}, "roleRef": reference, "subjects": [subject]}
    await cluster.client.create("clusterrolebindings.rbac.authorization.k8s.io", binding)


async def test_an_account_without_rights_is_refused_by_name(cluster: Simulation) -> None:
    answer = await run(cluster, f"{ASK} {PODS}")

    assert 'pods is forbidden: User \\"system:serviceaccount:default:default\\" cannot list resource \\"pods\\"' in answer


async def test_an_account_with_rights_reads_lists_and_watches(cluster: Simulation) -> None:
    await grant(cluster, "view")

    answer = await run(cluster, f"{ASK} {PODS}; timeout 2 {ASK} -N '{PODS}?watch=1'")

    assert '"kind": "PodList"' in answer
    assert '{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"probe"' in answer


async def test_an_account_with_rights_writes(cluster: Simulation) -> None:
    await grant(cluster, "edit")
    body = '{"metadata":{"name":"made"},"data":{"by":"a container"}}'
    url = PODS.replace("pods", "configmaps")

    answer = await run(cluster, f"{ASK} -H 'Content-Type: application/json' -d '{body}' {url} -o /dev/null -w '%{{http_code}}'")

    assert answer == "201"
    assert cluster.get("configmaps", "made")["data"] == {"by": "a container"}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (f"curl -sk {PODS}", 'User \\"system:anonymous\\" cannot list resource'),
        (f"curl -sk -H 'Authorization: Bearer nonsense' {PODS}", '"message": "Unauthorized"'),
        ("curl -sk https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/healthz", "ok"),
        ("curl -sS https://kubernetes.default.svc/healthz 2>&1", "curl: (60) SSL certificate problem"),
        ("curl -sS --cacert /nowhere https://kubernetes.default.svc/healthz 2>&1", "curl: (77) error setting certificate file: /nowhere"),
        (f"{ASK} https://kubernetes.default.svc/openid/v1/jwks", '{"keys":[{"use":"sig","kty":"RSA","kid":"'),
    ],
)
async def test_others_get_what_they_would_get_on_a_cluster(cluster: Simulation, command: str, expected: str) -> None:
    assert expected in await run(cluster, command)
