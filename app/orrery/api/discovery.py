"""What the server serves: /api, /apis and their documents, in upstream's legacy and aggregated (v2) forms.

Made from the catalogue, kept as bytes until it changes, in upstream's order of groups and versions.
# DIFFERS: upstream also writes discovery as protobuf; we write JSON and YAML.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import orjson

from orrery.api.negotiation import Format
from orrery.kinds.catalogue import Catalogue
from orrery.kinds.kind import Kind, Subresource
from orrery.machinery.objects import Object

GROUP_ORDER: Final = (
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "resource.k8s.io",
    "flowcontrol.apiserver.k8s.io",
)
"""Upstream's priorities of the built-in groups; others follow by name, and metrics-server's asks to be the last."""
_LAST: Final = "metrics.k8s.io"

AGGREGATED_TYPE: Final = "application/{};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_STORED_VERSIONS: Final = {
    ("storage.k8s.io", "VolumeAttributesClass"): "v1beta1",
    ("apiextensions.k8s.io", "CustomResourceDefinition"): "v1beta1",
}
"""Upstream still stores these in an older version, which the hash tells."""
_STAGES: Final = {"alpha": 0, "beta": 1, "": 2}


def version_rank(version: str) -> tuple[int, int, int]:
    """Sorts versions newest and most stable first when reversed: v2 before v1 before v1beta2 before v1alpha1."""
    digits = version[1:]
    for stage in ("alpha", "beta"):
        major, found, minor = digits.partition(stage)
        if found and major.isdigit() and minor.isdigit():
            return _STAGES[stage], int(major), int(minor)
    return (_STAGES[""], int(digits), 0) if digits.isdigit() else (-1, 0, 0)


class Discovery:
    """The documents, each made when first asked for."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._fingerprint: tuple[int, ...] = ()
        self._groups: dict[str, dict[str, list[Kind]]] = {}
        self._documents: dict[str, Object] = {}
        self._etags: dict[str, str] = {}

    def serves(self, group: str, version: str = "") -> bool:
        """Whether the group (and the version of it) exists; the core group is empty."""
        groups = self._current()
        return group in groups and (not version or version in groups[group])

    def paths(self) -> list[str]:
        """The paths under /api and /apis that `/` lists."""
        found = ["/api", "/apis", "/apis/"]
        for group, versions in self._current().items():
            if group:
                found.append(f"/apis/{group}")
            found += [f"/apis/{group}/{version}" if group else f"/api/{version}" for version in versions]
        return found

    def api_versions(self, host: str) -> Object:
        addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": host}]
        return {"kind": "APIVersions", "versions": list(self._current()[""]), "serverAddressByClientCIDRs": addresses}

    def group_list(self) -> Object:
        """APIGroupList, for /apis."""
        return self._document(
            "/apis",
            lambda: {
                "kind": "APIGroupList",
                "apiVersion": "v1",
                "groups": [_group(group, list(versions)) for group, versions in self._current().items() if group],
            },
        )

    def group(self, group: str) -> Object:
        """APIGroup, for /apis/GROUP."""
        versions = list(self._current()[group])
        return self._document(group, lambda: {"kind": "APIGroup", "apiVersion": "v1", **_group(group, versions)})

    def resources(self, group: str, version: str) -> Object:
        """APIResourceList, for /api/VERSION and /apis/GROUP/VERSION."""
        kinds = self._current()[group][version]
        group_version = f"{group}/{version}" if group else version
        head: Object = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version}
        if not group:
            del head["apiVersion"]  # Upstream leaves it out for the core group only.
        return self._document(group_version, lambda: {**head, "resources": [row for kind in kinds for row in _resource_rows(kind)]})

    def aggregated(self, *, core: bool) -> tuple[Object, str]:
        """APIGroupDiscoveryList for /api (`core`) or /apis, and its ETag with the quotes."""
        key = "aggregated /api" if core else "aggregated /apis"
        document = self._document(key, lambda: self._aggregate(core=core))
        if key not in self._etags:
            self._etags[key] = f'"{hashlib.sha512(orjson.dumps(document)).hexdigest().upper()}"'
        return document, self._etags[key]

    def _aggregate(self, *, core: bool) -> Object:
        groups = [(group, versions) for group, versions in self._current().items() if (group == "") == core]
        items = [
            {
                "metadata": {"name": group} if group else {},
                "versions": [
                    {"version": version, "resources": [_aggregated_resource(kind) for kind in kinds], "freshness": "Current"}
                    for version, kinds in versions.items()
                ],
            }
            for group, versions in groups
        ]
        return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}

    def _document(self, key: str, make: Callable[[], Object]) -> Object:
        self._current()
        if key not in self._documents:
            self._documents[key] = make()
        return self._documents[key]

    def _current(self) -> dict[str, dict[str, list[Kind]]]:
        """Kinds by group and version, in order; worked out anew when the catalogue has changed."""
        fingerprint = tuple(map(id, self._catalogue))
        if fingerprint != self._fingerprint:
            self._fingerprint = fingerprint
            self._groups = _grouped(self._catalogue)
            self._documents.clear()
            self._etags.clear()
        return self._groups


