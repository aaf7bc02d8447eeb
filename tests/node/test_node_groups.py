"""Files that say which nodes there are: what they may say, and what is told of what they may not."""

from pathlib import Path

import pytest

from orrery.node.node_groups import NodesUnusable, capacity_of, read_nodes
from orrery.settings import Settings

GOOD = """
controlPlane: true
groups:
- count: 2
  zone: a
  region: eu
  labels: {disk: ssd}
- namePrefix: gpu-1
  capacity: {cpu: 8, memory: 32Gi, nvidia.com/gpu: 2}
  taints:
  - gpu=yes:NoSchedule
  - {key: costly, effect: PreferNoSchedule}
"""


def read(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "nodes.yaml"
    path.write_text(text)
    with pytest.raises(NodesUnusable) as refused:
        read_nodes(path)
    lines = str(refused.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


def test_a_file_of_groups(tmp_path: Path) -> None:
    (tmp_path / "nodes.yaml").write_text(GOOD)
    workers, gpu, plane = read_nodes(tmp_path / "nodes.yaml")

    assert workers.names() == ["orrery-worker", "orrery-worker2"]
    assert workers.every_label == {"topology.kubernetes.io/zone": "a", "topology.kubernetes.io/region": "eu", "disk": "ssd"}
    assert gpu.names() == ["gpu-1"]
    assert capacity_of(gpu, Settings(node_pods=50)) == {
        "cpu": "8",
        "ephemeral-storage": "100Gi",
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": "32Gi",
        "pods": "50",
        "nvidia.com/gpu": "2",
    }
    assert [(one.key, one.value, one.effect) for one in gpu.taints] == [("gpu", "yes", "NoSchedule"), ("costly", "", "PreferNoSchedule")]
    assert plane.names() == ["orrery-control-plane"]
    assert [one.key for one in plane.taints] == ["node-role.kubernetes.io/control-plane"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ["must be an object"]),
        ("groups: 3", ["groups: must be a list"]),
        ("{}", ["groups: Required value"]),
        ("groups: [{cuont: 2}]", ["groups[0].cuont: unknown field"]),
        ("groups: [{count: -1}]", ["groups[0].count: Invalid value: -1: input should be greater than or equal to 0"]),
        ("groups: [{count: two}]", ["groups[0].count: Invalid value: 'two': input should be a valid integer"]),
        ("groups: [{capacity: {cpu: lots}}]", ["groups[0].capacity: cpu: 'lots' is not a quantity like 4, 500m or 16Gi"]),
        ("groups: [{capacity: {memory: -1Gi}}]", ["groups[0].capacity: memory: must be greater than or equal to 0"]),
        ("groups: [{capacity: {pods: 1.5}}]", ["groups[0].capacity: pods: must be an integer"]),
        (
            "groups: [{capacity: {gpu: 1}}]",
            [
                "groups[0].capacity: gpu: must be one of cpu, memory, pods, ephemeral-storage, hugepages-1Gi, hugepages-2Mi, "
                "or an extended resource like example.com/name"
            ],
        ),
        ('groups: [{taints: ["k=v:NoExecute", "k=w:NoExecute", "k:NoSchedule"]}]', ["groups[0].taints: k:NoExecute is there twice"]),
        (
            f"groups: [{{namePrefix: {'a' * 62}, count: 10}}]",
            [f"groups[0]: namePrefix: {'a' * 62}10: must be no more than 63 characters"],
        ),
        ("groups: [{labels: {kubernetes.io/hostname: x}}]", ["groups[0].labels: kubernetes.io/hostname: is the node's own"]),
        ("groups: [{taints: [{key: a, effect: Never}]}]", ["groups[0].taints[0].effect: Unsupported value: 'Never': supported values: "]),
        ("groups: [{taints: ['a=b']}]", ["groups[0].taints[0]: invalid taint spec: a=b, expected key=value:Effect or key:Effect"]),
        ("groups: [{}, {}]", ["groups[1].namePrefix: orrery-worker is there twice"]),
        ("groups: [", ["while parsing a flow node"]),
        ("groups: [{count: -1}]\ncolour: red", ["groups[0].count: ", "colour: unknown field"]),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, lines: list[str]) -> None:
    told = read(tmp_path, text)

    assert len(told) == len(lines)
    assert all(line.startswith(wanted) for line, wanted in zip(told, lines, strict=True)), told


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NodesUnusable, match="No such file or directory"):
        read_nodes(tmp_path / "none.yaml")
