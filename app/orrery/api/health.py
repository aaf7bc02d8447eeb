"""/livez, /readyz, /healthz and /version, in upstream's text and fields."""

import platform
import sys
from collections.abc import Callable, Mapping

from orrery import KUBERNETES_VERSION
from orrery.api.options import Query
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import Object

Check = Callable[[], bool]
"""Whether something works now."""


def version() -> Object:
    # DIFFERS: upstream's gitVersion is v1.35.4; ours ends in +orrery, which version parsers read as build metadata.
    major, minor, _ = KUBERNETES_VERSION.split(".")
    return {
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "minCompatibilityMajor": major,
        "minCompatibilityMinor": str(int(minor) - 1),
        "gitVersion": f"v{KUBERNETES_VERSION}+orrery",
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": f"none (Python {platform.python_version()})",
        "compiler": sys.implementation.name,
        "platform": f"{sys.platform}/{_architecture()}",
    }


def _architecture() -> str:
    machine = platform.machine().lower()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


class Health:
    """The checks behind each endpoint, in the order they are printed."""

    def __init__(self, readiness: Mapping[str, Check]) -> None:
        """`readiness` are the named checks that only /readyz asks."""
        alive: dict[str, Check] = {"ping": lambda: True, "log": lambda: True}
        self._checks: dict[str, dict[str, Check]] = {"healthz": alive, "livez": alive, "readyz": alive | dict(readiness)}

    @property
    def endpoints(self) -> list[str]:
        return list(self._checks)

    def paths(self) -> list[str]:
        return [path for name, checks in self._checks.items() for path in (f"/{name}", *(f"/{name}/{check}" for check in checks))]

    def answer(self, endpoint: str, query: Query) -> tuple[int, str]:
        """Status and text of /ENDPOINT; verbose by request, and always when a check fails."""
        excluded = dict.fromkeys(query.get("exclude", ()))
        lines, failed = [], False
        for name, check in self._checks[endpoint].items():
            if name in excluded:
                lines.append(f"[+]{name} excluded: ok\n")
            elif check():
                lines.append(f"[+]{name} ok\n")
            else:
                failed = True
                lines.append(f"[-]{name} failed: reason withheld\n")
        unknown = sorted(name for name in excluded if name not in self._checks[endpoint])
        if unknown:
            names = ", ".join(go_quote(name) for name in unknown)
            lines.append(f"warn: some health checks cannot be excluded: no matches for {names}\n")
        if failed:
            return 500, "".join(lines) + f"{endpoint} check failed\n"
        return 200, "".join(lines) + f"{endpoint} check passed\n" if "verbose" in query else "ok"

    def answer_one(self, endpoint: str, name: str) -> tuple[int, str] | None:
        """Status and text of /ENDPOINT/NAME; None when there is no such check."""
        check = self._checks.get(endpoint, {}).get(name)
        if check is None:
            return None
        return (200, "ok") if check() else (500, f"internal server error: {name} is not ready\n")
