"""Volume topology: where a Pod's volumes are or can be, and what has to be bound to them before the Pod is.

Follows upstream's plugins VolumeRestrictions (ReadWriteOncePod), VolumeBinding and VolumeZone. Claims of classes that wait for their
first consumer are decided here together with the node: a volume that is free is set aside for the claim, or the claim is marked with
the node its volume is to be made for. The binder and the provisioner do the rest; the Pod is bound once its claims are.
"""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from orrery.controllers.engine.controller import key_of_object
from orrery.controllers.engine.informer import Change
from orrery.controllers.engine.ownership import is_controlled_by
from orrery.controllers.scheduler.cluster import Cluster
from orrery.controllers.scheduler.nodes import NodeView
from orrery.controllers.scheduler.places import is_allowed, is_in_zone, is_reachable
from orrery.controllers.scheduler.refusals import VOLUME_BINDING, VOLUME_RESTRICTIONS, Refusal
from orrery.controllers.volumes.annotations import CLAIMS, CLASSES, NO_PROVISIONER, SELECTED_NODE, VOLUMES
from orrery.controllers.volumes.ephemeral import not_owned_message
from orrery.controllers.volumes.index import ClaimUsers, VolumeIndex
from orrery.controllers.volumes.matching import class_of, delays_binding, find_match, is_fully_bound, request_of
from orrery.controllers.volumes.writes import edit_reserve
from orrery.machinery.errors import Conflict
from orrery.machinery.objects import FrozenObject, Object, annotations_of, is_deleting, name_of, namespace_of, uid_of
from orrery.machinery.quantities import parse
from orrery.verbs.client import Client

Edit: TypeAlias = Callable[[Object], bool]

BIND_TIMEOUT_S: Final = 600.0
UNBOUND: Final = "pod has unbound immediate PersistentVolumeClaims"

_IN_USE: Final = Refusal(
    ("node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",),
    resolvable=True,
    plugin=VOLUME_RESTRICTIONS,
)
_NO_VOLUME: Final = "node(s) didn't find available persistent volumes to bind"
_ELSEWHERE: Final = "node(s) didn't match PersistentVolume's node affinity"
_GONE: Final = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
_OTHER_ZONE: Final = Refusal(("node(s) had no available volume zone",), plugin=VOLUME_BINDING)


class VolumeProblem(Exception):
    """The Pod cannot go anywhere because of a claim; the message is upstream's."""


@dataclass(slots=True)
class VolumePlan:
    """What one Pod needs written before it may be bound to `node`."""

    pod_key: str
    node: str
    bindings: list[tuple[FrozenObject, FrozenObject]] = field(default_factory=list)
    """Volumes and the claims they are set aside for."""
    provisions: list[FrozenObject] = field(default_factory=list)
    """Claims whose volumes are to be made."""

    @property
    def claims(self) -> list[FrozenObject]:
        return [*(claim for _, claim in self.bindings), *self.provisions]

    @property
    def is_empty(self) -> bool:
        return not self.bindings and not self.provisions


