"""Bodies: JSON and YAML as the API server reads them, and its complaints."""

import pytest

from orrery.machinery.bodies import SyntaxProblem, parse_json, parse_yaml


def test_a_json_body_is_its_value() -> None:
    assert parse_json(b'{"kind": "ConfigMap", "data": {"a": "x: \\":\\""}}') == ({"kind": "ConfigMap", "data": {"a": 'x: ":"'}}, [])


@pytest.mark.parametrize(
    ("body", "duplicates"),
    [
        (b'{"data":{"a":"1","a":"2"},"data":{"b":"1"}}', ['duplicate field "data.a"', 'duplicate field "data"']),
        (b'{"spec" : {"c": [{"n" : 1, "n" : 2}]}}', ['duplicate field "spec.c[0].n"']),
        (b'{"a":1,"a" :2}', ['duplicate field "a"']),
        (b'{"a":{"b":1},"c":{"b":1}}', []),
    ],
)
def test_fields_that_are_written_twice_are_told_with_their_path(body: bytes, duplicates: list[str]) -> None:
    assert parse_json(body)[1] == duplicates


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "unexpected end of JSON input"),
        (b'{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        (b'{"a":tru}', "invalid character '}' in literal true (expecting 'e')"),
        (b"{'a':1}", "invalid character '\\'' looking for beginning of object key string"),
        (b"{}{}", "invalid character '{' after top-level value"),
    ],
)
def test_malformed_json_is_refused_in_go_s_words(body: bytes, message: str) -> None:
    with pytest.raises(SyntaxProblem) as refused:
        parse_json(body)

    assert str(refused.value) == message


def test_deep_json_is_refused_and_does_not_crash() -> None:
    with pytest.raises(SyntaxProblem):
        parse_json(b"[" * 100_000 + b"]" * 100_000)


def test_a_yaml_body_is_json_by_the_rules_of_yaml_1_1() -> None:
    text = b"d: 2001-01-01\nc: yes\nb: 012\na: 1.0\ne: 1_000\nf: 0x1F\ng: ~\nh: '1'\ni: n\n1: x\ntrue: y\n"

    value, strict = parse_yaml(text)

    expected = {"1": "x", "a": 1, "b": 10, "c": True, "d": "2001-01-01", "e": 1000, "f": 31, "g": None, "h": "1", "i": False, "true": True}
    assert value == expected
    assert list(value) == sorted(value)
    assert strict == []


def test_only_the_first_yaml_document_counts() -> None:
    assert parse_yaml(b"a: 1\n---\nb: 2\n") == ({"a": 1}, [])


def test_anchors_and_merge_keys_are_resolved() -> None:
    assert parse_yaml(b"x: &x {a: 1, b: 2}\nz: {<<: *x, b: 3}\n")[0] == {"x": {"a": 1, "b": 2}, "z": {"a": 1, "b": 3}}


def test_yaml_keys_that_are_written_twice_are_one_strict_error() -> None:
    value, strict = parse_yaml(b"metadata:\n  name: a\n  name: b\n")

    assert value == {"metadata": {"name": "b"}}
    assert strict == ['yaml: unmarshal errors:\n  line 3: key "name" already set in map']


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"a: b: c", "yaml: mapping values are not allowed in this context"),
        (b"a: [1", "yaml: line 1: did not find expected ',' or ']'"),
        (b"kind: C\nmetadata:\n\tname: a", "yaml: line 3: found character that cannot start any token"),
        (b"a: *y", "yaml: unknown anchor 'y' referenced"),
        (b"a: .inf", "json: unsupported value: +Inf"),
        (b"? [1]\n: d", "yaml: invalid map key: []interface {}{1}"),
        (b"a: &x [*x]", "yaml: anchor 'x' value contains itself"),
    ],
)
def test_malformed_yaml_is_refused_in_go_s_words(body: bytes, message: str) -> None:
    with pytest.raises(SyntaxProblem) as refused:
        parse_yaml(body)

    assert str(refused.value) == message


def test_aliases_that_multiply_are_refused() -> None:
    levels = "\n".join(f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 10)}]" for level in range(1, 9))

    with pytest.raises(SyntaxProblem, match="excessive aliasing"):
        parse_yaml(f"l0: &l0 [x]\n{levels}\n".encode())


def test_deep_yaml_is_refused_and_does_not_crash() -> None:
    with pytest.raises(SyntaxProblem, match="max depth"):
        parse_yaml(b"[" * 50_000)
