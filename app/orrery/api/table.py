"""Tables for `kubectl get`, and PartialObjectMetadata for metadata clients, made from records and a kind's columns.

Rows come from the shared parses of the watch cache; nothing of an object is copied, the encoder walks it. Shapes follow
upstream's `meta.k8s.io` Table: columns once per answer, on a watch with the first event only.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from orrery.api.failures import NotThatShape
from orrery.api.negotiation import Format
from orrery.kinds.kind import Column, Kind
from orrery.machinery.errors import BadRequest
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, Object
from orrery.store.log import Record
from orrery.verbs.results import EventType, Listing, WatchEvent

_INCLUDED: Final = ("", "None", "Metadata", "Object")

DEFAULT_COLUMNS: Final = (
    Column("Name", lambda obj, now_s: obj["metadata"].get("name", ""), format="name", description="The object's name."),
    Column("Created At", lambda obj, now_s: obj["metadata"].get("creationTimestamp"), type="date", description="When it was created."),
)
"""Upstream's table of a kind that has no printer."""


def include_object(value: str) -> str:
    """The checked `includeObject` parameter; empty means Metadata."""
    if value not in _INCLUDED:
        raise BadRequest(
            f"Unable to convert to Table as requested: includeObject: Invalid value: {go_quote(value)}: "
            "must be 'Metadata', 'Object', 'None', or empty"
        )
    return value or "Metadata"


_NOT_METADATA: Final = {"DaemonSet": "deprecated.daemonset.template.generation"}
"""An annotation that upstream makes of a field when it writes the whole object only."""


def partial_metadata(obj: FrozenObject, version: str) -> Object:
    meta = obj["metadata"]
    hidden = _NOT_METADATA.get(obj.get("kind", ""))
    if hidden is not None and hidden in (meta.get("annotations") or {}):
        meta = {**meta, "annotations": {key: value for key, value in meta["annotations"].items() if key != hidden}}
        if not meta["annotations"]:
            del meta["annotations"]
    return {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{version}", "metadata": meta}


def list_metadata(listing: Listing) -> Object:
    """ListMeta of a page."""
    meta: Object = {"resourceVersion": str(listing.revision)} if listing.revision else {}
    if listing.continue_token:
        meta["continue"] = listing.continue_token
    if listing.remaining is not None:
        meta["remainingItemCount"] = listing.remaining
    return meta


class TableView:
    """One kind's objects as rows; `columns` is called at a time, since ages are relative."""

    def __init__(self, kind: Kind, *, version: str, include: str, now_s: Callable[[], float]) -> None:
        self._columns = kind.columns or DEFAULT_COLUMNS
        self._has_printer = bool(kind.columns)
        # Columns read the stored form, as upstream's printers read the internal one.
        self._read = (kind.stored_as is not None and kind.to_storage) or None
        self._api_version = f"meta.k8s.io/{version}"
        self._version = version
        self._include = include
        self._now_s = now_s

    def of(self, records: Sequence[Record], metadata: Object, *, headers: bool = True) -> Object:
        """The table; `headers` false leaves the columns out, as every watch event but the first does."""
        now_s = self._now_s()
        cells = [column.cell for column in self._columns]
        rows = [self._row(record.object, cells, now_s) for record in records]
        return {
            "kind": "Table",
            "apiVersion": self._api_version,
            "metadata": metadata,
            "columnDefinitions": [_definition(column) for column in self._columns if column.name] if headers else None,
            # Upstream's default printer appends to a nil slice, the others to an empty one.
            "rows": rows if rows or self._has_printer else None,
        }

    def of_one(self, record: Record, *, headers: bool = True) -> Object:
        version = record.object["metadata"].get("resourceVersion")
        return self.of((record,), {"resourceVersion": version} if version else {}, headers=headers)

    def _row(self, obj: FrozenObject, cells: Sequence[Callable[[FrozenObject, float], Any]], now_s: float) -> Object:
        shown: Any = None
        if self._include == "Metadata":
            shown = partial_metadata(obj, self._version)
        elif self._include == "Object":
            shown = obj
        read = obj if self._read is None else self._read(cast(Object, obj))
        return {"cells": [cell(read, now_s) for cell in cells], "object": shown}


def _definition(column: Column) -> Object:
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": column.description,
        "priority": column.priority,
    }


class View:
    """How one request wants its objects when it does not want them plain."""

    def __init__(self, kind: Kind, wanted: Format, *, include: str, now_s: Callable[[], float]) -> None:
        self._kind = kind
        self._wanted = wanted
        is_table = wanted.transform == "Table"
        self._table = TableView(kind, version=wanted.version, include=include_object(include), now_s=now_s) if is_table else None
        self._headers_sent = False

    def of_record(self, record: Record) -> Object:
        """A single object; a `Status` stays what it is."""
        obj = record.object
        if obj.get("kind") == "Status":
            return cast(Object, obj)
        if self._table is not None:
            return self._table.of_one(record)
        if self._wanted.transform == "PartialObjectMetadataList":
            raise self._wrong_shape("not a list", self._kind.kind)
        return partial_metadata(obj, self._wanted.version)

    def of_listing(self, listing: Listing) -> Object:
        metadata = list_metadata(listing)
        if self._table is not None:
            return self._table.of(listing.records, metadata)
        if self._wanted.transform == "PartialObjectMetadata":
            raise self._wrong_shape("a list", self._kind.list_kind)
        items = [partial_metadata(record.object, self._wanted.version) for record in listing.records]
        return {
            "kind": "PartialObjectMetadataList",
            "apiVersion": f"meta.k8s.io/{self._wanted.version}",
            "metadata": metadata,
            "items": items,
        }

    def of_event(self, event: WatchEvent) -> Object:
        """An event's object; the columns come with the first table only."""
        if event.type is EventType.ERROR:
            return cast(Object, event.record.object)
        if self._table is None:
            return partial_metadata(event.record.object, self._wanted.version)
        headers, self._headers_sent = not self._headers_sent, True
        return self._table.of_one(event.record, headers=headers)

    def _wrong_shape(self, what: str, kind: str) -> NotThatShape:
        package = self._kind.group.partition(".")[0] or "core"
        return NotThatShape(f"you requested {self._wanted.transform}, but the requested object is {what} (*{package}.{kind})")