class VolumeTopology:
    """What the scheduler knows of volumes; `see_*` take in events, `of` looks at one Pod."""

    def __init__(self, client: Client, cluster: Cluster) -> None:
        self.client = client
        self._cluster = cluster
        self.index = VolumeIndex(client)
        self._users = ClaimUsers()
        self.assumed_claims: dict[str, str] = {}
        """Claims that are being decided, and for which node."""
        self.assumed_volumes: dict[str, str] = {}
        """Volumes that are being set aside, and for which claim."""
        self._waiting: dict[str, set[str]] = {}

    def see_volume(self, change: Change) -> Iterable[str]:
        """Also whom it wakes: the Pods that wait for a claim this volume was set aside for."""
        self.index.see(change)
        claim = self.assumed_volumes.get(change.name)
        return self.woken_by(claim) if claim is not None else ()

    def see_pod(self, change: Change) -> None:
        self._users.see(change)

    def of(self, pod: FrozenObject) -> "PodVolumes":
        """The Pod's claims sorted; VolumeProblem when there is no use in looking at nodes."""
        return _sorted_claims(pod, self)

    def users_of(self, claim: FrozenObject, pod: FrozenObject) -> set[str]:
        """The other Pods that mount the claim and have a node, or were promised one and are no less important.

        Upstream asks only who has a node, but tries the one that preempted before all others; here several are tried at a time.
        """
        own, priority = key_of_object(pod), pod["spec"].get("priority") or 0
        others = (key for key in self._users.of(key_of_object(claim)) if key != own)
        return {key for key in others if self._cluster.node_of(key) or self._cluster.is_promised(key, priority)}

    def woken_by(self, claim_key: str) -> Iterable[str]:
        """Pods that wait for this claim to be bound."""
        return sorted(self._waiting.get(claim_key, ()))

    def mounting(self, claim_key: str) -> Iterable[str]:
        """Pods that mount the claim and have not ended."""
        return self._users.of(claim_key)

    # Before the Pod is bound.

    async def begin(self, plan: VolumePlan) -> None:
        """Write what was decided; it counts at once, before it is written."""
        for volume, claim in plan.bindings:
            self.assumed_volumes[name_of(volume)] = key_of_object(claim)
        for claim in plan.claims:
            self.assumed_claims[key_of_object(claim)] = plan.node
            self._waiting.setdefault(key_of_object(claim), set()).add(plan.pod_key)
        for volume, claim in plan.bindings:
            await self.client.change(VOLUMES, "", name_of(volume), _reserving(claim))
        for claim in plan.provisions:
            await self.client.change(CLAIMS, namespace_of(claim), name_of(claim), _selecting(claim, plan.node))

    def end(self, plan: VolumePlan) -> None:
        """Nobody waits for it any more."""
        for volume, _ in plan.bindings:
            self.assumed_volumes.pop(name_of(volume), None)
        for claim in plan.claims:
            key = key_of_object(claim)
            pods = self._waiting.get(key, set())
            pods.discard(plan.pod_key)
            if not pods:
                self._waiting.pop(key, None)
                self.assumed_claims.pop(key, None)

    def is_done(self, plan: VolumePlan, node: NodeView) -> bool:
        """Whether all claims are bound; VolumeProblem when that will not happen any more."""
        done = True
        for volume, claim in plan.bindings:
            now = self.client.get(VOLUMES, "", name_of(volume))
            if now is None:
                raise VolumeProblem(f'failed to check binding: persistentvolume "{name_of(volume)}" not found')
            if not (now["spec"].get("claimRef") or {}).get("uid"):
                raise VolumeProblem(f'ClaimRef got reset for pv "{name_of(volume)}"')
            done = is_fully_bound(self._claim_now(claim)) and done
        for claim in plan.provisions:
            now = self._claim_now(claim)
            if annotations_of(now).get(SELECTED_NODE) != plan.node:
                raise VolumeProblem(f'provisioning failed for PVC "{name_of(claim)}"')
            self._check_place(now, node)
            done = is_fully_bound(now) and done
        return done

    def _claim_now(self, claim: FrozenObject) -> FrozenObject:
        now = self.client.get(CLAIMS, namespace_of(claim), name_of(claim))
        if now is None or uid_of(now) != uid_of(claim):
            raise VolumeProblem(f'failed to check provisioning pvc: persistentvolumeclaim "{name_of(claim)}" not found')
        return now

    def _check_place(self, claim: FrozenObject, node: NodeView) -> None:
        name = claim["spec"].get("volumeName")
        volume = self.client.get(VOLUMES, "", name) if name else None
        if volume is not None and not is_reachable(volume, node):
            raise VolumeProblem(f'pv "{name}" node affinity doesn\'t match node "{node.name}": no matching NodeSelectorTerms')


def _reserving(claim: FrozenObject) -> Edit:
    return lambda draft: edit_reserve(draft, claim)


def _selecting(claim: FrozenObject, node: str) -> Edit:
    def edit(draft: Object) -> bool:
        if uid_of(draft) != uid_of(claim) or draft["spec"].get("volumeName"):
            raise Conflict(CLAIMS, name_of(claim), "the claim was bound or replaced meanwhile")
        if annotations_of(draft).get(SELECTED_NODE) == node:
            return False
        draft["metadata"]["annotations"] = {**annotations_of(draft), SELECTED_NODE: node}
        return True

    return edit