def _grouped(kinds: Iterable[Kind]) -> dict[str, dict[str, list[Kind]]]:
    found: dict[str, dict[str, list[Kind]]] = {}
    for kind in sorted(kinds, key=lambda kind: kind.resource):
        found.setdefault(kind.group, {}).setdefault(kind.version, []).append(kind)
    rank = {group: place for place, group in enumerate(("", *GROUP_ORDER))}
    ordered = sorted(found, key=lambda group: (group == _LAST, rank.get(group, len(rank)), group))
    return {group: dict(sorted(found[group].items(), key=lambda item: version_rank(item[0]), reverse=True)) for group in ordered}


def _group(group: str, versions: Sequence[str]) -> Object:
    rows = [{"groupVersion": f"{group}/{version}", "version": version} for version in versions]
    return {"name": group, "versions": rows, "preferredVersion": rows[0]}


def _resource_rows(kind: Kind) -> list[Object]:
    row: Object = {"name": kind.resource, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind}
    row["verbs"] = sorted(kind.verbs)
    if kind.short_names:
        row["shortNames"] = list(kind.short_names)
    if kind.categories:
        row["categories"] = list(kind.categories)
    if "watch" in kind.verbs:
        row["storageVersionHash"] = storage_version_hash(kind.stored_as or kind)
    return [row, *(_subresource_row(kind, sub) for sub in _sorted_subresources(kind))]


def _subresource_row(kind: Kind, sub: Subresource) -> Object:
    row: Object = {"name": f"{kind.resource}/{sub.name}", "singularName": "", "namespaced": kind.namespaced}
    if sub.version:
        row |= {"group": sub.group, "version": sub.version}
    return row | {"kind": sub.kind, "verbs": sorted(sub.verbs)}


def storage_version_hash(kind: Kind) -> str:
    """Upstream's fingerprint of the version that is stored: the first eight bytes of a SHA-256."""
    version = _STORED_VERSIONS.get((kind.group, kind.kind), kind.version)
    digest = hashlib.sha256(f"{kind.group}/{version}/{kind.kind}".encode()).digest()
    return base64.b64encode(digest[:8]).decode()


def _sorted_subresources(kind: Kind) -> list[Subresource]:
    return sorted(kind.subresources, key=lambda sub: sub.name)


def _aggregated_resource(kind: Kind) -> Object:
    row: Object = {
        "resource": kind.resource,
        "responseKind": _response_kind(kind.kind),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": sorted(kind.verbs),
    }
    if kind.short_names:
        row["shortNames"] = list(kind.short_names)
    if kind.categories:
        row["categories"] = list(kind.categories)
    if kind.subresources:
        row["subresources"] = [
            {"subresource": sub.name, "responseKind": _response_kind(sub.kind, sub.group, sub.version), "verbs": sorted(sub.verbs)}
            for sub in _sorted_subresources(kind)
        ]
    return row


def _response_kind(kind: str, group: str = "", version: str = "") -> dict[str, Any]:
    return {"group": group, "version": version, "kind": kind}


def content_type(wanted: Format) -> bytes:
    """Of an aggregated document."""
    return AGGREGATED_TYPE.format(wanted.encoding).encode()
