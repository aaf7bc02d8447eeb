"""redis-server's settings: those of its file, then those of its command line, and what CONFIG says and changes of them."""

import re
from typing import Final

from orrery.node.programs.call import Call, decode
from orrery.node.programs.faults import Fault
from orrery.node.programs.patterns.glob import matches_glob
from orrery.node.programs.reasons import reason

_DEFAULTS: Final = {
    "appendfilename": "appendonly.aof", "appendfsync": "everysec", "appendonly": "no", "bind": "* -::*", "cluster-enabled": "no",
    "daemonize": "no", "databases": "16", "dbfilename": "dump.rdb", "dir": "/data", "hz": "10", "io-threads": "1", "logfile": "",
    "loglevel": "notice", "lua-time-limit": "5000", "masterauth": "", "maxclients": "10000", "maxmemory": "0",
    "maxmemory-policy": "noeviction", "maxmemory-samples": "5", "notify-keyspace-events": "", "port": "6379", "protected-mode": "no",
    "rdbchecksum": "yes", "rdbcompression": "yes", "replica-read-only": "yes", "replicaof": "", "requirepass": "",
    "save": "3600 1 300 100 60 10000", "slowlog-log-slower-than": "10000", "slowlog-max-len": "128", "stop-writes-on-bgsave-error": "yes",
    "tcp-backlog": "511", "tcp-keepalive": "300", "timeout": "0", "unixsocket": "",
}  # fmt: skip
_ALIASES: Final = {"slaveof": "replicaof", "slave-read-only": "replica-read-only"}
_SIZES: Final = frozenset(
    {"maxmemory", "client-query-buffer-limit", "proto-max-bulk-len", "auto-aof-rewrite-min-size", "repl-backlog-size"}
)
_SIZE: Final = re.compile(r"(\d+)(k|kb|m|mb|g|gb|b)?", re.IGNORECASE)
_UNITS: Final = {"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1000**2, "mb": 1 << 20, "g": 1000**3, "gb": 1 << 30}
_WORD: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|(\S+)')


class RedisSettings:
    """Names and values, as CONFIG GET shows them."""

    def __init__(self, call: Call) -> None:
        """Fault, when the file cannot be read."""
        self.values = dict(_DEFAULTS)
        words = list(call.arguments)
        self.has_file = bool(words) and not words[0].startswith("-")
        if self.has_file:
            self._read_file(call, words.pop(0))
        name = ""
        for word in words:
            if word.startswith("--"):
                name = word[2:].lower()
                self._put(name, "")
            elif name:
                self._put(name, f"{self.values[_ALIASES.get(name, name)]} {word}".strip())

    @property
    def port(self) -> int:
        return int(self.values["port"]) if self.values["port"].isdigit() else 6379

    @property
    def password(self) -> str:
        return self.values["requirepass"]

    def find(self, patterns: list[bytes]) -> list[bytes]:
        """Names and values in turn, of the names that fit one of the patterns."""
        wanted = [decode(pattern).lower() for pattern in patterns]
        fitting = sorted(name for name in self.values if any(matches_glob(pattern, name) for pattern in wanted))
        return [word.encode() for name in fitting for word in (name, self.values[name])]

    def change(self, words: list[bytes]) -> str:
        """Set names and values in turn; what is wrong with them."""
        names = [decode(word).lower() for word in words[::2]]
        unknown = next((name for name in names if _ALIASES.get(name, name) not in self.values), None)
        if unknown is not None or len(words) % 2:
            return f"Unknown option or number of arguments for CONFIG SET - '{unknown or names[-1]}'"
        for name, value in zip(names, words[1::2], strict=True):
            if name in _SIZES and not _SIZE.fullmatch(decode(value)):
                return f"CONFIG SET failed (possibly related to argument '{name}') - argument must be a memory value"
            self._put(name, decode(value))
        return ""

    def _read_file(self, call: Call, path: str) -> None:
        try:
            text = call.process.files.read(path).decode("utf-8", "replace")
        except OSError as error:
            raise Fault(f"Fatal error, can't open config file '{path}': {reason(error)}") from None
        seen: set[str] = set()
        for line in text.splitlines():
            words = [next(filter(None, found.groups()), "") for found in _WORD.finditer(line.strip())]
            if len(words) < 2 or words[0].startswith("#"):
                continue
            name = words[0].lower()
            before = f"{self.values[name]} " if name == "save" and name in seen else ""
            self._put(name, before + " ".join(words[1:]))
            seen.add(name)

    def _put(self, name: str, value: str) -> None:
        if name in _SIZES and (size := _SIZE.fullmatch(value)):
            value = str(int(size[1]) * _UNITS[(size[2] or "").lower()])
        self.values[_ALIASES.get(name, name)] = value
