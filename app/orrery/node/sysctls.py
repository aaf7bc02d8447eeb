"""Kernel parameters of a Pod: what /proc/sys tells, and which of them a Pod may set (`pkg/kubelet/sysctl`)."""

from collections.abc import Mapping
from typing import Final

from orrery.machinery.objects import FrozenObject
from orrery.node.kernel import RELEASE, VERSION

_SAFE: Final = frozenset(
    {"kernel.shm_rmid_forced"}
    | {f"net.ipv4.ip_{name}" for name in ("local_port_range", "local_reserved_ports", "unprivileged_port_start")}
    | {"net.ipv4.ping_group_range"}
    | {
        f"net.ipv4.tcp_{name}"
        for name in ("fin_timeout", "keepalive_intvl", "keepalive_probes", "keepalive_time", "rmem", "syncookies", "wmem")
    }
)

DEFAULTS: Final[Mapping[str, str]] = {
    "fs.file-max": "9223372036854775807", "fs.inotify.max_user_instances": "128", "fs.inotify.max_user_watches": "125217",
    "fs.nr_open": "1073741816", "kernel.core_pattern": "core", "kernel.domainname": "(none)", "kernel.msgmax": "8192",
    "kernel.msgmnb": "16384", "kernel.msgmni": "32000", "kernel.osrelease": RELEASE, "kernel.ostype": "Linux", "kernel.panic": "10",
    "kernel.panic_on_oops": "1", "kernel.pid_max": "4194304", "kernel.randomize_va_space": "2", 
    "kernel.sem": "32000\t1024000000\t500\t32000",
    "kernel.shm_rmid_forced": "0", "kernel.shmall": "18446744073692774399", "kernel.shmmax": "18446744073692774399",
    "kernel.shmmni": "4096", "kernel.threads-max": "127189", "kernel.version": VERSION, "net.core.somaxconn": "4096",
    "net.ipv4.ip_forward": "1", "net.ipv4.ip_local_port_range": "32768\t60999", "net.ipv4.ip_local_reserved_ports": "",
    "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0\t2147483647", "net.ipv4.tcp_fin_timeout": "60",
    "net.ipv4.tcp_keepalive_intvl": "75", "net.ipv4.tcp_keepalive_probes": "9", "net.ipv4.tcp_keepalive_time": "7200",
    "net.ipv4.tcp_max_syn_backlog": "1024", "net.ipv4.tcp_rmem": "4096\t131072\t6291456", "net.ipv4.tcp_syncookies": "1",
    "net.ipv4.tcp_tw_reuse": "2", "net.ipv4.tcp_wmem": "4096\t16384\t4194304", "vm.max_map_count": "1048576", "vm.overcommit_memory": "1",
    "vm.panic_on_oom": "0", "vm.swappiness": "60",
}  # fmt: skip


def sysctls_of(spec: FrozenObject) -> Mapping[str, str]:
    """What the Pod sets, in names with dots and values as the kernel shows them."""
    wanted = (spec.get("securityContext") or {}).get("sysctls") or ()
    return {_dotted(one["name"]): "\t".join(str(one["value"]).split()) for one in wanted}


def why_forbidden(spec: FrozenObject) -> str:
    """Why the kubelet does not take the Pod; empty when it does. Parameters of namespaces that are the node's the API has refused."""
    unsafe = next((name for name in sysctls_of(spec) if name not in _SAFE), None)
    return "" if unsafe is None else f'forbidden sysctl: "{unsafe}" not allowlisted'


def _dotted(name: str) -> str:
    """`net/ipv4/conf` and `net.ipv4.conf` are the same; what comes first tells which sign parts the words."""
    slash, dot = name.find("/"), name.find(".")
    return name if slash < 0 or 0 <= dot < slash else name.translate({ord("/"): ".", ord("."): "/"})
