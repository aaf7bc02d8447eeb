"""A small backtracking matcher for what RE2 has no words for: back-references and the edges of words. Its work is bounded.

DIFFERS: upstream libraries find the longest of all matches; with back-references we take the first one of a greedy search.
"""

from typing import Final

from orrery.node.programs.patterns.syntax import ALL, WORD, Bytes, Choice, Group, Node, Reference, Repeat, Sequence

STEPS_MAX: Final = 100_000
_PROGRAM_MAX: Final = 20_000

BYTE, SPLIT, JUMP, SAVE, REFER, ASSERT, MARK, PROGRESS, MATCH = range(9)


class PatternTooHard(Exception):
    """The match took more than its share; the message is the C library's when it has no memory."""

    def __init__(self) -> None:
        super().__init__("Memory exhausted")


class Backtracker:
    """A pattern as a list of instructions for a machine with an explicit stack."""

    def __init__(self, tree: Node, groups: int, *, ignore_case: bool, is_multiline: bool) -> None:
        self._code: list[tuple[int, object, object]] = []
        self._registers = 2 * (groups + 1)
        self._ignore_case = ignore_case
        self._multiline = is_multiline
        self._emit(tree)
        self._code.append((MATCH, None, None))
        self._groups = groups

    def _add(self, operation: int, first: object = None, second: object = None) -> int:
        if len(self._code) >= _PROGRAM_MAX:
            raise PatternTooHard
        self._code.append((operation, first, second))
        return len(self._code) - 1

    def _emit(self, node: Node) -> None:
        if isinstance(node, Bytes):
            self._add(BYTE, _folded(node.members) if self._ignore_case else node.members)
        elif isinstance(node, Sequence):
            for part in node.parts:
                self._emit(part)
        elif isinstance(node, Choice):
            self._emit_choice(node)
        elif isinstance(node, Repeat):
            self._emit_repeat(node)
        elif isinstance(node, Group):
            self._add(SAVE, 2 * node.number)
            self._emit(node.part)
            self._add(SAVE, 2 * node.number + 1)
        elif isinstance(node, Reference):
            self._add(REFER, node.number)
        else:
            self._add(ASSERT, node.kind)

    def _emit_choice(self, node: Choice) -> None:
        ends: list[int] = []
        for branch in node.branches[:-1]:
            split = self._add(SPLIT)
            self._emit(branch)
            ends.append(self._add(JUMP))
            self._code[split] = (SPLIT, split + 1, len(self._code))
        self._emit(node.branches[-1])
        for end in ends:
            self._code[end] = (JUMP, len(self._code), None)

    def _emit_repeat(self, node: Repeat) -> None:
        for _ in range(node.low):
            self._emit(node.part)
        if node.high is None:
            split = self._add(SPLIT)
            register = self._registers
            self._registers += 1
            self._add(MARK, register)
            self._emit(node.part)
            self._add(PROGRESS, register)
            self._add(JUMP, split)
            self._code[split] = (SPLIT, split + 1, len(self._code))
            return
        splits: list[int] = []
        for _ in range(node.high - node.low):
            splits.append(self._add(SPLIT))
            self._emit(node.part)
        for split in splits:
            self._code[split] = (SPLIT, split + 1, len(self._code))

    def search(self, text: bytes, start: int) -> list[tuple[int, int]] | None:
        """The spans of the whole match and of the groups."""
        steps = STEPS_MAX
        for position in range(start, len(text) + 1):
            spans, steps = self._match(text, position, steps)
            if spans is not None:
                return spans
        return None

    def _match(self, text: bytes, start: int, steps: int) -> tuple[list[tuple[int, int]] | None, int]:
        code = self._code
        length = len(text)
        stack: list[tuple[int, int, tuple[int, ...]]] = [(0, start, (-1,) * self._registers)]
        while stack:
            at, position, saves = stack.pop()
            while True:
                steps -= 1
                if steps < 0:
                    raise PatternTooHard
                operation, first, second = code[at]
                at += 1
                if operation == BYTE:
                    assert isinstance(first, frozenset)
                    if position >= length or text[position] not in first:
                        break
                    position += 1
                elif operation == SPLIT:
                    assert isinstance(first, int) and isinstance(second, int)
                    stack.append((second, position, saves))
                    at = first
                elif operation == JUMP:
                    assert isinstance(first, int)
                    at = first
                elif operation in (SAVE, MARK):
                    assert isinstance(first, int)
                    saves = (*saves[:first], position, *saves[first + 1 :])
                elif operation == PROGRESS:
                    assert isinstance(first, int)
                    if saves[first] == position:
                        break
                elif operation == REFER:
                    assert isinstance(first, int)
                    begin, end = saves[2 * first], saves[2 * first + 1]
                    if begin < 0 or end < 0 or not self._same(text[begin:end], text[position : position + end - begin]):
                        break
                    position += end - begin
                elif operation == ASSERT:
                    if not self._holds(str(first), text, position):
                        break
                else:
                    return [(start, position), *((saves[2 * n], saves[2 * n + 1]) for n in range(1, self._groups + 1))], steps
        return None, steps

    def _same(self, left: bytes, right: bytes) -> bool:
        return left == right or (self._ignore_case and left.lower() == right.lower())

    def _holds(self, kind: str, text: bytes, position: int) -> bool:
        if kind == "^" or kind == "`":
            return position == 0 or (self._multiline and kind == "^" and text[position - 1] == 10)
        if kind == "$" or kind == "'":
            return position == len(text) or (self._multiline and kind == "$" and text[position] == 10)
        before = position > 0 and text[position - 1] in WORD
        after = position < len(text) and text[position] in WORD
        if kind == "<":
            return after and not before
        if kind == ">":
            return before and not after
        return (before != after) == (kind == "b")


def _folded(members: frozenset[int]) -> frozenset[int]:
    if members is ALL:
        return members
    data = bytes(members)
    return frozenset(data.lower() + data.upper() + data)
