"""Which objects a list or watch means: label and field selectors, and the name or namespace that narrows the scope."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from orrery.kinds.kind import Kind
from orrery.kinds.structs.decoding import decode
from orrery.kinds.structs.schema import struct_of
from orrery.machinery.errors import BadRequest
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject
from orrery.machinery.selectors import FieldSelector, LabelSelector, SelectorError, parse_field_selector, parse_label_selector
from orrery.store.log import Record
from orrery.verbs.call import Call, ListOptions

_ALWAYS: Final = ("metadata.name", "metadata.namespace")

_BARE_REFUSAL: Final = frozenset(
    {
        "pods",
        "nodes",
        "events",
        "namespaces",
        "secrets",
        "services",
        "replicationcontrollers",
        "certificatesigningrequests.certificates.k8s.io",
    }
)
"""Kinds with a conversion of field labels of their own, whose refusal names nothing but the field."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What the selectors of one request mean. Empty `name` and `namespace` mean all."""

    labels: LabelSelector
    fields: FieldSelector
    name: str = ""
    namespace: str = ""
    impossible: bool = False
    """The selectors contradict each other or the path: nothing matches, ever."""
    everything: bool = True
    fields_of: Callable[[FrozenObject], Mapping[str, str]] | None = None
    """For a kind that names its fields otherwise than the stored one, whose index does not know them."""

    def matches(self, record: Record) -> bool:
        index = record.index
        if not self.labels.is_everything and not self.labels.matches(index.labels):
            return False
        if self.fields.is_everything:
            return True
        _, namespace, name = record.key.split("/", 2)
        fields = self.fields_of(record.object) if self.fields_of is not None else index.fields
        return self.fields.matches({**fields, "metadata.name": name, "metadata.namespace": namespace})


def select(call: Call, options: ListOptions) -> Selection:
    """The selection of a list or watch, `call.name` included; BadRequest as upstream words it."""
    labels, fields = _parsed(options)
    _check_fields(call.kind, fields)
    fixed = fields.equalities
    name = fixed.get("metadata.name", "")
    if call.name:
        if not fields.is_everything and name != call.name:
            raise BadRequest("fieldSelector metadata.name doesn't match requested name")
        name = call.name
    namespace = fixed.get("metadata.namespace", "")
    impossible = bool(call.namespace and namespace and call.namespace != namespace and call.kind.namespaced)
    everything = labels.is_everything and fields.is_everything
    renamed = call.kind.behaviour.selectable if call.kind.stored_as is not None else None
    return Selection(labels, fields, name, namespace, impossible, everything, renamed)


def _parsed(options: ListOptions) -> tuple[LabelSelector, FieldSelector]:
    try:
        return parse_label_selector(options.label_selector), parse_field_selector(options.field_selector)
    except SelectorError as error:
        raise BadRequest(str(error)) from None


def _check_fields(kind: Kind, fields: FieldSelector) -> None:
    if fields.is_everything:
        return
    known = selectable_fields(kind)
    for term in fields.terms:
        if term.field in _ALWAYS or term.field in known:
            continue
        if kind.group_resource in _BARE_REFUSAL or kind.resource == "events":
            raise BadRequest(f"field label not supported: {term.field}")
        if kind.group_resource == "jobs.batch":
            raise BadRequest(f'field label "{term.field}" not supported for Job')
        raise BadRequest(f'{go_quote(term.field)} is not a known field selector: only "metadata.name", "metadata.namespace"')


@cache
def selectable_fields(kind: Kind) -> frozenset[str]:
    """The names of the fields a kind can be selected by, beyond name and namespace."""
    selectable = kind.behaviour.selectable or (kind.stored_as or kind).behaviour.selectable
    if selectable is None:
        return frozenset()
    empty = decode(struct_of(kind.stored_as or kind), {"metadata": {}}, [])
    return frozenset(selectable({"spec": {}, "status": {}, **empty}))
