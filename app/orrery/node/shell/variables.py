"""A shell's variables: values, what is exported, read-only, local, or an array."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from orrery.node.shell.errors import ShellError
from orrery.node.shell.flavours import Flavour

DEFAULT_IFS: Final = " \t\n"
_LONG: Final = 4096
"""Values from this length on count as memory of the process."""
_Value = TypeVar("_Value")
_Key = TypeVar("_Key", int, str)
ELEMENT_BYTES: Final = 100
"""What an element of an array takes besides its text."""


class Variables:
    """Values by name. A fork copies them; a function's locals are put back when it returns."""

    def __init__(self, flavour: Flavour, environment: Mapping[str, str]) -> None:
        self.flavour = flavour
        self.values: dict[str, str] = {name: value for name, value in environment.items() if name.isidentifier()}
        self.exported: set[str] = set(self.values)
        self.readonly: set[str] = set()
        self.integers: set[str] = set()
        self.cases: dict[str, str] = {}
        """bash's declare -u and -l."""
        self.arrays: dict[str, dict[int, str]] = {}
        self.maps: dict[str, dict[str, str]] = {}
        self.references: dict[str, str] = {}
        self.dynamic: dict[str, Callable[[], str]] = {}
        self.dynamic_arrays: dict[str, Callable[[], list[str]]] = {}
        """bash's FUNCNAME and its like."""
        self.export_all = False
        self.on_change: dict[str, Callable[[str | None], None]] = {}
        self.extra: dict[str, str] = {name: value for name, value in environment.items() if not name.isidentifier()}
        """Variables that are passed on though no script can name them."""
        self.charge: Callable[[int], None] = lambda count: None
        """Takes memory, or gives it back."""
        self._charged: dict[str, int] = {}
        self._elements = 0
        """What elements of arrays took since they were last accounted for."""
        self._scopes: list[dict[str, _Saved]] = []
        self._environment: dict[str, str] | None = None

    def fork(self) -> "Variables":
        copy = Variables(self.flavour, {})
        copy.values = dict(self.values)
        copy.exported = set(self.exported)
        copy.readonly = set(self.readonly)
        copy.integers = set(self.integers)
        copy.cases = dict(self.cases)
        copy.arrays = {name: dict(items) for name, items in self.arrays.items()}
        copy.maps = {name: dict(items) for name, items in self.maps.items()}
        copy.references = dict(self.references)
        copy.export_all = self.export_all
        copy.extra = self.extra
        copy._scopes = [dict(scope) for scope in self._scopes]
        copy._environment = self._environment
        return copy

    # --- values ------------------------------------------------------------------------------------------------------------

    def get(self, name: str) -> str | None:
        """The value of a variable; of an array its element 0."""
        value = self.values.get(name)
        if value is not None:
            return value
        if name in self.references:
            return self.get(self.references[name])
        if name in self.arrays:
            return self.arrays[name].get(0)
        if name in self.maps:
            return self.maps[name].get("0")
        dynamic = self.dynamic.get(name)
        return dynamic() if dynamic else None

    def check_writable(self, name: str, *, builtin: str = "") -> None:
        if name in self.readonly:
            text = "readonly variable" if self.flavour.is_bash else "is read only"
            raise ShellError(f"{name}: {text}", 1 if self.flavour.is_bash else 2, builtin=builtin, only_line=True)

    def set(self, name: str, value: str) -> None:
        """Assign; ShellError when it is read-only."""
        if name in self.readonly:
            self.check_writable(name)
        if self.arrays or self.maps or self.cases or self.references:
            if name in self.references:
                self.set(self.references[name], value)
                return
            if name in self.cases:
                value = value.upper() if self.cases[name] == "u" else value.lower()
            if name in self.arrays:
                self.arrays[name][0] = value
                return
            if name in self.maps:
                self.maps[name]["0"] = value
                return
        if self._charged or len(value) >= _LONG:
            self._account(name, len(value))
        self.values[name] = value
        if self.export_all:
            self.exported.add(name)
        if name in self.exported:
            self._environment = None
        if name in self.on_change:
            self.on_change[name](value)

    def _account(self, name: str, length: int) -> None:
        before, now = self._charged.pop(name, 0), length if length >= _LONG else 0
        if now:
            self._charged[name] = now
        if now != before:
            self.charge(now - before)

    def unset(self, name: str, *, builtin: str = "unset") -> None:
        self.check_writable(name, builtin=builtin)
        for charged in (name, f"{name}[]"):
            if charged in self._charged:
                self._account(charged, 0)
        self.values.pop(name, None)
        self.arrays.pop(name, None)
        self.maps.pop(name, None)
        self.references.pop(name, None)
        self.dynamic.pop(name, None)
        self.integers.discard(name)
        self.cases.pop(name, None)
        self.exported.discard(name)
        self._environment = None
        if name in self.on_change:
            self.on_change[name](None)

    def export(self, name: str) -> None:
        self.exported.add(name)
        self._environment = None

    def unexport(self, name: str) -> None:
        self.exported.discard(name)
        self._environment = None

    def environment(self) -> dict[str, str]:
        """What a program is started with; do not change it."""
        if self._environment is None:
            self._environment = {name: value for name, value in self.values.items() if name in self.exported} | self.extra
        return self._environment

    def forget_environment(self) -> None:
        """Something exported has changed behind `set`."""
        self._environment = None

    def names(self) -> list[str]:
        return sorted({*self.values, *self.arrays, *self.maps})

    # --- arrays ------------------------------------------------------------------------------------------------------------

    def array(self, name: str) -> Mapping[int, str] | Mapping[str, str]:
        """The elements of an array in order; a plain variable is an array of one."""
        if name in self.arrays:
            items = self.arrays[name]
            return {key: items[key] for key in sorted(items)}
        if name in self.maps:
            return self.maps[name]
        if name in self.references:
            return self.array(self.references[name])
        if name in self.dynamic_arrays:
            return dict(enumerate(self.dynamic_arrays[name]()))
        value = self.get(name)
        return {} if value is None else {0: value}

    def make_array(self, name: str) -> dict[int, str]:
        """The indexed array of this name, made from the plain value when there is one."""
        self.check_writable(name)
        if name not in self.arrays:
            value = self.values.pop(name, None)
            self.arrays[name] = {} if value is None else {0: value}
            self._environment = None
        return self.arrays[name]

    def set_array(self, name: str, values: dict[int, str]) -> None:
        """Replace a whole indexed array."""
        self._account(f"{name}[]", sum(len(value) + ELEMENT_BYTES for value in values.values()))
        self.arrays[name] = values

    def set_element(self, name: str, items: dict[_Key, str], key: _Key, value: str) -> None:
        """Set an element of an array or map of this shell."""
        before = items.get(key)
        self._elements += len(value) + ELEMENT_BYTES if before is None else len(value) - len(before)
        if self._elements >= _LONG:
            held, self._elements = self._elements, 0
            self._account(f"{name}[]", self._charged.get(f"{name}[]", 0) + held)
        items[key] = value

    # --- locals ------------------------------------------------------------------------------------------------------------

    @property
    def in_function(self) -> bool:
        return bool(self._scopes)

    def enter(self) -> None:
        self._scopes.append({})

    def leave(self) -> None:
        """The variables that the function made local are what they were before it."""
        for name, saved in self._scopes.pop().items():
            saved.restore(self, name)
        self._environment = None

    def make_local(self, name: str) -> None:
        scope = self._scopes[-1]
        if name not in scope:
            self.check_writable(name, builtin="local")
            scope[name] = _Saved(self, name)
            if self.flavour.is_bash:
                for table in (self.values, self.arrays, self.maps, self.references):
                    table.pop(name, None)
            self._environment = None


class _Saved:
    """All there is to know of one variable."""

    __slots__ = ("array", "case", "exported", "integer", "map", "readonly", "reference", "value")

    def __init__(self, variables: Variables, name: str) -> None:
        self.value = variables.values.get(name)
        self.array = variables.arrays.get(name)
        self.map = variables.maps.get(name)
        self.reference = variables.references.get(name)
        self.case = variables.cases.get(name)
        self.exported = name in variables.exported
        self.readonly = name in variables.readonly
        self.integer = name in variables.integers

    def restore(self, variables: Variables, name: str) -> None:
        _put(variables.values, name, self.value)
        _put(variables.arrays, name, self.array)
        _put(variables.maps, name, self.map)
        _put(variables.references, name, self.reference)
        _put(variables.cases, name, self.case)
        for names, present in (
            (variables.exported, self.exported),
            (variables.readonly, self.readonly),
            (variables.integers, self.integer),
        ):
            if present:
                names.add(name)
            else:
                names.discard(name)
        if name in variables.on_change:
            variables.on_change[name](self.value)


def _put(table: dict[str, _Value], name: str, value: _Value | None) -> None:
    if value is None:
        table.pop(name, None)
    else:
        table[name] = value
