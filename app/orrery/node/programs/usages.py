"""One line of usage per busybox program, as it follows `Usage: `."""

from typing import Final

USAGES: Final[dict[str, str]] = {}
