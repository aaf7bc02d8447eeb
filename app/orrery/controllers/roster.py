"""Which controllers there are, and the name under which each speaks: kube-controller-manager, the scheduler, and what a cloud runs.

The composition root brings what they share (`Ground`); everything else they find in API objects.
"""

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from orrery.controllers.autoscaling import HorizontalController
from orrery.controllers.cronjob import CronJobController
from orrery.controllers.daemonset import DaemonSetController
from orrery.controllers.deployment import DeploymentController
from orrery.controllers.disruption import DisruptionController, StaleDisruptionController
from orrery.controllers.engine.controller import Controller
from orrery.controllers.engine.runner import Runner
from orrery.controllers.garbage_collector import GarbageCollector
from orrery.controllers.job import JobController, JobFinalizerController
from orrery.controllers.namespaces import NamespaceController, RootCertificateController, ServiceAccountController
from orrery.controllers.nodes import NodeLifecycleController, NodeTtlController, TaintEvictionController
from orrery.controllers.pod_gc import PodGcController
from orrery.controllers.protection import ClaimProtection, ClassProtection, ServiceCidrController, VolumeProtection
from orrery.controllers.quota import ResourceQuotaController
from orrery.controllers.replicaset import new_replicaset_controller, new_replication_controller
from orrery.controllers.roles import RoleAggregationController
from orrery.controllers.scheduler import SchedulerController
from orrery.controllers.services import (
    EndpointsController,
    EndpointSliceController,
    EndpointSliceMirroringController,
    KubernetesServiceController,
    LoadBalancerController,
)
from orrery.controllers.serving import ApiServiceController, DefinitionController, FlowSchemaController
from orrery.controllers.statefulset import StatefulSetController
from orrery.controllers.tokens import TokenSecretController
from orrery.controllers.ttl_after_finished import TtlAfterFinishedController
from orrery.controllers.volumes import (
    MODIFIER,
    PROVISIONER,
    RESIZER,
    AttachDetachController,
    BinderController,
    EphemeralVolumeController,
    ExpandController,
    ModifyController,
    ProvisionerController,
)
from orrery.kinds.catalogue import Catalogue
from orrery.machinery.objects import GroupResource
from orrery.settings import Settings
from orrery.verbs.account_tokens import Sign
from orrery.verbs.client import Client
from orrery.verbs.quota_ledger import QuotaLedger
from orrery.verbs.recorder import EventRecorder, Style
from orrery.verbs.usage import UsageSource

SCHEDULER: Final = "default-scheduler"
_HOST: Final = "control-plane"
"""Where the scheduler runs: its Events name their host, as those of no other component do."""


class NewRecorder(Protocol):
    """Makes the voice of a component: its Events name it, and its host where it has one."""

    def __call__(self, client: Client, component: str, host: str = "", *, style: Style = "core") -> EventRecorder: ...


@dataclass(frozen=True, slots=True)
class Ground:
    """What controllers stand on."""

    settings: Settings
    catalogue: Catalogue
    quotas: QuotaLedger
    usage: UsageSource
    """What containers and nodes use."""
    sign: Sign
    """Signs tokens of ServiceAccounts."""
    certificate: Callable[[], str]
    """The cluster's authority, as PEM."""
    api_address: str
    """Where the API stands in the simulated network."""
    new_client: Callable[[str], Client]
    new_recorder: NewRecorder


_QUIET: Final[Sequence[Callable[[Client], Controller]]] = (
    ApiServiceController,
    ClaimProtection,
    ClassProtection,
    DefinitionController,
    FlowSchemaController,
    JobFinalizerController,
    NodeTtlController,
    RoleAggregationController,
    ServiceCidrController,
    StaleDisruptionController,
    TtlAfterFinishedController,
    VolumeProtection,
)
"""Those that need nothing but a client, and tell no Events."""

_TELLING: Final[dict[str, Callable[[Client, EventRecorder], Controller]]] = {
    "replicaset-controller": new_replicaset_controller,
    "deployment-controller": DeploymentController,
    "replication-controller": new_replication_controller,
    "statefulset-controller": StatefulSetController,
    "daemonset-controller": DaemonSetController,
    "cronjob-controller": CronJobController,
    "node-controller": NodeLifecycleController,
    "taint-eviction-controller": TaintEvictionController,
    "controllermanager": DisruptionController,
    "endpoint-slice-mirroring-controller": EndpointSliceMirroringController,
    "persistentvolume-controller": BinderController,
    "ephemeral_volume": EphemeralVolumeController,
    "attachdetach-controller": AttachDetachController,
    PROVISIONER: ProvisionerController,
    MODIFIER: ModifyController,
}
"""Those that need a voice besides, by the component their Events come from."""

_JOB_BATCH_S: Final = {"real": 1.0, "fast": 0.05}
"""How long events of a Job's Pods are gathered before it is looked at."""


def add_controllers(runner: Runner, ground: Ground) -> None:
    """Put all of them into `runner`, which starts them."""
    for component, new in _TELLING.items():
        client = ground.new_client(component)
        runner.add(new(client, ground.new_recorder(client, component)), client)
    for component, make in _with_more(ground).items():
        client = ground.new_client(component)
        runner.add(make(client), client)
    for plain in _QUIET:
        client = ground.new_client("kube-controller-manager")
        runner.add(plain(client), client)


def _with_more(ground: Ground) -> dict[str, Callable[[Client], Controller]]:
    """Those that need something else of the ground, by component."""
    settings, recorder = ground.settings, ground.new_recorder
    service_address = str(ipaddress.ip_network(settings.service_cidr)[1])
    return {
        "job-controller": lambda client: JobController(client, recorder(client, "job-controller"), batch_s=_JOB_BATCH_S[settings.pace]),
        "pod-garbage-collector": lambda client: PodGcController(client, ended_max=settings.terminated_pods_max),
        "garbage-collector-controller": lambda client: GarbageCollector(
            client, recorder(client, "garbage-collector-controller"), ground.catalogue
        ),
        "namespace-controller": lambda client: NamespaceController(client, namespaced_buckets(ground.catalogue)),
        "service-account-controller": ServiceAccountController,
        "root-ca-cert-publisher": lambda client: RootCertificateController(client, ground.certificate),
        "tokens-controller": lambda client: TokenSecretController(client, sign=ground.sign, certificate=ground.certificate),
        "horizontal-pod-autoscaler": lambda client: HorizontalController(
            client, recorder(client, "horizontal-pod-autoscaler"), catalogue=ground.catalogue, usage=ground.usage
        ),
        "resourcequota-controller": lambda client: ResourceQuotaController(client, ground.quotas),
        "endpoint-controller": EndpointsController,
        "endpointslice-controller": EndpointSliceController,
        "service-controller": lambda client: LoadBalancerController(
            client, recorder(client, "service-controller"), settings.load_balancer_cidr
        ),
        "kube-apiserver": lambda client: KubernetesServiceController(client, cluster_ip=service_address, address=ground.api_address),
        "volume_expand": lambda client: ExpandController(client, recorder(client, "volume_expand"), recorder(client, RESIZER)),
        SCHEDULER: lambda client: SchedulerController(client, recorder(client, SCHEDULER, _HOST, style="events")),
    }


def namespaced_buckets(catalogue: Catalogue) -> tuple[GroupResource, ...]:
    """What can lie in a namespace and be deleted from it."""
    return tuple(kind.bucket for kind in catalogue if kind.namespaced and kind.stored_as is None and "delete" in kind.verbs)
