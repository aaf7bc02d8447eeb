"""Users and groups by name and number, from /etc/passwd and /etc/group as the process sees them."""

from dataclasses import dataclass

from orrery.node.programs.call import Call


@dataclass(frozen=True, slots=True)
class Account:
    """A line of /etc/passwd."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str


def _rows(call: Call, path: str) -> list[list[str]]:
    try:
        data = call.process.files.read(path)
    except OSError:
        return []
    return [line.split(":") for line in data.decode("utf-8", "replace").splitlines() if ":" in line]


def accounts(call: Call) -> list[Account]:
    return [
        Account(row[0], int(row[2]), int(row[3]), row[5], row[6])
        for row in _rows(call, "/etc/passwd")
        if len(row) >= 7 and row[2].isdigit() and row[3].isdigit()
    ]


def groups(call: Call) -> list[tuple[str, int, list[str]]]:
    """Name, number, members."""
    rows = _rows(call, "/etc/group")
    return [(row[0], int(row[2]), row[3].split(",") if row[3:] and row[3] else []) for row in rows if len(row) >= 3 and row[2].isdigit()]


def user_names(call: Call) -> dict[int, str]:
    """The first name of each number; root is known even without a file."""
    names: dict[int, str] = {}
    for account in accounts(call):
        names.setdefault(account.uid, account.name)
    return names


def group_names(call: Call) -> dict[int, str]:
    names: dict[int, str] = {}
    for name, number, _ in groups(call):
        names.setdefault(number, name)
    return names


def find_user(call: Call, text: str) -> int | None:
    """A user's number, by name or by number."""
    found = next((account.uid for account in accounts(call) if account.name == text), None)
    return found if found is not None else int(text) if text.isdigit() else None


def find_group(call: Call, text: str) -> int | None:
    found = next((number for name, number, _ in groups(call) if name == text), None)
    return found if found is not None else int(text) if text.isdigit() else None
