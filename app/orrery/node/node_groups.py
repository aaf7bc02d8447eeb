"""What nodes a user wants: groups of alike ones, in a YAML file or in the options' words, checked field by field.

A field's errors are told in Kubernetes' own words. What becomes of a group is `machines.py`'s.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from orrery.machinery.names import is_dns1123_subdomain, is_label_key, is_label_value
from orrery.machinery.quantities import parse
from orrery.settings import Settings

WORKER: Final = "orrery-worker"
CONTROL_PLANE: Final = "orrery-control-plane"
NODES_MAX: Final = 1000
_NAME_MAX: Final = 63
_OWN_LABELS: Final = ("kubernetes.io/hostname", "kubernetes.io/os", "kubernetes.io/arch")


class NodesUnusable(Exception):
    """A file or an option gives no nodes; the message says where and why, a line for each fault."""


class Model(BaseModel):
    """Unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)


class Taint(Model):
    """Keeps Pods off that do not tolerate it."""

    key: str = Field(examples=["dedicated"])
    value: str = Field(default="", examples=["gpu"])
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = Field(examples=["NoSchedule"])

    @field_validator("key")
    @classmethod
    def _check_key(cls, key: str) -> str:
        return _checked(key, is_label_key)

    @field_validator("value")
    @classmethod
    def _check_value(cls, value: str) -> str:
        return _checked(value, is_label_value)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        """`key=value:Effect` or `key:Effect`, as kubectl taint takes it."""
        return taint_fields(given) if isinstance(given, str) else given


def taint_fields(text: str) -> dict[str, str]:
    """The fields of a taint as kubectl writes it; ValueError when it is none."""
    front, colon, effect = text.rpartition(":")
    if not colon or not front:
        raise ValueError(f"invalid taint spec: {text}, expected key=value:Effect or key:Effect")
    key, _, value = front.partition("=")
    return {"key": key, "value": value, "effect": effect}


class NodeLook(Model):
    """What a node is like."""

    capacity: dict[str, str] = Field(
        default_factory=dict,
        description="Resources of the node; those that are not named are as the options say. Extended resources are added.",
        examples=[{"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1"}],
    )
    labels: dict[str, str] = Field(default_factory=dict, description="Labels beyond those that every node has.", examples=[{"disk": "ssd"}])
    zone: str = Field(default="", description="The label topology.kubernetes.io/zone.", examples=["zone-a"])
    region: str = Field(default="", description="The label topology.kubernetes.io/region.", examples=["region-1"])
    taints: list[Taint] = Field(default_factory=list, description="Objects, or texts as kubectl taint takes them.")

    @field_validator("capacity", mode="before")
    @classmethod
    def _as_texts(cls, given: Any) -> Any:
        """YAML's numbers are quantities too."""
        if not isinstance(given, Mapping):
            return given
        return {
            key: str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value for key, value in given.items()
        }

    @field_validator("capacity")
    @classmethod
    def _check_capacity(cls, capacity: dict[str, str]) -> dict[str, str]:
        for name, amount in capacity.items():
            if name not in _RESOURCES and "/" not in name:
                raise ValueError(f"{name}: must be one of {', '.join(_RESOURCES)}, or an extended resource like example.com/name")
            if "/" in name and (problems := is_label_key(name)):
                raise ValueError(f"{name}: {problems[0]}")
            _check_amount(name, amount)
        return capacity

    @field_validator("labels")
    @classmethod
    def _check_labels(cls, labels: dict[str, str]) -> dict[str, str]:
        for key, value in labels.items():
            if problems := [*is_label_key(key), *is_label_value(value)]:
                raise ValueError(f"{key}: {problems[0]}")
            if key in _OWN_LABELS:
                raise ValueError(f"{key}: is the node's own")
        return labels

    @field_validator("taints")
    @classmethod
    def _check_taints(cls, taints: list[Taint]) -> list[Taint]:
        seen: set[tuple[str, str]] = set()
        for taint in taints:
            if (pair := (taint.key, taint.effect)) in seen:
                raise ValueError(f"{taint.key}:{taint.effect} is there twice")
            seen.add(pair)
        return taints

    @field_validator("zone", "region")
    @classmethod
    def _check_place(cls, place: str) -> str:
        return _checked(place, is_label_value)

    @property
    def every_label(self) -> dict[str, str]:
        places = {"topology.kubernetes.io/zone": self.zone, "topology.kubernetes.io/region": self.region}
        return {**{key: value for key, value in places.items() if value}, **self.labels}


class NodeGroup(NodeLook):
    """Some nodes that are alike but for their names."""

    count: Annotated[int, Field(strict=True, ge=0, le=NODES_MAX)] = Field(default=1, description="How many.", examples=[3])
    name_prefix: str = Field(default=WORKER, alias="namePrefix", description="Names are the prefix, then the prefix with 2, 3 …")

    @field_validator("name_prefix")
    @classmethod
    def _check_name(cls, name: str) -> str:
        return checked_name(name)

    @model_validator(mode="after")
    def _check_last_name(self) -> Self:
        last = numbered(self.name_prefix, self.count)
        if len(last) > _NAME_MAX:
            raise ValueError(f"namePrefix: {last}: must be no more than {_NAME_MAX} characters")
        return self

    def names(self) -> list[str]:
        """`orrery-worker`, `orrery-worker2` …, as kind numbers its workers."""
        return [numbered(self.name_prefix, index + 1) for index in range(self.count)]


