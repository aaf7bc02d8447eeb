"""POSIX patterns on RE2 and on the bounded matcher, and globs."""

import time

import pytest

from orrery.node.programs.patterns.compile import PatternError, PatternTooHard, compile_pattern
from orrery.node.programs.patterns.glob import matches_glob


@pytest.mark.parametrize(
    ("pattern", "text", "span"),
    [
        (rb"a*", b"baaac", (0, 0)),
        (rb"b\(a*\)c", b"xbaac", (1, 5)),
        (rb"\(ab\|a\)\(c\|bcd\)", b"abcd", (0, 4)),
        (rb"^*a", b"*a", (0, 2)),
        (rb"a\{2\}", b"aaa", (0, 2)),
        (rb"[]x]", b"a]", (1, 2)),
        (rb"[^[:space:]]*$", b"a bc", (2, 4)),
        (rb"\<b", b"ab b", (3, 4)),
        (rb"\(a.\)\1", b"xabab", (1, 5)),
        (rb"\.", b"a.b", (1, 2)),
    ],
)
def test_basic_patterns_match_leftmost_and_longest(pattern: bytes, text: bytes, span: tuple[int, int]) -> None:
    found = compile_pattern(pattern).search(text)

    assert found is not None
    assert found[0] == span


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (b"a[", "Invalid regular expression"),
        (b"a[b", "Unmatched [, [^, [:, [., or [="),
        (b"(a", "Unmatched ( or \\("),
        (b"a)", None),
        (b"a\\", "Trailing backslash"),
        (b"[[:nope:]]", "Invalid character class name"),
        (b"[z-a]", "Invalid range end"),
        (b"a{3,1}", "Invalid content of \\{\\}"),
    ],
)
def test_wrong_patterns_are_refused_in_the_words_of_the_c_library(pattern: bytes, message: str | None) -> None:
    if message is None:
        assert compile_pattern(pattern, extended=True).matches(b"a)")
        return

    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern, extended=True)

    assert str(caught.value) == message


def test_a_pattern_with_back_references_gives_up_instead_of_running_on() -> None:
    pattern = compile_pattern(rb"\(x*\)*\(x*\)*\1y")

    with pytest.raises(PatternTooHard):
        pattern.search(b"x" * 200)


def test_nested_repeats_are_linear() -> None:
    pattern = compile_pattern(b"(a+)+$", extended=True)
    begun = time.process_time()

    assert not pattern.matches(b"a" * 50_000 + b"b")

    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("*.txt", "a.txt", True),
        ("[!a]*", "abc", False),
        ("a?c", "abc", True),
        ("*a*b*", "xaybz", True),
        ("\\*", "*", True),
        ("[", "[", True),
    ],
)
def test_globs_match_whole_names(pattern: str, name: str, *, matches: bool) -> None:
    assert matches_glob(pattern, name) is matches
