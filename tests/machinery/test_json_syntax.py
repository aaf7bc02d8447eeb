"""Go's words for what is wrong with a JSON text."""

import pytest

from orrery.machinery.json_syntax import json_kind, json_syntax_error


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "unexpected end of JSON input"),
        ("{", "unexpected end of JSON input"),
        ('{"a":}', "invalid character '}' looking for beginning of value"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        ("[1 2]", "invalid character '2' after array element"),
        ('{"a":1}x', "invalid character 'x' after top-level value"),
        ('"a\n"', r"invalid character '\n' in string literal"),
        (r'"\x"', "invalid character 'x' in string escape code"),
        (r'"\u12g4"', r"invalid character 'g' in \u hexadecimal character escape"),
        ("-a", "invalid character 'a' in numeric literal"),
        ("1.", "invalid character ' ' after decimal point in numeric literal"),
        ("nul", "invalid character ' ' in literal null (expecting 'l')"),
        ("'x'", r"invalid character '\'' looking for beginning of value"),
    ],
)
def test_the_first_mistake_is_told_as_go_tells_it(text: str, message: str) -> None:
    assert json_syntax_error(text.encode()) == message


@pytest.mark.parametrize("text", ["{}", '{"a":[1,2,{"b":null}]}', "-0.5e+3", ' "é\\u00e9" ', "[[[]]]"])
def test_a_well_formed_text_has_no_mistake(text: str) -> None:
    assert json_syntax_error(text.encode()) == ""


def test_nesting_deeper_than_go_allows_is_refused_without_recursion() -> None:
    assert json_syntax_error(b"[" * 20_000) == "exceeded max depth"


def test_values_have_the_names_go_has_for_them() -> None:
    assert [json_kind(text) for text in (b"{}", b" []", b'"a"', b"true", b"null", b"-1")] == [
        "object",
        "array",
        "string",
        "bool",
        "null",
        "number",
    ]