class NodesFile(Model):
    """A file of groups."""

    control_plane: bool = Field(default=False, alias="controlPlane")
    """Whether there is a node for the control plane, too, as kind has one: nothing runs there unless it tolerates its taint."""
    groups: list[NodeGroup]

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        seen: set[str] = set()
        for index, group in enumerate(self.groups):
            for name in group.names():
                if name in seen or (name == CONTROL_PLANE and self.control_plane):
                    raise ValueError(f"groups[{index}].namePrefix: {name} is there twice")
                seen.add(name)
        if len(seen) > NODES_MAX:
            raise ValueError(f"groups: {len(seen)} nodes are more than {NODES_MAX}")
        return self

    def every_group(self) -> tuple[NodeGroup, ...]:
        return (*self.groups, *((control_plane(),) if self.control_plane else ()))


_RESOURCES: Final = ("cpu", "memory", "pods", "ephemeral-storage", "hugepages-1Gi", "hugepages-2Mi")


def numbered(prefix: str, number: int) -> str:
    """`orrery-worker` for 1, `orrery-worker2` for 2; prefixes that end in a digit get a dash."""
    return prefix if number == 1 else f"{prefix}{'-' if prefix[-1:].isdigit() else ''}{number}"


def control_plane() -> NodeGroup:
    """The control plane's own node, with the labels and the taint of kubeadm."""
    role = "node-role.kubernetes.io/control-plane"
    labels = {role: "", "node.kubernetes.io/exclude-from-external-load-balancers": ""}
    return NodeGroup(count=1, namePrefix=CONTROL_PLANE, labels=labels, taints=[Taint(key=role, effect="NoSchedule")])


def default_groups(settings: Settings) -> tuple[NodeGroup, ...]:
    """The nodes of a cluster nobody has said more about."""
    return (NodeGroup(count=settings.nodes),)


def capacity_of(look: NodeLook, settings: Settings) -> dict[str, str]:
    """What a node has: the options' amounts, and its own instead of them."""
    return {
        "cpu": settings.node_cpu,
        "ephemeral-storage": settings.node_ephemeral_storage,
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": settings.node_memory,
        "pods": str(settings.node_pods),
        **look.capacity,
    }


def checked_name(name: str) -> str:
    """A node's name; ValueError says what is wrong with it. It is also a host name and the value of a label."""
    if len(name) > _NAME_MAX:
        raise ValueError(f"must be no more than {_NAME_MAX} characters")
    return _checked(name, is_dns1123_subdomain)


def _checked(text: str, rule: Callable[[str], Iterable[str]]) -> str:
    for problem in rule(text):
        raise ValueError(problem)
    return text


def _check_amount(name: str, amount: str) -> None:
    try:
        quantity = parse(amount)
    except ValueError:
        raise ValueError(f"{name}: {amount!r} is not a quantity like 4, 500m or 16Gi") from None
    if quantity.nano < 0:
        raise ValueError(f"{name}: must be greater than or equal to 0")
    if (name == "pods" or "/" in name) and quantity.nano % 10**9:
        raise ValueError(f"{name}: must be an integer")


def read_nodes(path: Path) -> tuple[NodeGroup, ...]:
    """The groups of a YAML file; NodesUnusable names the file and each wrong field."""
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise NodesUnusable(f"{path}: {problem.strerror if isinstance(problem, OSError) else 'is not UTF-8'}") from problem
    except yaml.YAMLError as problem:
        raise NodesUnusable(f"{path}: {' '.join(str(problem).split())}") from problem
    try:
        return NodesFile.model_validate(data).every_group()
    except ValidationError as problem:
        lines = [f"{path}: {line}" for line in told(problem)]
        raise NodesUnusable("\n".join(lines)) from None


def told(problem: ValidationError) -> list[str]:
    """A line for each fault: the field's path, and what is wrong with it."""
    return [": ".join(part for part in (_place(error["loc"]), _fault(error)) if part) for error in problem.errors()]


def _place(loc: tuple[int | str, ...]) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text


def _fault(error: Mapping[str, Any]) -> str:
    kind, given = error["type"], error.get("input")
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "extra_forbidden":
        return "unknown field"
    if kind == "missing":
        return "Required value"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return "must be an object"
    if kind == "list_type":
        return "must be a list"
    if kind == "literal_error":
        return f"Unsupported value: {given!r}: supported values: {error['ctx']['expected']}"
    text = str(error["msg"])
    return f"Invalid value: {given!r}: {text[:1].lower()}{text[1:]}"
