"""What INFO says of a redis server, section by section; figures that nothing here has are left out."""

from typing import TYPE_CHECKING, Final

from orrery.node.kernel import RELEASE
from orrery.node.programs.call import Call
from orrery.node.programs.servers.versions import version_of

if TYPE_CHECKING:
    from orrery.node.programs.servers.redis_store import Store

_VERSION: Final = "8.2.3"
_GUESTBOOKS: Final = "6.0.5"
_BASE_BYTES: Final = 1 << 20
_TITLES: Final = {"cpu": "CPU"}


def info(store: "Store", wanted: list[str]) -> str:
    sections = {
        "server": _server(store), "clients": _clients(store), "memory": _memory(store), "persistence": _persistence(store),
        "stats": _stats(store), "replication": _replication(store), "cpu": "used_cpu_sys:0.000000\r\nused_cpu_user:0.000000\r\n",
        "modules": "", "errorstats": "", "cluster": "cluster_enabled:0\r\n", "keyspace": _keyspace(store),
    }  # fmt: skip
    whole = not wanted or any(word in ("all", "everything", "default") for word in wanted)
    chosen = [(name, text) for name, text in sections.items() if whole or name in wanted]
    return "\r\n".join(f"# {_TITLES.get(name, name.capitalize())}\r\n{text}" for name, text in chosen)


def server_version(call: Call) -> str:
    """That of the image's tag; the guestbook's followers are made from an old one."""
    return version_of(call, "redis", _GUESTBOOKS if call.family.image.startswith("gb-redis") else _VERSION)


def _lines(**fields: object) -> str:
    return "".join(f"{name}:{value}\r\n" for name, value in fields.items())


def _server(store: "Store") -> str:
    process = store.call.process
    up_s = int(process.clock.now_s() - store.started_s)
    values = store.settings.values
    return _lines(
        redis_version=server_version(store.call), redis_git_sha1="00000000", redis_git_dirty=0, redis_build_id=0,
        redis_mode="standalone", os=f"Linux {RELEASE} x86_64", arch_bits=64, multiplexing_api="epoll", process_id=process.pid,
        process_supervised="no", tcp_port=store.settings.port, server_time_usec=int(process.clock.now_s() * 1_000_000),
        uptime_in_seconds=up_s, uptime_in_days=up_s // 86_400, hz=values["hz"], configured_hz=values["hz"],
        executable=f"{process.directory.rstrip('/')}/redis-server", config_file="", io_threads_active=0,
    )  # fmt: skip


def _clients(store: "Store") -> str:
    clients = sum(not one.is_following for one in store.sessions)
    listening = sum(bool(one.channels or one.patterns) for one in store.sessions)
    return _lines(
        connected_clients=clients, cluster_connections=0, maxclients=store.settings.values["maxclients"], blocked_clients=0,
        tracking_clients=0, pubsub_clients=listening, watching_clients=0,
    )  # fmt: skip


def _memory(store: "Store") -> str:
    values, used = store.settings.values, _BASE_BYTES
    return _lines(
        used_memory=used, used_memory_human=f"{used / (1 << 20):.2f}M", used_memory_rss=used * 8, used_memory_rss_human="8.00M",
        maxmemory=values["maxmemory"], maxmemory_human=f"{int(values['maxmemory'] or 0) / (1 << 20):.2f}M" if int(values["maxmemory"] or 0) else "0B",
        maxmemory_policy=values["maxmemory-policy"], mem_fragmentation_ratio="8.00", mem_allocator="jemalloc-5.3.0",
    )  # fmt: skip


def _persistence(store: "Store") -> str:
    return _lines(
        loading=0, async_loading=0, rdb_changes_since_last_save=store.dirty, rdb_bgsave_in_progress=0, rdb_last_save_time=int(store.saved_s),
        rdb_last_bgsave_status="ok", aof_enabled=int(store.settings.values["appendonly"] == "yes"), aof_rewrite_in_progress=0,
        aof_last_write_status="ok",
    )  # fmt: skip


def _stats(store: "Store") -> str:
    return _lines(
        total_connections_received=max((one.number for one in store.sessions), default=0), total_commands_processed=store.commands,
        instantaneous_ops_per_sec=0, rejected_connections=0, expired_keys=0, evicted_keys=0, keyspace_hits=0, keyspace_misses=0,
        pubsub_channels=len({channel for one in store.sessions for channel in one.channels}), pubsub_patterns=0,
    )  # fmt: skip


def _replication(store: "Store") -> str:
    followers = [one for one in store.sessions if one.is_following]
    rows = {
        f"slave{place}": f"ip={one.address[0]},port={store.settings.port},state=online,offset={store.offset},lag=0"
        for place, one in enumerate(followers)
    }
    text = ""
    if (leader := store.leader) is not None:
        text = _lines(
            role="slave", master_host=leader[0], master_port=leader[1], master_link_status="up" if store.link_up else "down",
            master_last_io_seconds_ago=0 if store.link_up else -1, master_sync_in_progress=0, slave_repl_offset=store.offset,
            slave_priority=100, slave_read_only=1, replica_announced=1,
        )  # fmt: skip
    else:
        text = _lines(role="master")
    return text + _lines(connected_slaves=len(followers), **rows, master_failover_state="no-failover", master_repl_offset=store.offset)


def _keyspace(store: "Store") -> str:
    rows = {number: base for number, base in enumerate(store.bases) if base.live()}
    return "".join(f"db{number}:keys={len(base.data)},expires={len(base.expires)},avg_ttl=0\r\n" for number, base in rows.items())
