"""What a real control plane said about Pods and what makes them: causes in their order, defaulted content, warnings.

`workload_answers.json` holds the old objects of updates once, then one case per line: the bucket, the object sent, what came back.
What admission adds to a Pod is left out, and every UID is the same.
"""

import copy
import json
from pathlib import Path
from typing import Any, Final

import pytest

from orrery.kinds.behaviours import BEHAVIOURS
from orrery.kinds.builtin import builtin
from orrery.kinds.structs.decoding import decode
from orrery.kinds.structs.schema import struct_of
from orrery.machinery.field_errors import FieldError, invalid
from orrery.machinery.names import name_is_dns_subdomain
from orrery.machinery.objects import Object

Case = dict[str, Any]

_ANSWERS: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "workload_answers.json").read_text())
CASES: Final[list[Case]] = _ANSWERS["cases"]
CATALOGUE: Final = builtin()
UID: Final = "11111111-2222-3333-4444-555555555555"
NOW: Final = "2026-01-02T03:04:05Z"


def _decoded(case: Case, content: Object) -> Object:
    kind = CATALOGUE.stored(case["bucket"])
    return decode(struct_of(kind), {"apiVersion": kind.api_version, "kind": kind.kind, **copy.deepcopy(content)}, [])


def _create(case: Case) -> tuple[Object, list[FieldError], None]:
    behaviour, obj = BEHAVIOURS[case["bucket"]], _decoded(case, case["object"])
    if behaviour.default is not None:
        behaviour.default(obj)
    obj["metadata"] |= {"uid": UID, "creationTimestamp": NOW}
    if behaviour.has_generation:
        obj["metadata"]["generation"] = 1
    if case["bucket"] == "pods" and not obj["spec"].get("serviceAccountName"):
        obj["spec"]["serviceAccountName"] = obj["spec"]["serviceAccount"] = "default"
    if behaviour.prepare_create is not None:
        behaviour.prepare_create(obj)
    name = obj["metadata"].get("name", "")
    errors = [invalid("metadata.name", name, message) for message in (behaviour.name_rule or name_is_dns_subdomain)(name, False)]
    return obj, errors + (behaviour.validate(obj) if behaviour.validate is not None else []), None


def _update(case: Case) -> tuple[Object, list[FieldError], Object]:
    behaviour, obj, old = BEHAVIOURS[case["bucket"]], _decoded(case, case["object"]), _decoded(case, _ANSWERS["olds"][case["old"]])
    if behaviour.default is not None:
        behaviour.default(obj)
    if behaviour.prepare_update is not None:
        behaviour.prepare_update(obj, old)
    if behaviour.has_generation and obj["metadata"]["generation"] == old["metadata"]["generation"]:
        obj["metadata"]["generation"] += any(obj.get(field) != old.get(field) for field in ("spec", "template"))
    return obj, behaviour.validate_update(obj, old) if behaviour.validate_update is not None else [], old


def _without_admission(case: Case, obj: Object) -> Object:
    content = {key: value for key, value in obj.items() if key not in ("kind", "apiVersion", "metadata", "status")}
    if case["bucket"] == "pods" and "old" not in case:
        for field in ("serviceAccountName", "serviceAccount", "tolerations", "preemptionPolicy", "priority"):
            content["spec"].pop(field, None)
    return content


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['bucket']}-{CASES.index(case)}")
def test_a_workload_is_answered_as_by_a_real_server(case: Case) -> None:
    obj, errors, old = _update(case) if "old" in case else _create(case)

    assert [[error.field, error.type, error.body] for error in errors] == case.get("causes", [])
    if "result" not in case:
        return
    warnings = BEHAVIOURS[case["bucket"]].warnings
    assert list(warnings(obj, old) if warnings is not None else []) == case.get("warnings", [])
    assert _without_admission(case, obj) == case["result"]
    assert {key: obj["metadata"][key] for key in ("labels", "annotations", "generation") if obj["metadata"].get(key)} == case["metadata"]
    if "status" in case:
        assert obj["status"] == case["status"]
