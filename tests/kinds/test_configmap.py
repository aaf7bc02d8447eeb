"""ConfigMaps: sizes and the flag that makes them immutable."""

import pytest

from orrery.kinds.cluster.configmap import BEHAVIOUR
from orrery.kinds.kind import Errors
from orrery.machinery.objects import Object


def _validate(obj: Object) -> Errors:
    assert BEHAVIOUR.validate is not None
    return BEHAVIOUR.validate(obj)


def _update(obj: Object, old: Object) -> list[str]:
    assert BEHAVIOUR.validate_update is not None
    return [str(error) for error in BEHAVIOUR.validate_update(obj, old)]


@pytest.mark.parametrize(("size", "errors"), [(1024 * 1024, 0), (1024 * 1024 + 1, 1)])
def test_values_may_be_a_mebibyte_together(size: int, errors: int) -> None:
    obj = {"metadata": {"name": "c"}, "data": {"a": "x" * (size - 3)}, "binaryData": {"b": "AAAA"}}

    assert len(_validate(obj)) == errors


def test_sizes_count_bytes_not_characters() -> None:
    (error,) = _validate({"metadata": {"name": "c"}, "data": {"a": "é" * (512 * 1024 + 1)}})

    assert str(error) == "[]: Too long: may not be more than 1048576 bytes"


def test_an_immutable_one_keeps_its_data_and_its_flag() -> None:
    old = {"metadata": {"name": "c"}, "data": {"a": "1"}, "immutable": True}

    assert _update({"metadata": {"name": "c"}, "data": {"a": "1"}, "immutable": True}, old) == []
    assert _update({"metadata": {"name": "c"}, "data": {"a": "2"}}, old) == [
        "immutable: Forbidden: field is immutable when `immutable` is set",
        "data: Forbidden: field is immutable when `immutable` is set",
    ]
