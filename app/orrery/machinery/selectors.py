"""Label and field selectors: parsed from text with upstream's complaints, made from LabelSelector objects, matched, and printed.

Follows apimachinery's `labels`, `fields` and `apis/meta/v1`. Which fields of a kind can be selected is not known here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from orrery.machinery.field_errors import FieldError, aggregate, go_quote, invalid
from orrery.machinery.names import is_label_key, is_label_value

_OPERATORS: Final = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
_BINARY: Final = "in, notin, =, ==, !=, gt, lt"
_SYMBOLS: Final = {"=": "=", "==": "==", "!=": "!=", ">": "gt", "<": "lt"}
_TOKENS: Final = frozenset({")", ",", "!", "==", "=", ">", "in", "<", "!=", "notin", "("})
_SPECIAL: Final = frozenset("=!(),><")
_SPACE: Final = frozenset(" \t\r\n")
_END: Final = ("end", "")


class SelectorError(ValueError):
    """Not a selector; the text is upstream's."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label. `operator`: in, notin, =, ==, !=, gt, lt, exists, `!`."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        if self.operator in ("=", "==", "in"):
            return value is not None and value in self.values
        if self.operator in ("!=", "notin"):
            return value is None or value not in self.values
        if self.operator == "exists":
            return value is not None
        if self.operator == "!":
            return value is None
        return _compares(value, self.operator, self.values[0])

    def __str__(self) -> str:
        values = ",".join(sorted(self.values))
        if self.operator in ("in", "notin"):
            return f"{self.key} {self.operator} ({values})"
        if self.operator == "exists":
            return self.key
        if self.operator == "!":
            return f"!{self.key}"
        return f"{self.key}{ {'gt': '>', 'lt': '<'}.get(self.operator, self.operator) }{values}"


def _compares(value: str | None, operator: str, bound: str) -> bool:
    """Gt and Lt compare whole numbers; a label that is none never matches."""
    number, limit = go_int64(value or ""), go_int64(bound)
    if number is None or limit is None:
        return False
    return number > limit if operator == "gt" else number < limit


def go_int64(text: str) -> int | None:
    """The number that Go's ParseInt reads in `text`, or None."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits.isascii() or not digits.isdigit():
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """Requirements that must all hold; without any it matches everything, unless it is `NOTHING`."""

    requirements: tuple[Requirement, ...] = ()
    is_nothing: bool = False

    @classmethod
    def of(cls, selector: Mapping[str, Any] | None) -> "LabelSelector":
        """The selector that a LabelSelector object means: none at all selects nothing, an empty one everything."""
        if selector is None:
            return NOTHING
        requirements = [Requirement(key, "=", (value,)) for key, value in (selector.get("matchLabels") or {}).items()]
        for expression in selector.get("matchExpressions") or ():
            operator = _OPERATORS.get(expression.get("operator", ""))
            if operator is None:
                raise SelectorError(f"{go_quote(expression.get('operator', ''))} is not a valid label selector operator")
            requirements.append(Requirement(expression.get("key", ""), operator, tuple(expression.get("values") or ())))
        return cls(tuple(sorted(requirements, key=_key)))

    @property
    def is_everything(self) -> bool:
        return not self.requirements and not self.is_nothing

    @property
    def equalities(self) -> dict[str, str]:
        """The labels whose one value the selector fixes, for looking up by index."""
        return {each.key: each.values[0] for each in self.requirements if each.operator in ("=", "==", "in") and len(each.values) == 1}

    def matches(self, labels: Mapping[str, str]) -> bool:
        if self.is_nothing:
            return False
        # A plain loop is faster here than all() with a generator.
        for requirement in self.requirements:
            if not requirement.matches(labels):
                break
        else:
            return True
        return False

    def __str__(self) -> str:
        return ",".join(str(requirement) for requirement in self.requirements)


def _key(requirement: Requirement) -> str:
    return requirement.key


EVERYTHING: Final = LabelSelector()
NOTHING: Final = LabelSelector(is_nothing=True)


def format_label_selector(selector: Mapping[str, Any] | None) -> str:
    """A LabelSelector object as `kubectl get -o wide` prints it."""
    try:
        return str(LabelSelector.of(selector)) or "<none>"
    except SelectorError:
        return "<error>"


def parse_label_selector(text: str) -> LabelSelector:
    """The selector that a query spells: `app=web,tier!=db,env in (a,b),!gone`. SelectorError otherwise."""
    if not text:
        return EVERYTHING
    return LabelSelector(tuple(sorted(_Parser(text).selector(), key=_key)))


def _tokens(text: str) -> Iterable[tuple[str, str]]:
    """Pairs of a token's name and its text; names are the operators themselves, `identifier`, `error` and `end`."""
    at, size = 0, len(text)
    while at < size:
        char = text[at]
        start = at
        if char in _SPACE:
            at += 1
        elif char in _SPECIAL:
            at += 1
            while at < size and text[start : at + 1] in _TOKENS:
                at += 1
            found = text[start:at]
            yield found, found
        else:
            while at < size and text[at] not in _SPECIAL and text[at] not in _SPACE:
                at += 1
            found = text[start:at]
            yield (found if found in _TOKENS else "identifier"), found
    yield _END


