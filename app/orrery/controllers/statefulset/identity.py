"""Who a Pod of a StatefulSet is: its ordinal, its name and host name, the claims that are its own. Pure values.

Upstream: stateful_set_utils.go.
"""

from collections.abc import Sequence
from typing import Final

from orrery.controllers.engine.ownership import new_controller_reference
from orrery.controllers.pods import new_pod
from orrery.controllers.revisions.snapshot import template_of
from orrery.machinery.objects import FrozenObject, Object, labels_of, name_of, namespace_of, thaw

POD_NAME: Final = "statefulset.kubernetes.io/pod-name"
POD_INDEX: Final = "apps.kubernetes.io/pod-index"
REVISION: Final = "controller-revision-hash"
NO_ORDINAL: Final = -1
_ORDINAL_MAX: Final = 2**31 - 1


def parent_and_ordinal(pod_name: str) -> tuple[str, int]:
    """`web-2` is ordinal 2 of `web`; what is not named so has no parent and ordinal -1."""
    parent, dash, digits = pod_name.rpartition("-")
    if not dash or not (digits.isascii() and digits.isdecimal()):
        return "", NO_ORDINAL
    ordinal = int(digits)
    return parent, ordinal if ordinal <= _ORDINAL_MAX else NO_ORDINAL


def ordinal_of(pod: FrozenObject) -> int:
    return parent_and_ordinal(name_of(pod))[1]


def ordinals_of(statefulset: FrozenObject) -> range:
    """The ordinals its Pods should have."""
    spec = statefulset["spec"]
    start = int((spec.get("ordinals") or {}).get("start", 0))
    return range(start, start + int(spec["replicas"]))


def is_member(pod: FrozenObject, statefulset: FrozenObject) -> bool:
    """Whether the Pod's name makes it one of this StatefulSet."""
    return parent_and_ordinal(name_of(pod))[0] == name_of(statefulset)


def revision_of(pod: FrozenObject) -> str:
    """The name of the ControllerRevision the Pod was made from."""
    return labels_of(pod).get(REVISION, "")


def reference_to(statefulset: FrozenObject) -> Object:
    return new_controller_reference(statefulset, api_version="apps/v1", kind="StatefulSet")


def new_stateful_pod(statefulset: FrozenObject, revision: FrozenObject, ordinal: int) -> Object:
    """The Pod of that ordinal as the revision's template wants it."""
    pod = new_pod(template_of(revision), statefulset, reference_to(statefulset))
    name = f"{name_of(statefulset)}-{ordinal}"
    pod["metadata"]["name"] = name
    labels = pod["metadata"].setdefault("labels", {})
    labels |= {POD_NAME: name, POD_INDEX: str(ordinal), REVISION: name_of(revision)}
    pod["spec"] = {**pod["spec"], "hostname": name}
    if service := statefulset["spec"].get("serviceName"):
        pod["spec"]["subdomain"] = service
    if volumes := claimed_volumes(statefulset, pod):
        pod["spec"]["volumes"] = volumes
    return pod


def has_identity(pod: FrozenObject) -> bool:
    """Whether a member still says who it is."""
    return labels_of(pod).get(POD_NAME) == name_of(pod)


def give_identity(pod: Object) -> bool:
    """Put the labels of its identity on a Pod; whether anything changed."""
    labels = pod["metadata"].setdefault("labels", {})
    wanted = {POD_NAME: name_of(pod), POD_INDEX: str(ordinal_of(pod))}
    if wanted.items() <= labels.items():
        return False
    labels |= wanted
    return True


def claim_templates(statefulset: FrozenObject) -> Sequence[FrozenObject]:
    return statefulset["spec"].get("volumeClaimTemplates") or ()


def claim_name(statefulset: FrozenObject, template: FrozenObject, ordinal: int) -> str:
    """`data-web-0`."""
    return f"{name_of(template)}-{name_of(statefulset)}-{ordinal}"


def new_claims(statefulset: FrozenObject, ordinal: int) -> list[Object]:
    """The claims of that ordinal as its templates want them, with the labels the selector asks for."""
    claims = []
    selected = (statefulset["spec"].get("selector") or {}).get("matchLabels") or {}
    for template in claim_templates(statefulset):
        claim = thaw(template)
        metadata = claim["metadata"]
        metadata |= {"name": claim_name(statefulset, template, ordinal), "namespace": namespace_of(statefulset)}
        if labels := {**(metadata.get("labels") or {}), **selected}:
            metadata["labels"] = labels
        claims.append({**claim, "apiVersion": "v1", "kind": "PersistentVolumeClaim"})
    return claims


def claimed_volumes(statefulset: FrozenObject, pod: FrozenObject) -> list[Object]:
    """The Pod's volumes with those of the claim templates first; a volume of the same name gives way."""
    ordinal = ordinal_of(pod)
    made = [
        {"name": name_of(template), "persistentVolumeClaim": {"claimName": claim_name(statefulset, template, ordinal)}}
        for template in claim_templates(statefulset)
    ]
    taken = {volume["name"] for volume in made}
    return [*made, *(volume for volume in pod["spec"].get("volumes") or () if volume["name"] not in taken)]


def has_storage(statefulset: FrozenObject, pod: FrozenObject) -> bool:
    """Whether the Pod mounts every claim that is its own."""
    templates = claim_templates(statefulset)
    if not templates:
        return True
    ordinal = ordinal_of(pod)
    claimed = {
        volume["name"]: volume["persistentVolumeClaim"].get("claimName", "")
        for volume in pod["spec"].get("volumes") or ()
        if volume.get("persistentVolumeClaim")
    }
    return all(claimed.get(name_of(template)) == claim_name(statefulset, template, ordinal) for template in templates)
