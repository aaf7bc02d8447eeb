"""The tree of an awk program."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Node:
    """`kind` says what it is; `parts` are nodes, lists of nodes and plain values."""

    kind: str
    parts: tuple[Any, ...] = ()


@dataclass(slots=True)
class Rule:
    pattern: Node | None
    until: Node | None
    body: Node | None
    """None prints the record."""
    is_active: bool = False


@dataclass(slots=True)
class Function:
    name: str
    parameters: list[str]
    body: Node


@dataclass(slots=True)
class AwkProgram:
    begins: list[Node] = field(default_factory=list)
    ends: list[Node] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)
    lines: int = 1
    arrays: set[str] = field(default_factory=set)
    """Global names that are used as arrays."""
