"""Words of our own for the types that every kind shares, for when the installed package has none.

# DIFFERS: upstream explains ObjectMeta, Quantity and their like at length; we are short, unless kubernetes-validate is installed.
"""

from collections.abc import Mapping
from typing import Final

_META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1."
_API_VERSION: Final = "The API group and version in which the object is written."
_KIND: Final = "The kind of object, in CamelCase."
_METRICS: Final = "io.k8s.metrics.pkg.apis.metrics.v1beta1."
_TIMES: Final = {"timestamp": "When the window was over.", "window": "The time over which usage was measured."}
_USAGE: Final = {"usage": "Processor time in cores, and the working set of memory in bytes."}
_TYPE_META: Final = {"apiVersion": _API_VERSION, "kind": _KIND}

META_TEXTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    _META + "ObjectMeta": (
        "What every stored object has: its name and place, its labels, its owners and its history.",
        {
            "annotations": "Notes of people and tools on the object. Nothing selects by them.",
            "creationTimestamp": "When the object was created. Set by the server.",
            "deletionGracePeriodSeconds": "How many seconds the object may take to end. Set by the server when it is deleted.",
            "deletionTimestamp": "When the object will be gone at the latest. Set by the server when it is deleted.",
            "finalizers": "Who must still act before a deleted object goes. It stays until the list is empty.",
            "generateName": "The beginning of a name that the server completes, when no name is given.",
            "generation": "Counts changes of the wanted state. Set by the server.",
            "labels": "Keys and values by which objects are organized and selected.",
            "managedFields": "Who wrote which fields last. Kept by the server.",
            "name": "The name, unique among the objects of its kind in its namespace. Cannot be changed.",
            "namespace": "The namespace the object lives in; empty for objects of the cluster. Cannot be changed.",
            "ownerReferences": "The objects this one depends on. When all of them are gone, it is collected.",
            "resourceVersion": "The version of the object as the server stored it. Send it back to write only what you have read.",
            "selfLink": "Not set any more.",
            "uid": "Unique over all time. Set by the server.",
        },
    ),
    _META + "OwnerReference": (
        "Names an owner in the same namespace, or one of the cluster.",
        {
            "apiVersion": "The API version of the owner.",
            "blockOwnerDeletion": "Whether a foreground deletion of the owner waits for this object.",
            "controller": "Whether the owner is the controller that manages this object.",
            "kind": "The kind of the owner.",
            "name": "The name of the owner.",
            "uid": "The UID of the owner.",
        },
    ),
    _META + "ListMeta": (
        "What every list has.",
        {
            "continue": "The token that asks for the rest of a list which was cut by limit.",
            "remainingItemCount": "How many objects follow, where the server knows it.",
            "resourceVersion": "The version of the store that the list shows; a watch from there misses nothing.",
            "selfLink": "Not set any more.",
        },
    ),
    _META + "DeleteOptions": (
        "How to delete an object.",
        _TYPE_META
        | {
            "dryRun": "With All everything is checked, and nothing is deleted.",
            "gracePeriodSeconds": "How long the object may take to end; 0 is at once.",
            "ignoreStoreReadErrorWithClusterBreakingPotential": "Whether to delete an object that cannot be read any more.",
            "orphanDependents": "Deprecated, use propagationPolicy. Whether dependents stay.",
            "preconditions": "What must be true of the object for it to be deleted.",
            "propagationPolicy": "What becomes of dependents: Orphan, Background or Foreground.",
        },
    ),
    _META + "Preconditions": (
        "What must be true of an object for a change to happen.",
        {"resourceVersion": "The resourceVersion it must have.", "uid": "The UID it must have."},
    ),
    _META + "Status": (
        "The answer of a call that returns no object.",
        _TYPE_META
        | {
            "code": "The HTTP status code.",
            "details": "What the answer is about.",
            "message": "The answer in words.",
            "metadata": "Metadata of lists.",
            "reason": "Why the call failed, in one CamelCase word.",
            "status": "Success or Failure.",
        },
    ),
    _META + "StatusDetails": (
        "What a Status is about.",
        {
            "causes": "Every single cause of a failure.",
            "group": "The group of the resource.",
            "kind": "The resource.",
            "name": "The name of the object.",
            "retryAfterSeconds": "How long to wait before another try.",
            "uid": "The UID of the object.",
        },
    ),
    _META + "StatusCause": (
        "One cause of a failure.",
        {"field": "The field that is wrong.", "message": "What is wrong, in words.", "reason": "What is wrong, in one word."},
    ),
    _META + "WatchEvent": (
        "One event of a watch.",
        {"object": "The object after the change; for DELETED the object before it, for ERROR a Status.", "type": "What happened."},
    ),
    _META + "Time": ("A time as RFC 3339 writes it, such as 2026-01-02T03:04:05Z.", {}),
    _META + "MicroTime": ("A time as RFC 3339 writes it, with microseconds.", {}),
    _META + "Duration": ("A span of time, such as 1h30m.", {}),
    _META + "FieldsV1": ("A set of fields, as a tree.", {}),
    _META + "Patch": ("A change to an object; the content type says in which of the forms.", {}),
    "io.k8s.apimachinery.pkg.api.resource.Quantity": (
        "A number with an optional suffix: 500m is a half, 1k a thousand, 1Ki is 1024; so are M, G, T, P, E and Mi, Gi, Ti, Pi, Ei.",
        {},
    ),
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": ("A number, or a string such as a percentage or the name of a port.", {}),
    "io.k8s.apimachinery.pkg.runtime.RawExtension": ("Any object.", {}),
    "io.k8s.apimachinery.pkg.version.Info": ("The version of the server.", {}),
    "io.k8s.api.autoscaling.v1.Scale": (
        "How many replicas a resource has and shall have.",
        _TYPE_META | {"metadata": "Name and place.", "spec": "What is wanted.", "status": "What is."},
    ),
    "io.k8s.api.autoscaling.v1.ScaleSpec": ("How many replicas are wanted.", {"replicas": "The wanted number."}),
    "io.k8s.api.autoscaling.v1.ScaleStatus": (
        "How many replicas there are.",
        {"replicas": "The number there is.", "selector": "The labels of the Pods, as a selector in a query."},
    ),
    "io.k8s.api.policy.v1.Eviction": (
        "Asks a Pod to leave its node, where disruption budgets allow it.",
        _TYPE_META | {"deleteOptions": "How to delete the Pod.", "metadata": "The Pod to evict."},
    ),
    "io.k8s.api.authentication.v1.TokenRequest": (
        "Asks for a token of a ServiceAccount.",
        _TYPE_META | {"metadata": "Name and place.", "spec": "What is asked for.", "status": "The token."},
    ),
    _METRICS + "NodeMetrics": ("What a node uses.", _TYPE_META | _TIMES | _USAGE | {"metadata": "The node."}),
    _METRICS + "NodeMetricsList": ("What nodes use.", _TYPE_META | {"items": "One for each node.", "metadata": "Of the list."}),
    _METRICS + "PodMetrics": (
        "What the containers of a Pod use.",
        _TYPE_META | _TIMES | {"containers": "All that run, measured in the same window.", "metadata": "The Pod."},
    ),
    _METRICS + "PodMetricsList": ("What Pods use.", _TYPE_META | {"items": "One for each Pod.", "metadata": "Of the list."}),
    _METRICS + "ContainerMetrics": ("What a container uses.", _USAGE | {"name": "The container."}),
}
