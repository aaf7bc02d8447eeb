"""The kernel of the simulated nodes: what Node objects, `uname` and /proc say of it must be the same."""

from typing import Final

RELEASE: Final = "6.12.57+deb13-amd64"
VERSION: Final = "#1 SMP PREEMPT_DYNAMIC Debian 6.12.57-1 (2025-11-05)"
