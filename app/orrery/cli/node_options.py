"""The words about nodes on a command line: what `orrery serve` shall begin with, and what `orrery node` shall do."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Protocol

NODES: Final = 3
Action = Literal["list", "add", "fail", "recover", "remove"]


_AMOUNTS: Final = {"node_cpu": "4", "node_memory": "16Gi", "node_pods": "110", "node_ephemeral_storage": "100Gi"}


@dataclass(frozen=True, slots=True)
class NodeWishes:
    """Which nodes a server begins with. None and empty: not said."""

    count: int | None = None
    amounts: Mapping[str, str] = field(default_factory=lambda: dict(_AMOUNTS))
    """Settings of what a node has."""
    zones: tuple[str, ...] = ()
    """Nodes are in them in turn."""
    labels: tuple[str, ...] = ()
    """KEY=VALUE."""
    taints: tuple[str, ...] = ()
    has_control_plane: bool = False
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """What `orrery node` was told."""

    action: Action
    kubeconfig: Path
    server: str = ""
    names: tuple[str, ...] = ()
    wanted: Mapping[str, Any] = field(default_factory=dict)
    """The body of a request to add nodes."""
    how: Literal["crash", "kubelet"] = "crash"
    output: Literal["table", "json"] = "table"


class Add(Protocol):
    """Adds an option with its variable."""

    def __call__(self, name: str, text: str, **rest: Any) -> None: ...


def add_serve_options(option: Add, number: Callable[[str], int]) -> None:
    """`number` reads how many nodes there may be."""
    option("--nodes", f"how many simulated nodes ({NODES})", type=number, metavar="N")
    option("--nodes-file", "a YAML file that says which nodes there are instead", metavar="FILE")
    option("--node-cpu", "CPUs of each node", default=_AMOUNTS["node_cpu"], metavar="AMOUNT")
    option("--node-memory", "memory of each node", default=_AMOUNTS["node_memory"], metavar="AMOUNT")
    option("--node-pods", "how many Pods a node takes", default=_AMOUNTS["node_pods"], type=_pods, metavar="N")
    option("--node-storage", "ephemeral storage of each node", default=_AMOUNTS["node_ephemeral_storage"], metavar="AMOUNT")
    option("--node-zone", "a zone; nodes are in them in turn", repeated=True, metavar="ZONE")
    option("--node-label", "a label of the nodes, KEY=VALUE", repeated=True, metavar="LABEL")
    option("--node-taint", "a taint of the nodes, KEY=VALUE:EFFECT", repeated=True, metavar="TAINT")
    option("--control-plane", "a node for the control plane, too, which takes no Pods", flag=True)


def node_wishes(parsed: argparse.Namespace) -> NodeWishes:
    return NodeWishes(
        count=parsed.nodes,
        amounts={
            "node_cpu": parsed.node_cpu,
            "node_memory": parsed.node_memory,
            "node_pods": parsed.node_pods,
            "node_ephemeral_storage": parsed.node_storage,
        },
        zones=tuple(parsed.node_zone),
        labels=tuple(parsed.node_label),
        taints=tuple(parsed.node_taint),
        has_control_plane=parsed.control_plane,
        file=Path(parsed.nodes_file).expanduser() if parsed.nodes_file else None,
    )


def add_node_command(commands: Any, kubeconfig: Path) -> None:
    node = commands.add_parser("node", help="add, fail, recover, remove or list nodes", description="Nodes of a running server.")
    actions = node.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, text: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = actions.add_parser(name, help=text, description=f"{text.capitalize()}.", allow_abbrev=False)
        made.add_argument("--server", default="", metavar="URL", help="the server; the kubeconfig's when not given")
        made.add_argument("--kubeconfig", type=Path, default=kubeconfig, metavar="FILE", help=f"says which server [{kubeconfig}]")
        return made

    action("list", "list nodes and the machines behind them").add_argument("-o", "--output", default="table", choices=("table", "json"))
    _add_add(action("add", "add nodes"))
    fail = action("fail", "let the machines of nodes go down")
    fail.add_argument("names", nargs="+", metavar="NAME")
    fail.add_argument("--kubelet", action="store_true", help="only their kubelets stop: containers go on running")
    action("recover", "let machines come up again").add_argument("names", nargs="+", metavar="NAME")
    action("remove", "take machines away for good, with their nodes").add_argument("names", nargs="+", metavar="NAME")


def _add_add(add: argparse.ArgumentParser) -> None:
    add.add_argument("name", nargs="?", default="", metavar="NAME", help="its name; otherwise the next of the prefix")
    add.add_argument("--count", type=_count, default=1, metavar="N", help="how many")
    add.add_argument("--name-prefix", default="", metavar="PREFIX", help="what their names begin with [orrery-worker]")
    for resource in ("cpu", "memory", "pods"):
        add.add_argument(f"--{resource}", default="", metavar="AMOUNT", help=f"its {resource}; as the server's options say when not given")
    add.add_argument("--storage", default="", metavar="AMOUNT", help="its ephemeral storage")
    add.add_argument(
        "--resource", action="append", default=[], type=_pair, metavar="NAME=AMOUNT", help="an extended resource; may be repeated"
    )
    add.add_argument("--zone", default="", metavar="ZONE")
    add.add_argument("--region", default="", metavar="REGION")
    add.add_argument("--label", action="append", default=[], type=_pair, metavar="KEY=VALUE", help="may be repeated")
    add.add_argument("--taint", action="append", default=[], metavar="KEY=VALUE:EFFECT", help="may be repeated")


def node_options(parsed: argparse.Namespace) -> NodeOptions:
    action: Action = parsed.action
    options = NodeOptions(action, parsed.kubeconfig, parsed.server)
    if action == "list":
        return NodeOptions(action, options.kubeconfig, options.server, output=parsed.output)
    if action == "add":
        return NodeOptions(action, options.kubeconfig, options.server, wanted=_wanted(parsed))
    how: Literal["crash", "kubelet"] = "kubelet" if getattr(parsed, "kubelet", False) else "crash"
    return NodeOptions(action, options.kubeconfig, options.server, names=tuple(parsed.names), how=how)


def _wanted(parsed: argparse.Namespace) -> Mapping[str, Any]:
    amounts = {"cpu": parsed.cpu, "memory": parsed.memory, "pods": parsed.pods, "ephemeral-storage": parsed.storage}
    capacity = {key: value for key, value in amounts.items() if value} | dict(parsed.resource)
    body = {
        "name": parsed.name,
        "count": parsed.count,
        "namePrefix": parsed.name_prefix,
        "capacity": capacity,
        "zone": parsed.zone,
        "region": parsed.region,
        "labels": dict(parsed.label),
        "taints": parsed.taint,
    }
    return {key: value for key, value in body.items() if value}


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f"{str(text)!r} is not KEY=VALUE")
    return key, value


def _count(text: str) -> int:
    return _number(text, 1, 100)


def _pods(text: str) -> str:
    return str(_number(text, 0, 60_000))


def _number(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdecimal()) or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{str(text)!r} is not a number from {least} to {most}")
    return int(text)