class PodVolumes:
    """One Pod's claims: asked for every node, then for the plan of the chosen one."""

    def __init__(self, topology: VolumeTopology, pod_key: str) -> None:
        self._topology = topology
        self._pod_key = pod_key
        self.bound: list[FrozenObject] = []
        """Volumes behind its bound claims."""
        self.has_lost_volume = False
        self.keepers: set[str] = set()
        """Other Pods that have a claim to themselves that this one mounts."""
        self.undecided: list[FrozenObject] = []
        """Claims that wait for a node, the smallest first."""
        self._found: dict[str, tuple[list[FrozenObject], FrozenObject | None]] = {}

    def refuse(self, node: NodeView, gone: AbstractSet[str] = frozenset()) -> Refusal | None:
        """Why the volumes keep the Pod off the node, if the Pods in `gone` were not there."""
        if self.keepers - gone:
            return _IN_USE
        reasons = [_ELSEWHERE] if not all(is_reachable(volume, node) for volume in self.bound) else []
        if self.undecided and self._plan(node) is None:
            reasons.append(_NO_VOLUME)
        if self.has_lost_volume:
            reasons.append(_GONE)
        if reasons:
            return Refusal(tuple(reasons), plugin=VOLUME_BINDING)
        return None if all(is_in_zone(volume, node) for volume in self.bound) else _OTHER_ZONE

    def plan(self, node: NodeView) -> VolumePlan:
        """What is to be written for a node that was not refused."""
        plan = self._plan(node)
        assert plan is not None, "a refused node was chosen"
        return plan

    def _plan(self, node: NodeView) -> VolumePlan | None:
        """None when a claim finds no volume and none can be made."""
        topology, plan = self._topology, VolumePlan(self._pod_key, node.name)
        chosen: set[str] = set()
        for claim in self.undecided:
            key = key_of_object(claim)
            selected = topology.assumed_claims.get(key) or annotations_of(claim).get(SELECTED_NODE)
            if selected and selected != node.name:
                return None
            candidates, storage_class = self._choice(claim, key)
            volume = None if selected else _match(claim, candidates, node, chosen)
            if volume is not None:
                chosen.add(name_of(volume))
                plan.bindings.append((volume, claim))
            elif storage_class is not None and _can_be_made(storage_class, node):
                plan.provisions.append(claim)
            else:
                return None
        return plan

    def _choice(self, claim: FrozenObject, key: str) -> tuple[list[FrozenObject], FrozenObject | None]:
        """The volumes the claim may get and its class; looked up once for all nodes."""
        found = self._found.get(key)
        if found is None:
            topology = self._topology
            volumes = [one for one in topology.index.candidates(claim) if topology.assumed_volumes.get(name_of(one), key) == key]
            found = self._found[key] = (volumes, topology.client.get(CLASSES, "", class_of(claim)))
        return found


def _match(claim: FrozenObject, candidates: Sequence[FrozenObject], node: NodeView, chosen: set[str]) -> FrozenObject | None:
    if not candidates:
        return None
    return find_match(claim, candidates, fits=lambda volume: is_reachable(volume, node), excluded=chosen)


def _can_be_made(storage_class: FrozenObject, node: NodeView) -> bool:
    if storage_class["provisioner"] in ("", NO_PROVISIONER):
        return False
    return is_allowed(storage_class.get("allowedTopologies") or (), node)


def _sorted_claims(pod: FrozenObject, topology: VolumeTopology) -> PodVolumes:
    made, client = PodVolumes(topology, key_of_object(pod)), topology.client
    unbound = False
    for volume in pod["spec"].get("volumes") or ():
        claim = _claim_of(pod, volume, client)
        if claim is None:
            continue
        if "ReadWriteOncePod" in (claim["spec"].get("accessModes") or ()):
            made.keepers |= topology.users_of(claim, pod)
        if is_fully_bound(claim):
            found = client.get(VOLUMES, "", claim["spec"]["volumeName"])
            made.has_lost_volume = made.has_lost_volume or found is None
            made.bound += [found] if found is not None else []
        elif delays_binding(claim, client) and not claim["spec"].get("volumeName"):
            made.undecided.append(claim)
        else:
            unbound = True
    if unbound:
        raise VolumeProblem(UNBOUND)
    made.undecided.sort(key=lambda claim: parse(request_of(claim)).nano)
    return made


def _claim_of(pod: FrozenObject, volume: FrozenObject, client: Client) -> FrozenObject | None:
    """The claim behind a volume; VolumeProblem when it is not there or not to be used."""
    is_ephemeral = volume.get("ephemeral") is not None
    source = volume.get("persistentVolumeClaim")
    if source is None and not is_ephemeral:
        return None
    name = f"{name_of(pod)}-{volume['name']}" if is_ephemeral else str((source or {}).get("claimName", ""))
    claim = client.get(CLAIMS, namespace_of(pod), name)
    if claim is None:
        if is_ephemeral:
            raise VolumeProblem(f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"')
        raise VolumeProblem(f'persistentvolumeclaim "{name}" not found')
    if (claim.get("status") or {}).get("phase") == "Lost":
        volume_name = claim["spec"].get("volumeName", "")
        raise VolumeProblem(f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{volume_name}"')
    if is_deleting(claim):
        raise VolumeProblem(f'persistentvolumeclaim "{name}" is being deleted')
    if is_ephemeral and not is_controlled_by(claim, pod):
        raise VolumeProblem(not_owned_message(pod, claim))
    return claim
