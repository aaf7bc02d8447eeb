"""The catalogue of built-in kinds: the recorded table of what is served, joined with behaviours, columns and conversions.

The table under `openapi/` is what a real server's discovery answered; `behaviours` and `columns` are this room's own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from orrery.kinds.behaviours import BEHAVIOURS
from orrery.kinds.catalogue import Catalogue
from orrery.kinds.cluster import event_conversion
from orrery.kinds.cluster.metrics import METRICS
from orrery.kinds.columns import COLUMNS
from orrery.kinds.kind import Behaviour, Kind, Subresource
from orrery.kinds.workloads import horizontalpodautoscaler_conversion
from orrery.machinery.assets import asset
from orrery.machinery.objects import FrozenObject, Object


@dataclass(frozen=True, slots=True)
class _Conversion:
    """Under which group, version and resource a kind is stored, and how to get there and back."""

    stored: tuple[str, str, str]
    to_storage: Callable[[Object], Object]
    from_storage: Callable[[FrozenObject], Object]
    default: Callable[[Object], None] | None = None
    """Defaults of the converted kind itself, where the behaviour of its resource is that of the stored version."""


def _default_min_replicas(obj: Object) -> None:
    obj.setdefault("spec", {}).setdefault("minReplicas", 1)


_CONVERSIONS: Final = {
    ("autoscaling", "v1", "horizontalpodautoscalers"): _Conversion(
        ("autoscaling", "v2", "horizontalpodautoscalers"),
        horizontalpodautoscaler_conversion.to_storage,
        horizontalpodautoscaler_conversion.from_storage,
        _default_min_replicas,
    ),
    ("events.k8s.io", "v1", "events"): _Conversion(("", "v1", "events"), event_conversion.to_storage, event_conversion.from_storage),
}


def builtin() -> Catalogue:
    """Every kind of the stable built-in groups of Kubernetes 1.35, in discovery's order, and those of metrics-server."""
    rows = orjson.loads(asset("openapi/kubernetes-1.35.kinds.json").read_bytes())
    kinds = {(row["group"], row["version"], row["resource"]): _kind(row) for row in rows}
    for place, conversion in _CONVERSIONS.items():
        kind = kinds[place]
        behaviour = kind.behaviour if conversion.default is None else replace(kind.behaviour, default=conversion.default)
        kinds[place] = replace(
            kind,
            behaviour=behaviour,
            stored_as=kinds[conversion.stored],
            to_storage=conversion.to_storage,
            from_storage=conversion.from_storage,
        )
    return Catalogue((*kinds.values(), *METRICS))


def _kind(row: dict[str, Any]) -> Kind:
    group, resource = row["group"], row["resource"]
    group_resource = f"{resource}.{group}" if group else resource
    return Kind(
        group,
        row["version"],
        row["kind"],
        resource,
        row["singular"],
        namespaced=row["namespaced"],
        verbs=tuple(row["verbs"]),
        short_names=tuple(row.get("short_names", ())),
        categories=tuple(row.get("categories", ())),
        subresources=tuple(_subresource(sub) for sub in row.get("subresources", ())),
        behaviour=BEHAVIOURS.get(group_resource, Behaviour()),
        columns=COLUMNS.get(group_resource, ()),
    )


def _subresource(row: dict[str, Any]) -> Subresource:
    return Subresource(row["name"], row["kind"], tuple(row["verbs"]), row.get("group", ""), row.get("version", ""))
