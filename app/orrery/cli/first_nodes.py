"""Which nodes `orrery serve` begins with: a file's groups, or what the options say."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from orrery.cli.node_options import NODES, NodeWishes
from orrery.node.node_groups import WORKER, NodeGroup, NodesUnusable, control_plane, numbered, read_nodes, told

_AMOUNTS = {
    "node_cpu": ("--node-cpu", "cpu"),
    "node_memory": ("--node-memory", "memory"),
    "node_pods": ("--node-pods", "pods"),
    "node_ephemeral_storage": ("--node-storage", "ephemeral-storage"),
}


def first_groups(wishes: NodeWishes) -> tuple[NodeGroup, ...]:
    """The groups; NodesUnusable names the option, or the file and the field, that is wrong."""
    for setting, amount in wishes.amounts.items():
        option, resource = _AMOUNTS[setting]
        _checked(option, {"capacity": {resource: amount}})
    if wishes.file is not None:
        _refuse_both(wishes)
        return read_nodes(wishes.file)
    look: dict[str, Any] = {"labels": dict(map(_label, wishes.labels)), "taints": list(wishes.taints)}
    _checked("--node-label", {"labels": look["labels"]})
    _checked("--node-taint", {"taints": look["taints"]})
    count = wishes.count if wishes.count is not None else NODES
    if not wishes.zones:
        groups = [_checked("--nodes", {**look, "count": count})]
    else:
        zones = [wishes.zones[index % len(wishes.zones)] for index in range(count)]
        groups = [
            _checked("--node-zone", {**look, "zone": zone, "namePrefix": numbered(WORKER, index + 1)}) for index, zone in enumerate(zones)
        ]
    return (*groups, *((control_plane(),) if wishes.has_control_plane else ()))


def _refuse_both(wishes: NodeWishes) -> None:
    said = {
        "--nodes": wishes.count is not None,
        "--node-zone": wishes.zones,
        "--node-label": wishes.labels,
        "--node-taint": wishes.taints,
        "--control-plane": wishes.has_control_plane,
    }
    both = [option for option, is_said in said.items() if is_said]
    if both:
        raise NodesUnusable(f"{both[0]}: not together with --nodes-file, which says it itself")


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise NodesUnusable(f"--node-label: {text!r} is not KEY=VALUE")
    return key, value


def _checked(option: str, fields: Mapping[str, Any]) -> NodeGroup:
    try:
        return NodeGroup.model_validate(fields)
    except ValidationError as problem:
        raise NodesUnusable(f"{option}: {told(problem)[0].partition(': ')[2]}") from None
