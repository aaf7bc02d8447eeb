"""What root may do in a container, from its security context: the capabilities that /proc/PID/status tells, as containerd gives them.

Only CHOWN and FOWNER are asked for (`files/view.py`); the others are shown, and simulated programs do nothing that they are for.
"""

from typing import Final, NamedTuple
from zlib import crc32

from orrery.machinery.objects import FrozenObject, uid_of

_NAMES: Final = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN "
    "NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME "
    "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ "
    "PERFMON BPF CHECKPOINT_RESTORE"
)
_BITS: Final = {name: 1 << number for number, name in enumerate(_NAMES.split())}
CHOWN: Final = _BITS["CHOWN"]
FOWNER: Final = _BITS["FOWNER"]
_EVERY: Final = (1 << len(_BITS)) - 1
_USUAL: Final = 0xA80425FB
RANGE: Final = 65536
_RANGES: Final = 60_000


class Privileges(NamedTuple):
    """What the processes of a container may be or become."""

    capabilities: int = _USUAL
    """Of root; other users have none, and keep these as their bound."""
    gains_none: bool = False
    is_filtered: bool = False
    """Whether a seccomp profile filters what it calls."""
    first_user: int = 0
    """Who its user 0 is on the node: another one with `hostUsers: false`."""


USUAL: Final = Privileges()


def privileges_of(pod: FrozenObject, container: FrozenObject) -> Privileges:
    """Those of a container. "ALL" comes before the names that are added and dropped one by one."""
    security = container.get("securityContext") or {}
    profile = security.get("seccompProfile") or (pod["spec"].get("securityContext") or {}).get("seccompProfile") or {}
    first_user = _users_range(pod) if pod["spec"].get("hostUsers") is False else 0
    if security.get("privileged"):
        return Privileges(_EVERY, first_user=first_user)
    wanted = security.get("capabilities") or {}
    added, dropped = ({name.upper() for name in wanted.get(field) or ()} for field in ("add", "drop"))
    capabilities = 0 if "ALL" in dropped else _EVERY if "ALL" in added else _USUAL
    capabilities |= sum(_BITS.get(name, 0) for name in added)
    capabilities &= ~sum(_BITS.get(name, 0) for name in dropped)
    is_filtered = profile.get("type", "Unconfined") != "Unconfined"
    gains_none = security.get("allowPrivilegeEscalation") is False
    return Privileges(capabilities, gains_none=gains_none, is_filtered=is_filtered, first_user=first_user)


def _users_range(pod: FrozenObject) -> int:
    """The first of the 65,536 users of the node that a Pod with a user namespace gets, always the same for one Pod."""
    return RANGE * (1 + crc32(uid_of(pod).encode()) % _RANGES)
