"""What the newest kubectl prints of one object of each kind: `get -o wide` and `describe`, word for word as in golden/KIND.txt.

The texts were compared with those of a real control plane for the same objects. What differs from run to run (names that are made up,
times, addresses, nodes) is replaced by a word in angle brackets, columns are two spaces apart, and events are sorted.
`GOLDEN=write pytest …` writes the files anew; the diff is then to be read.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import KubectlRunner, RunningServer, Spaces, new_kubectl, until

pytestmark = pytest.mark.client

GOLDEN = Path(__file__).with_name("golden")
OBJECTS = {
    "deployment": "web",
    "replicaset": "plain",
    "statefulset": "db",
    "daemonset": "agent",
    "job": "once",
    "cronjob": "nightly",
    "pod": "single",
    "service": "web",
    "endpoints": "web",
    "endpointslice": "-l kubernetes.io/service-name=web",
    "ingress": "web",
    "networkpolicy": "from-web",
    "poddisruptionbudget": "web",
    "persistentvolumeclaim": "data-db-0",
    "resourcequota": "counts",
    "limitrange": "limits",
    "serviceaccount": "builder",
    "secret": "login",
    "configmap": "settings",
    "controllerrevision": "-l app=agent",
    "event": "",
    "namespace": "",
    "node": "orrery-worker",
    "persistentvolume": "",
    "storageclass": "standard",
    "priorityclass": "system-node-critical",
}
COMPLETED = "involvedObject.kind=Job,reason=Completed"
_LETTERS = "[bcdfghjklmnpqrstvwxz2456789]"
_CHANGES = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uid>"),
    (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}|\d{4}-\d\d-\d\d[T ][\d:.]+(Z| \+0000 UTC)", "<time>"),
    (r"\(x\d+ over [0-9a-z]+\)", ""),
    (r"(?<![\w.=-])(?<!for )(\d+[shd]|\d+m\d+s|\d{1,2}m|\d+h\d+m|\d+d\d+h)(?![\w/-])|<invalid>", "<age>"),
    (r"containerd://[0-9a-f]{64}", "containerd://<id>"),
    (r"sha256:[0-9a-f]{64}", "sha256:<digest>"),
    (r"\b[0-9a-f]{32}\b", "<id>"),
    (r"orrery-worker\d?\b", "<node>"),
    (r"\b10\.\d+\.\d+\.\d+(?!/)", "<ip>"),
    (r"\b172\.18\.\d+\.\d+", "<node-ip>"),
    (rf"\b(web|plain|agent|once-\d|kube-api-access)(-{_LETTERS}{{6,10}})?-{_LETTERS}{{5}}\b", r"\1-<made-up>"),
    (rf"\b(web-|agent-|-hash=){_LETTERS}{{6,10}}\b", r"\1<hash>"),
    (r"\.[0-9a-f]{16}\b", ".<count>"),
    (r"(Resource ?Version: +)\d+", r"\1<version>"),
    (r"(resourceVersion: +)\"?\d+\"?", r"\1<version>"),
    (r" in [\d.]+m?s \([\d.]+m?s including", " in <age> (<age> including"),
)


def plain(text: str, namespace: str) -> str:
    """Without what differs from run to run."""
    text = text.replace(namespace, "<namespace>")
    for pattern, word in _CHANGES:
        text = re.sub(pattern, word, text)
    lines = [re.sub(r"(?<=\S) {2,}|\t+", "  ", line).rstrip() for line in text.splitlines()]
    return "\n".join(_sorted_rows(_without_pods(lines))).strip() + "\n"


def _without_pods(lines: list[str]) -> list[str]:
    """Of a node: not what runs there, which may be other tests'."""
    start = next((number for number, line in enumerate(lines) if line.startswith("Non-terminated Pods:")), len(lines))
    return lines[:start]


def _sorted_rows(lines: list[str]) -> list[str]:
    """With events and limits in order, each once: several have the same time, and kubectl walks the limits as a map."""
    for number, line in enumerate(lines):
        if line.split()[:2] in (["Type", "Reason"], ["Type", "Resource"]):
            start = number + 2
            end = next((at for at in range(start, len(lines)) if not lines[at].strip()), len(lines))
            return [*lines[:start], *sorted(dict.fromkeys(lines[start:end])), *lines[end:]]
    return lines


@pytest.fixture(scope="module")
def kubectl(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubectlRunner]:
    """The newest kubectl in a namespace where every object is, and has come to rest."""
    spaces = Spaces(server.url)
    run = new_kubectl("1.35", server, tmp_path_factory.mktemp("describe"), spaces.new("golden"))
    run("create", "--filename", str(GOLDEN / "objects.yaml"))
    for workload in ("deployment/web", "statefulset/db", "daemonset/agent"):
        run("rollout", "status", workload)
    run("wait", "--for=condition=complete", "job/once")
    run("wait", "--for=condition=ready", "pod", "--selector=app in (single, plain)")
    until(lambda: run("get", "events", "--field-selector", COMPLETED, "--output=name"), "the end of the Job")
    yield run
    spaces.remove()


def shown(kubectl: KubectlRunner, kind: str) -> str:
    """Both outputs, and the commands they come from."""
    which = OBJECTS[kind].split()
    if kind == "namespace":
        which = [kubectl.namespace]
    elif kind == "persistentvolume":
        which = [kubectl.value("pvc data-db-0", ".spec.volumeName")]
    elif kind == "event":
        which = [kubectl.value(f"event --field-selector={COMPLETED}", ".items[0].metadata.name")]
    commands = (("get", kind, *which, "--output=wide"), ("describe", kind, *which))
    return "\n".join(plain(f"$ kubectl {' '.join(command)}\n{kubectl(*command)}", kubectl.namespace) for command in commands)


@pytest.mark.parametrize("kind", OBJECTS)
def test_an_object_is_shown_as_on_a_real_cluster(kubectl: KubectlRunner, kind: str) -> None:
    file = GOLDEN / f"{kind}.txt"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(shown(kubectl, kind))
    golden = file.read_text()
    try:
        until(lambda: shown(kubectl, kind) == golden, kind, timeout_s=30)
    except AssertionError:
        assert shown(kubectl, kind) == golden