class _Parser:
    """Upstream's recursive descent, so that the first complaint is upstream's too."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.at = 0

    def look(self) -> tuple[str, str]:
        """The next token where `in` and `notin` are plain words."""
        name, text = self.tokens[min(self.at, len(self.tokens) - 1)]
        return ("identifier" if name in ("in", "notin") else name), text

    def take(self) -> tuple[str, str]:
        found = self.look()
        self.at += 1
        return found

    def selector(self) -> list[Requirement]:
        requirements: list[Requirement] = []
        while True:
            name, text = self.look()
            if name == "end":
                return requirements
            if name not in ("identifier", "!"):
                raise SelectorError(f"found '{text}', expected: !, identifier, or 'end of string'")
            requirements.append(self.requirement())
            name, text = self.take()
            if name == "end":
                return requirements
            if name != ",":
                raise SelectorError(f"found '{text}', expected: ',' or 'end of string'")
            name, text = self.look()
            if name not in ("identifier", "!"):
                raise SelectorError(f"found '{text}', expected: identifier after ','")

    def requirement(self) -> Requirement:
        try:
            return self.checked_requirement()
        except SelectorError as error:
            raise SelectorError(f"unable to parse requirement: {error}") from None

    def checked_requirement(self) -> Requirement:
        name, key = self.take()
        is_negated = name == "!"
        if is_negated:
            name, key = self.take()
        if name != "identifier":
            raise SelectorError(f"found '{key}', expected: identifier")
        problems = is_label_key(key)
        if problems:
            raise SelectorError(str(invalid("<nil>", key, "; ".join(problems))))
        if is_negated:
            return Requirement(key, "!")
        if self.look()[0] in ("end", ","):
            return Requirement(key, "exists")
        operator = self.operator()
        values = self.values() if operator in ("in", "notin") else {self.exact_value()}
        return _valid(Requirement(key, operator, tuple(sorted(values))))

    def operator(self) -> str:
        name, text = self.tokens[min(self.at, len(self.tokens) - 1)]
        self.at += 1
        if name in ("in", "notin"):
            return name
        if name in _SYMBOLS:
            return _SYMBOLS[name]
        raise SelectorError(f"found '{text}', expected: {_BINARY}")

    def values(self) -> set[str]:
        name, text = self.take()
        if name != "(":
            raise SelectorError(f"found '{text}' expected: '('")
        name, first = self.look()
        if name == ")":
            self.take()
            return {""}
        if name not in ("identifier", ","):
            raise SelectorError(f"found '{first}', expected: ',', ')' or identifier")
        values = self.identifiers()
        if self.take()[0] != ")":
            raise SelectorError(f"found '{first}', expected: ')'")
        return values

    def identifiers(self) -> set[str]:
        values: set[str] = set()
        while True:
            name, text = self.take()
            follows, next_text = self.look()
            if name == "identifier":
                values.add(text)
                if follows == ")":
                    return values
                if follows != ",":
                    raise SelectorError(f"found '{next_text}', expected: ',' or ')'")
            elif name == ",":
                if not values or follows in (")", ","):
                    values.add("")
                if follows == ")":
                    return values
            else:
                raise SelectorError(f"found '{text}', expected: ',', or identifier")

    def exact_value(self) -> str:
        if self.look()[0] in ("end", ","):
            return ""
        name, text = self.take()
        if name != "identifier":
            raise SelectorError(f"found '{text}', expected: identifier")
        return text


def _valid(requirement: Requirement) -> Requirement:
    errors: list[FieldError] = []
    if requirement.operator in ("gt", "lt") and go_int64(requirement.values[0]) is None:
        errors.append(invalid("values[0]", requirement.values[0], "for 'Gt', 'Lt' operators, the value must be an integer"))
    for index, value in enumerate(requirement.values):
        problems = is_label_value(value)
        if problems:
            errors.append(invalid(f"values[{index}][{requirement.key}]", value, "; ".join(problems)))
    if errors:
        raise SelectorError(aggregate(errors))
    return requirement


@dataclass(frozen=True, slots=True)
class FieldTerm:
    """One condition on one field: equal, or not."""

    field: str
    value: str
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """Conditions that must all hold. A field that an object does not have counts as empty."""

    terms: tuple[FieldTerm, ...] = ()

    @property
    def equalities(self) -> dict[str, str]:
        """The fields whose value the selector fixes."""
        return {term.field: term.value for term in self.terms if not term.is_negated}

    @property
    def is_everything(self) -> bool:
        return not self.terms

    def matches(self, fields: Mapping[str, str]) -> bool:
        for term in self.terms:
            if (fields.get(term.field, "") == term.value) is term.is_negated:
                break
        else:
            return True
        return False

    def __str__(self) -> str:
        return ",".join(f"{term.field}{'!=' if term.is_negated else '='}{_escaped(term.value)}" for term in self.terms)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")


def parse_field_selector(text: str) -> FieldSelector:
    """The selector that a query spells: `metadata.name=web,status.phase!=Running`. SelectorError otherwise."""
    parts = sorted(_split_terms(text))
    return FieldSelector(tuple(_term(part, text) for part in parts if part))


def _split_terms(text: str) -> list[str]:
    terms, start, in_slash = [], 0, False
    for index, char in enumerate(text):
        if in_slash:
            in_slash = False
        elif char == "\\":
            in_slash = True
        elif char == ",":
            terms.append(text[start:index])
            start = index + 1
    return [*terms, text[start:]]


def _term(part: str, whole: str) -> FieldTerm:
    for index in range(len(part)):
        for operator in ("!=", "==", "="):
            if part.startswith(operator, index):
                return FieldTerm(part[:index], _unescaped(part[index + len(operator) :]), operator == "!=")
    raise SelectorError(f"invalid selector: '{whole}'; can't understand '{part}'")


def _unescaped(value: str) -> str:
    out, in_slash = [], False
    for char in value:
        if in_slash:
            if char not in "\\,=":
                raise SelectorError(f"invalid field selector: invalid escape sequence: \\{char}")
            out.append(char)
            in_slash = False
        elif char == "\\":
            in_slash = True
        elif char in ",=":
            # Go prints the character as its number.
            raise SelectorError(f"invalid field selector: unescaped character in value: {ord(char)}")
        else:
            out.append(char)
    if in_slash:
        raise SelectorError("invalid field selector: invalid escape sequence: \\")
    return "".join(out)
