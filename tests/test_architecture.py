"""The rules of ARCHITECTURE.md and CONTRIBUTING.md that a program can check."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "app" / "orrery").rglob("*.py"))
CLOCK = ROOT / "app" / "orrery" / "machinery" / "clock.py"
# What reads time, sleeps or draws randomness; only the clock may.
FORBIDDEN = {
    ("time", "time"),
    ("time", "monotonic"),
    ("time", "sleep"),
    ("time", "perf_counter"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("random", "random"),
    ("random", "choice"),
    ("random", "choices"),
    ("random", "randint"),
    ("uuid", "uuid4"),
    ("uuid", "uuid1"),
    ("secrets", "token_hex"),
    ("os", "urandom"),
}
BANNED_NAMES = {"utils", "helpers", "common", "base", "manager", "util", "helper", "misc"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_only_the_clock_knows_time_and_chance(path: Path) -> None:
    if path == CLOCK:
        return
    nodes = list(ast.walk(ast.parse(path.read_text())))
    imported = {alias.asname or alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {alias.asname or alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    used = {(call.value.id, call.attr) for call in calls if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name)}
    assert not {(module, function) for module, function in used & FORBIDDEN if module in imported}


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_every_module_opens_with_what_it_owns(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_no_file_is_a_drawer_for_everything(path: Path) -> None:
    assert path.stem not in BANNED_NAMES
    assert path.read_text().count("\n") <= 500


def test_every_room_is_in_the_picture() -> None:
    """A folder that ARCHITECTURE.md does not name is a room nobody knows."""
    rooms = {path.name for path in (ROOT / "app" / "orrery").iterdir() if path.is_dir() and not path.name.startswith("_")}
    page = (ROOT / "ARCHITECTURE.md").read_text()
    assert {room for room in rooms if room not in page} == set()
