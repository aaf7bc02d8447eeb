"""Selectors: what they match, how they print, and what is refused."""

import pytest

from orrery.machinery.selectors import (
    NOTHING,
    LabelSelector,
    SelectorError,
    format_label_selector,
    parse_field_selector,
    parse_label_selector,
)

LABELS = {"app": "web", "tier": "front", "size": "12"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        *(("", True), ("app=web", True), ("app==db", False), ("app!=db", True), ("other!=x", True), ("app", True), ("!app", False)),
        *(("app in (db,web)", True), ("app notin (web)", False), ("other notin (web)", True), ("size>10", True), ("size<10", False)),
        *(("app>1", False), ("app=web,tier=back", False), ("in=x", False), ("app in ()", False)),
    ],
)
def test_a_label_selector_matches_as_upstream_s(text: str, *, matches: bool) -> None:
    assert parse_label_selector(text).matches(LABELS) is matches


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a,", "found '', expected: identifier after ','"),
        (",a", "found ',', expected: !, identifier, or 'end of string'"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
    ],
)
def test_what_is_no_label_selector_is_refused_in_upstream_s_words(text: str, message: str) -> None:
    with pytest.raises(SelectorError) as refused:
        parse_label_selector(text)

    assert str(refused.value) == message


def test_no_selector_object_selects_nothing_and_an_empty_one_everything() -> None:
    assert LabelSelector.of(None) is NOTHING
    assert not LabelSelector.of(None).matches(LABELS)
    assert LabelSelector.of({}).matches(LABELS)


def test_a_selector_object_prints_sorted_by_key() -> None:
    selector = {"matchLabels": {"b": "1"}, "matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["z", "y"]}]}

    assert format_label_selector(selector) == "a notin (y,z),b=1"
    assert format_label_selector({}) == "<none>"
    assert format_label_selector({"matchExpressions": [{"key": "a", "operator": "Foo"}]}) == "<error>"


def test_a_selector_tells_which_labels_it_fixes() -> None:
    assert parse_label_selector("a=b,c in (d),e in (f,g),!h").equalities == {"a": "b", "c": "d"}


def test_field_selectors_compare_with_an_absent_field_as_empty() -> None:
    selector = parse_field_selector("metadata.name=a,spec.nodeName!=n")

    assert selector.matches({"metadata.name": "a"})
    assert not selector.matches({"metadata.name": "a", "spec.nodeName": "n"})
    assert selector.equalities == {"metadata.name": "a"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
        ("metadata.name=a=b", "invalid field selector: unescaped character in value: 61"),
        ("metadata.name=\\x", "invalid field selector: invalid escape sequence: \\x"),
    ],
)
def test_what_is_no_field_selector_is_refused_in_upstream_s_words(text: str, message: str) -> None:
    with pytest.raises(SelectorError) as refused:
        parse_field_selector(text)

    assert str(refused.value) == message
