"""`orrery node` as a client of a server, and `orrery serve` as it is told which nodes to begin with."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from orrery.cli.first_nodes import first_groups
from orrery.cli.kubeconfig import write_kubeconfig
from orrery.cli.main import main
from orrery.cli.node_options import NodeOptions, NodeWishes
from orrery.cli.options import ServeOptions, parse
from orrery.node.node_groups import NodesUnusable

HOME = {"XDG_DATA_HOME": "/data"}
ROW = {
    "name": "orrery-worker",
    "status": "Ready",
    "failure": "",
    "address": "172.18.0.2",
    "podCIDR": "10.244.0.0/24",
    "zone": "",
    "pods": 7,
    "capacity": {"cpu": "4", "memory": "16Gi"},
}


class Server(BaseHTTPRequestHandler):
    """Notes what it is asked and answers with one node, or says no."""

    asked: ClassVar[list[tuple[str, str, Any, str]]] = []

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.asked.append((self.command, self.path, body, self.headers.get("Authorization", "")))
        is_known = "nobody" not in self.path
        said = {"items": [ROW]} if is_known else {"message": 'nodes "nobody" not found'}
        data = json.dumps(said).encode()
        self.send_response(200 if is_known else 404)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


for verb in ("GET", "POST", "DELETE"):
    setattr(Server, f"do_{verb}", Server.answer)


@pytest.fixture
def url() -> Iterator[str]:
    Server.asked.clear()
    with HTTPServer(("127.0.0.1", 0), Server) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_adding_asks_for_what_the_options_say(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = "add gpu-1 --cpu 8 --resource nvidia.com/gpu=2 --zone a --label disk=ssd --taint gpu=yes:NoSchedule"

    assert main(["node", *line.split(), "--server", url]) == 0

    body = {
        "name": "gpu-1",
        "count": 1,
        "capacity": {"cpu": "8", "nvidia.com/gpu": "2"},
        "zone": "a",
        "labels": {"disk": "ssd"},
        "taints": ["gpu=yes:NoSchedule"],
    }
    assert Server.asked == [("POST", "/orrery/v1/nodes", body, "")]
    assert capsys.readouterr().out == "node/orrery-worker added\n"


def test_a_server_on_this_machine_is_asked_without_a_proxy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)

    assert main(["node", "list", "--server", url]) == 0


@pytest.mark.parametrize(
    ("line", "asked", "said"),
    [
        ("fail a", ("POST", "/orrery/v1/nodes/a/fail", {"how": "crash"}), "node/a failed (crash)\n"),
        ("fail a --kubelet", ("POST", "/orrery/v1/nodes/a/fail", {"how": "kubelet"}), "node/a failed (kubelet)\n"),
        ("recover a", ("POST", "/orrery/v1/nodes/a/recover", None), "node/a recovered\n"),
        ("remove a", ("DELETE", "/orrery/v1/nodes/a", None), "node/a removed\n"),
    ],
)
def test_what_is_done_to_nodes(url: str, line: str, asked: Any, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["node", *line.split(), "--server", url]) == 0

    assert [one[:3] for one in Server.asked] == [asked]
    assert capsys.readouterr().out == said


def test_the_list_is_a_table_or_json(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["node", "list", "--server", url]) == 0
    table = capsys.readouterr().out
    assert main(["node", "list", "--server", url, "-o", "json"]) == 0

    assert table.splitlines()[1].split() == ["orrery-worker", "Ready", "up", "172.18.0.2", "<none>", "7", "4", "16Gi"]
    assert json.loads(capsys.readouterr().out) == [ROW]


def test_a_kubeconfig_says_which_server_and_brings_its_token(url: str, tmp_path: Path) -> None:
    write_kubeconfig(tmp_path / "kubeconfig", url, "secret/1")

    assert main(["node", "list", "--kubeconfig", str(tmp_path / "kubeconfig")]) == 0
    assert Server.asked[0][3] == "Bearer secret/1"


def test_what_the_server_refuses_is_told(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["node", "fail", "nobody", "--server", url]) == 1
    assert capsys.readouterr().err == 'orrery: nodes "nobody" not found\n'


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["--server", "http://127.0.0.1:1"], "orrery: cannot reach http://127.0.0.1:1: connection refused\n"),
        (["--server", "gopher://x"], "orrery: gopher://x is not the URL of a server\n"),
        (["--kubeconfig", "/none"], "orrery: /none is not there: start `orrery serve`, or say --server or --kubeconfig\n"),
    ],
)
def test_a_server_that_cannot_be_asked(line: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["node", "list", *line]) == 1
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("line", [[], ["burn"], ["fail"], ["add", "--count", "0"], ["add", "--label", "x"], ["add", "a", "b"]])
def test_usage_errors(line: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["node", *line], HOME)
    assert ended.value.code == 2


def test_the_kubeconfig_is_kubectl_s_or_the_server_s() -> None:
    default, given = parse(["node", "list"], HOME), parse(["node", "list"], {**HOME, "KUBECONFIG": "/k:/other"})
    assert isinstance(default, NodeOptions)
    assert isinstance(given, NodeOptions)
    assert (default.kubeconfig, given.kubeconfig) == (Path("/data/orrery/kubeconfig"), Path("/k"))


def test_a_server_begins_with_the_nodes_it_is_told() -> None:
    line = "--nodes 3 --node-cpu 8 --node-zone a --node-zone b --node-label disk=ssd --node-taint x:NoSchedule --control-plane"
    options = parse(["serve", *line.split()], HOME)
    assert isinstance(options, ServeOptions)

    groups = first_groups(options.wishes)

    assert [name for group in groups for name in group.names()] == [
        "orrery-worker",
        "orrery-worker2",
        "orrery-worker3",
        "orrery-control-plane",
    ]
    assert [group.zone for group in groups] == ["a", "b", "a", ""]
    assert groups[2].labels == {"disk": "ssd"}
    assert options.wishes.amounts["node_cpu"] == "8"


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        (NodeWishes(labels=("x",)), "--node-label: 'x' is not KEY=VALUE"),
        (NodeWishes(labels=("-=x",)), "--node-label: -: "),
        (NodeWishes(taints=("x",)), "--node-taint: invalid taint spec: x, expected key=value:Effect or key:Effect"),
        (NodeWishes(zones=("no zone",)), "--node-zone: "),
        (NodeWishes(amounts={"node_cpu": "many"}), "--node-cpu: cpu: 'many' is not a quantity like 4, 500m or 16Gi"),
        (NodeWishes(count=3, file=Path("/f")), "--nodes: not together with --nodes-file, which says it itself"),
    ],
)
def test_wishes_that_cannot_be_granted_name_their_option(wishes: NodeWishes, said: str) -> None:
    with pytest.raises(NodesUnusable) as refused:
        first_groups(wishes)
    assert str(refused.value).startswith(said)
