"""The bodies of Orrery's own API, as its documentation shows them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from orrery.node.node_groups import WORKER, NodeLook, checked_name


class Model(BaseModel):
    """Unknown fields are errors: a misspelt `revison` must not roll back to somewhere else."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Revision(Model):
    """One entry of a Deployment's rollout history."""

    revision: int = Field(description="The number `kubectl rollout history` shows.", examples=[2])
    change_cause: str = Field(alias="changeCause", description="The annotation kubernetes.io/change-cause, empty without one.")
    replica_set: str = Field(alias="replicaSet", description="The ReplicaSet that holds this revision.", examples=["web-6f7d9c8b5"])
    replicas: int = Field(description="How many Pods it has now.", examples=[3])
    ready_replicas: int = Field(alias="readyReplicas", description="How many of them are ready.", examples=[3])
    created: str = Field(description="When the ReplicaSet was created (RFC 3339).", examples=["2026-01-02T03:04:05Z"])
    is_current: bool = Field(alias="isCurrent", description="Whether the Deployment's template is this one.")
    template: dict[str, Any] = Field(description="The Pod template, without the hash label that tells ReplicaSets apart.")


class Revisions(Model):
    """A Deployment's rollout history, oldest first."""

    deployment: str
    namespace: str
    items: list[Revision]


class Rollback(Model):
    """Which revision to go back to."""

    revision: int = Field(
        default=0, ge=0, strict=True, description="A revision of the history; 0 or absent is the one before the current.", examples=[1]
    )


class RolledBack(Model):
    """What a rollback did."""

    message: str = Field(examples=["deployment.apps/web rolled back"])
    rolled_back_to: int = Field(alias="rolledBackTo", description="The revision whose template the Deployment has now.", examples=[1])
    changed: bool = Field(description="False when the Deployment had that template already.")


class CatalogueImage(Model):
    """One image that containers of this server can run."""

    repository: str = Field(description="As in a Pod, without a tag.", examples=["nginx"])
    kind: str = Field(description="server, quiet server, shell, program, tool, script or Python; see docs/images.md.", examples=["server"])
    ports: list[int] = Field(description="Where its program listens.", examples=[[80]])
    tags: str = Field(description="Tags that exist, in short; empty when all do.", examples=["1.25.{0..5} | -alpine"])
    latest: str = Field(description="The version `latest` means, where tags are versions.", examples=["1.29.4"])
    source: str = Field(description="built in, lesson, or user.", examples=["built in"])


class CatalogueImages(Model):
    """All images a server knows, by name."""

    items: list[CatalogueImage]


class Amounts(Model):
    """Processor time and memory, as quantities."""

    cpu: str | None = Field(default=None, description="Cores; absent: as measured.", examples=["250m"])
    memory: str | None = Field(default=None, description="The working set; absent: as measured.", examples=["64Mi"])


class WantedUsage(Amounts):
    """What a Pod is to use from now on. Amounts of the Pod are shared by the containers that have none of their own."""

    containers: dict[str, Amounts] = Field(default_factory=dict, description="By container.")


class MeasuredUsage(Model):
    """What a container uses now."""

    cpu: str = Field(examples=["250m"])
    memory: str = Field(examples=["64Mi"])


class PodUsage(Model):
    """What was set for a Pod, and what it uses."""

    pod: str
    namespace: str
    wanted: dict[str, str] = Field(
        description="Its annotations under usage.orrery.dev/, without that prefix: cpu, memory, cpu.NAME, memory.NAME.",
        examples=[{"cpu": "250m"}],
    )
    now: dict[str, MeasuredUsage] | None = Field(description="By container; null until the Pod has run for a whole window of 15 seconds.")


class NewNodes(NodeLook):
    """Nodes to add: one of a name, or some of a prefix."""

    name: str = Field(default="", description="The node's name; without one, the first free number of the prefix.", examples=["gpu-1"])
    name_prefix: str = Field(default=WORKER, alias="namePrefix", description="What names begin with that are made up.")
    count: Annotated[int, Field(strict=True, ge=1, le=100)] = Field(default=1, description="How many; more than one have made-up names.")

    @field_validator("name", "name_prefix")
    @classmethod
    def _check_name(cls, name: str) -> str:
        return checked_name(name) if name else name


class NodeFailure(Model):
    """How a node fails."""

    how: Literal["crash", "kubelet"] = Field(
        default="crash",
        description="crash: the machine is off, and its Pods with it; kubelet: only the kubelet stops, containers go on unattended.",
    )


class NodeState(Model):
    """One node and the simulated machine behind it."""

    name: str = Field(examples=["orrery-worker"])
    status: str = Field(description="As `kubectl get nodes` shows it; Missing when somebody has deleted the Node.", examples=["Ready"])
    failure: str = Field(description="crash or kubelet while the machine is down, else empty.", examples=[""])
    address: str = Field(examples=["172.18.0.2"])
    pod_cidr: str = Field(alias="podCIDR", examples=["10.244.0.0/24"])
    zone: str = Field(examples=["zone-a"])
    pods: int = Field(description="How many Pods are bound to it.", examples=[7])
    capacity: dict[str, str] = Field(examples=[{"cpu": "4", "memory": "16Gi", "pods": "110"}])


class NodeList(Model):
    """Nodes, in the order they came."""

    items: list[NodeState]
