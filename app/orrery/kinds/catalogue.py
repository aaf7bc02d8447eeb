"""The catalogue of served kinds: one dictionary look-up per path, whatever their number.

`builtin()` assembles every built-in kind of the stable groups of Kubernetes from the schema table (what exists) and from the
modules of this room (how each behaves). Custom resources will join the same catalogue at run time.
"""

from collections.abc import Iterable, Iterator

from orrery.kinds.kind import Kind
from orrery.machinery.objects import GroupResource


class Catalogue:
    """Kinds by path, by bucket and by apiVersion and kind."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._by_path: dict[tuple[str, str, str], Kind] = {}
        self._by_bucket: dict[GroupResource, Kind] = {}
        self._by_gvk: dict[tuple[str, str], Kind] = {}
        for kind in kinds:
            self.add(kind)

    def add(self, kind: Kind) -> None:
        self._by_path[kind.group, kind.version, kind.resource] = kind
        self._by_gvk[kind.api_version, kind.kind] = kind
        if kind.stored_as is None:
            self._by_bucket[kind.bucket] = kind

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._by_path.values())

    def find(self, group: str, version: str, resource: str) -> Kind | None:
        """The kind served at that path; group is empty for the core group."""
        return self._by_path.get((group, version, resource))

    def stored(self, bucket: GroupResource) -> Kind:
        """The kind whose objects the log keeps under `bucket`: `pods`, `deployments.apps`. KeyError when there is none."""
        return self._by_bucket[bucket]

    def of(self, api_version: str, kind: str) -> Kind | None:
        """The kind with that apiVersion and kind name."""
        return self._by_gvk.get((api_version, kind))
