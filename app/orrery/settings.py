"""Every limit and delay in one frozen model; the unit is in the name. `orrery serve` fills it from options and ORRERY_… variables."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """How one Orrery process behaves. The defaults are what `orrery serve` does without options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pace: Literal["real", "fast"] = "real"
    """Whether pulling, starting and stopping take what they take on a small cluster, or no time of their own."""
    nodes: int = 3
    """How many simulated nodes."""
    node_cpu: str = "4"
    """What each node offers: CPU …"""
    node_memory: str = "16Gi"
    """… memory …"""
    node_pods: int = 110
    """… Pods …"""
    node_ephemeral_storage: str = "100Gi"
    """… and local storage."""
    images: Literal["open", "strict"] = "open"
    """Whether images of repositories that Orrery does not know exist (and run as quiet servers) or fail to pull."""

    cluster_domain: str = "cluster.local"
    """What the names of Services end with."""
    service_cidr: str = "10.96.0.0/16"
    """Addresses of Services …"""
    pod_cidr: str = "10.244.0.0/16"
    """… of Pods …"""
    node_cidr: str = "172.18.0.0/16"
    """… and of nodes."""
    load_balancer_cidr: str = "172.18.255.0/24"
    """Addresses for Services of type LoadBalancer; empty: they stay pending, for a controller of one's own."""
    node_port_first: int = 30000
    """The range of node ports: from here …"""
    node_port_last: int = 32767
    """… to here."""

    body_bytes_max: int = 3 * 1024 * 1024
    """A longer request body is refused with 413."""
    watch_timeout_s_min: int = 1800
    """A watch without timeoutSeconds ends after this, or up to twice as long, as upstream's --min-request-timeout."""
    watch_bookmark_s: float = 60.0
    """How often a watch that allows bookmarks gets one."""
    watch_backlog_events_max: int = 10_000
    """A watcher further behind than this is cut off and must resume."""
    history_bytes_max: int = 64 * 1024 * 1024
    """History kept in memory for watchers; older history is read from the log until compaction."""
    history_s_min: float = 300.0
    """How long superseded revisions stay before compaction may take them."""
    compaction_interval_s: float = 300.0
    """How often it looks for some."""
    parsed_objects_max: int = 12_000
    """Objects that are kept parsed, beside their encoded form; the least recently used are parsed again when asked for."""
    events_ttl_s: float = 3600.0
    """How long Event objects live."""
    terminated_pods_max: int = 12_500
    """Ended Pods beyond this are removed, the oldest first; 0 keeps all. Upstream's --terminated-pod-gc-threshold."""

    container_memory_bytes_max: int = 256 * 1024 * 1024
    """What the processes of a container without a memory limit may take before they are OOM killed (exit code 137)."""
    containers_memory_bytes_max: int = 1024 * 1024 * 1024
    """The same for all containers together: beyond it the one that holds most is OOM killed, as on a node that runs out of memory."""
    container_disk_bytes_max: int = 128 * 1024 * 1024
    """What a container may write to its own file system before it is told "No space left on device"; zeros are free."""
    disks_bytes_max: int = 1024 * 1024 * 1024
    """The same for all containers together."""
    volumes_bytes_max: int = 1024 * 1024 * 1024
    """What all volumes may hold together."""
    container_processes_max: int = 1024
    """Beyond it, a fork fails with "Resource temporarily unavailable"."""
    container_log_bytes_max: int = 1024 * 1024
    """What is kept of the log of one run of a container: its newest lines."""
    container_log_bytes_per_s_max: int = 2 * 1024 * 1024
    """Who writes faster to its log waits."""

    kept_bytes_max: int = 2 * 1024 * 1024 * 1024
    """What logs and files of volumes may take in the data directory; what comes on top does not survive a restart."""
    kept_interval_s: float = 1.0
    """How often they are written there, and so how much of them is lost when the process is killed."""


FAST = Settings(pace="fast")
