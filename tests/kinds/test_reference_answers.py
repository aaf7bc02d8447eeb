"""What a real control plane said about objects of the kinds that are no workloads: causes in their order, warnings, defaulted content.

`reference_answers.json` holds one case per line: the bucket, the object sent (and the old one, for an update), and what came back. Names
that metadata alone decides are the verbs' business and are not asked here.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orrery.kinds.behaviours import BEHAVIOURS
from orrery.kinds.builtin import builtin
from orrery.kinds.structs.decoding import decode
from orrery.kinds.structs.schema import struct_of
from orrery.machinery.errors import Invalid
from orrery.machinery.field_errors import FieldError, invalid
from orrery.machinery.names import name_is_dns_subdomain
from orrery.machinery.objects import Object

Case = dict[str, Any]
CASES: list[Case] = json.loads((Path(__file__).parent / "reference_answers.json").read_text())
CATALOGUE = builtin()
ALLOCATED = ("clusterIP", "clusterIPs", "nodePort", "healthCheckNodePort")
"""What the verbs choose for a Service, and a real server has chosen by then."""


def _decoded(case: Case) -> Object:
    kind = CATALOGUE.stored(case["bucket"])
    return decode(struct_of(kind), {"apiVersion": kind.api_version, "kind": kind.kind, **copy.deepcopy(case["object"])}, [])


def _create(case: Case) -> tuple[Object, list[FieldError]]:
    """The write path of a kind without the verbs: default, prepare, name, validate."""
    behaviour, obj = BEHAVIOURS[case["bucket"]], _decoded(case)
    if behaviour.default is not None:
        behaviour.default(obj)
    if behaviour.prepare_create is not None:
        behaviour.prepare_create(obj)
    name = obj["metadata"].get("name", "")
    errors = [invalid("metadata.name", name, message) for message in (behaviour.name_rule or name_is_dns_subdomain)(name, False)]
    return obj, errors + (behaviour.validate(obj) if behaviour.validate is not None else [])


def _update(case: Case) -> tuple[Object, list[FieldError]]:
    behaviour, obj, old = BEHAVIOURS[case["bucket"]], _decoded(case), case["old"]
    if behaviour.default is not None:
        behaviour.default(obj)
    if case.get("subresource"):
        obj = {**copy.deepcopy(old), "status": obj.get("status") or {}}
        if behaviour.prepare_status is not None:
            behaviour.prepare_status(obj, old)
        return obj, behaviour.validate_status(obj, old) if behaviour.validate_status is not None else []
    if "status" in old:
        obj["status"] = copy.deepcopy(old["status"])
    if behaviour.prepare_update is not None:
        behaviour.prepare_update(obj, old)
    return obj, behaviour.validate_update(obj, old) if behaviour.validate_update is not None else []


def ask(case: Case) -> tuple[Object, list[FieldError]]:
    try:
        return _update(case) if "old" in case else _create(case)
    except Invalid as refused:
        return {}, list(refused.errors)


def differences(real: Any, ours: Any, path: str = "") -> Iterator[str]:
    """Where two JSON values differ; absent and empty are the same."""
    empty: tuple[Any, ...] = (None, {}, [], "", 0)
    if real in empty and ours in empty:
        return
    if isinstance(real, dict) and isinstance(ours, dict):
        for key in sorted(real.keys() | ours.keys()):
            if key not in ALLOCATED:
                yield from differences(real.get(key), ours.get(key), f"{path}.{key}")
    elif isinstance(real, list) and isinstance(ours, list) and len(real) == len(ours):
        for index, (theirs, mine) in enumerate(zip(real, ours, strict=True)):
            yield from differences(theirs, mine, f"{path}[{index}]")
    elif real != ours:
        yield f"{path}: {real!r} is {ours!r} here"


def _title(case: Case) -> str:
    return f"{case['bucket']}-{CASES.index(case)}"


@pytest.mark.parametrize("case", CASES, ids=_title)
def test_an_object_is_refused_with_the_causes_of_a_real_server_or_accepted_as_there(case: Case) -> None:
    obj, errors = ask(case)

    assert [[error.field, error.type, error.body] for error in errors] == case.get("causes", [])
    if "result" in case:
        content = {key: value for key, value in obj.items() if key not in ("kind", "apiVersion", "metadata", "status")}
        assert list(differences(case["result"], content)) == []


@pytest.mark.parametrize("case", [case for case in CASES if "warnings" in case], ids=_title)
def test_an_accepted_object_earns_the_warnings_of_a_real_server(case: Case) -> None:
    obj, _ = ask(case)
    warnings = BEHAVIOURS[case["bucket"]].warnings

    assert warnings is not None
    assert list(warnings(obj, case.get("old"))) == case["warnings"]
