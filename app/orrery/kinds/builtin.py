"""The catalogue of built-in kinds: the recorded table of what is served, joined with behaviours, columns and conversions.

The table under `openapi/` is what a real server's discovery answered; `behaviours` and `columns` are this room's own.
"""

from typing import Any

import orjson

from orrery.kinds.behaviours import BEHAVIOURS
from orrery.kinds.catalogue import Catalogue
from orrery.kinds.columns import COLUMNS
from orrery.kinds.kind import Behaviour, Kind, Subresource
from orrery.machinery.assets import asset


def builtin() -> Catalogue:
    """Every kind of the stable built-in groups of Kubernetes 1.35, in discovery's order."""
    rows = orjson.loads(asset("openapi/kubernetes-1.35.kinds.json").read_bytes())
    return Catalogue(_kind(row) for row in rows)


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
