"""What a redis server does with a command: its sessions, databases, transactions and channels. Values are `redis_values.py`'s.

Blocking pops, replication's hello and the disk are the server's own (`redis.py`); each write is told to whoever listens (`on_write`).
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from orrery.node.programs.call import Call, decode, encode
from orrery.node.programs.patterns.glob import matches_glob
from orrery.node.programs.servers import redis_collections, redis_strings
from orrery.node.programs.servers.redis_info import info
from orrery.node.programs.servers.redis_settings import RedisSettings
from orrery.node.programs.servers.redis_values import OK, SYNTAX, Base, Session, SortedSet, Wrong, array, bulk, integer, replies, shown

_WRONG_PASSWORD: Final = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
_READ_ONLY: Final = b"-READONLY You can't write against a read only replica.\r\n"
_LISTENING: Final = frozenset({"SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "PING", "QUIT", "RESET"})
_UNKNOWN_SHOWN: Final = 3
_READS: Final = {**redis_strings.READS, **redis_collections.READS}
_WRITES: Final = {**redis_strings.WRITES, **redis_collections.WRITES}


class Store:
    """The data, who is connected, and the commands."""

    def __init__(self, call: Call, settings: RedisSettings) -> None:
        self.call, self.settings = call, settings
        count = int(settings.values["databases"]) if settings.values["databases"].isdigit() else 16
        self.bases = [Base(call.process) for _ in range(max(count, 1))]
        self.started_s = self.saved_s = call.process.clock.now_s()
        self.sessions: list[Session] = []
        self.own = Session()
        """Who applies what a leader or a file says."""
        self.dirty = self.commands = self.offset = 0
        self.link_up = False
        """Whether the leader that is followed answers."""
        self.on_write: list[Callable[[int, list[bytes]], None]] = []
        self.on_save: Callable[[], str] = lambda: ""
        """Puts all data on the disk; the complaint, if that cannot be."""
        self.on_follow: Callable[[], None] = lambda: None

    @property
    def leader(self) -> tuple[str, int] | None:
        """Whom this one follows."""
        words = self.settings.values["replicaof"].split()
        return (words[0], int(words[1])) if len(words) == 2 and words[1].isdigit() else None

    def run(self, words: list[bytes], session: Session) -> bytes:
        """The reply to a command."""
        name = words[0].upper().decode("latin-1")
        self.commands += 1
        if name == "AUTH" and len(words) > 1:
            return self._known(words[-1], session)
        if self.settings.password and not session.is_known and session is not self.own and name not in ("AUTH", "QUIT", "HELLO"):
            return b"-NOAUTH Authentication required.\r\n"
        self._show(words, session)
        if (session.channels or session.patterns) and name not in _LISTENING:
            shown_name = name.lower()
            return encode(
                f"-ERR Can't execute '{shown_name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\r\n"
            )
        if session.queue is not None and name not in ("EXEC", "DISCARD", "MULTI", "RESET", "QUIT"):
            if (problem := self._problem(name, words)) is None:
                session.queue.append(words)
            return problem or b"+QUEUED\r\n"
        return self._problem(name, words) or self._done(name, words, session)

    def _problem(self, name: str, words: list[bytes]) -> bytes | None:
        """What is wrong with a command before it is tried."""
        command = _READS.get(name) or _WRITES.get(name) or _SERVER.get(name)
        if command is None:
            given = words[0].decode("utf-8", "replace")
            arguments = "".join(f"'{word.decode('utf-8', 'replace')}' " for word in words[1 : _UNKNOWN_SHOWN + 1])
            return encode(f"-ERR unknown command '{given}', with args beginning with: {arguments}\r\n")
        if len(words) - 1 < command[0]:
            return encode(f"-ERR wrong number of arguments for '{name.lower()}' command\r\n")
        return None

    def _done(self, name: str, words: list[bytes], session: Session) -> bytes:
        if name in _SERVER:
            try:
                return _SERVER[name][1](self, words[1:], session)
            except Wrong as wrong:
                return bytes(wrong.args[0])
            except (ValueError, IndexError):
                return SYNTAX
        base = self.bases[session.database]
        is_write = name in _WRITES
        if is_write and self.leader is not None and session is not self.own:
            return _READ_ONLY
        try:
            reply = (_WRITES if is_write else _READS)[name][1](base, words[1:])
        except Wrong as wrong:
            return bytes(wrong.args[0])
        except ValueError:
            return b"-ERR value is not an integer or out of range\r\n"
        except IndexError:
            return SYNTAX
        told, base.told = base.told, []
        if is_write and not reply.startswith(b"-"):
            self.note(session.database, told if told and told[0][0] != b"PEXPIREAT" else [words, *told])
        return reply

    def note(self, database: int, commands: list[list[bytes]]) -> None:
        """Tell followers and the disk what changed."""
        self.dirty += 1
        for words in commands:
            for listener in self.on_write:
                listener(database, words)

    def leave(self, session: Session) -> None:
        if session in self.sessions:
            self.sessions.remove(session)

    def dump(self) -> list[list[bytes]]:
        """The commands that make all there is."""
        out: list[list[bytes]] = []
        for number, base in enumerate(self.bases):
            keys = base.live()
            out += [[b"SELECT", b"%d" % number]] if keys else []
            for key in keys:
                out.append(_maker(key, base))
                if (due := base.expires.get(key)) is not None:
                    out.append([b"PEXPIREAT", key, b"%d" % round(due * 1000)])
        return out

    def clear(self) -> None:
        for base in self.bases:
            for key in list(base.data):
                base.drop(key)

    def _show(self, words: list[bytes], session: Session) -> None:
        """Let those see the command who watch all of them."""
        watchers = [one for one in self.sessions if one.is_watching]
        if watchers and session is not self.own:
            said = " ".join('"' + word.decode("utf-8", "replace").replace('"', '\\"') + '"' for word in words)
            now_s = self.call.process.clock.now_s()
            line = encode(f"+{now_s:.6f} [{session.database} {session.address[0]}:{session.address[1]}] {said}\r\n")
            for one in watchers:
                one.send(line)

    def _known(self, password: bytes, session: Session) -> bytes:
        if not self.settings.password:
            return (
                b"-ERR AUTH <password> called without any password configured for the default user."
                b" Are you sure your configuration is correct?\r\n"
            )
        session.is_known = session.is_known or password == encode(self.settings.password)
        return OK if password == encode(self.settings.password) else _WRONG_PASSWORD

    # The server's own commands.

    def ping(self, words: list[bytes], session: Session) -> bytes:
        if session.channels or session.patterns:
            return replies([bulk(b"pong"), bulk(words[0] if words else b"")])
        return bulk(words[0]) if words else b"+PONG\r\n"

    def select(self, words: list[bytes], session: Session) -> bytes:
        if not words[0].isdigit():
            return b"-ERR invalid DB index\r\n"
        if int(words[0]) >= len(self.bases):
            return b"-ERR DB index is out of range\r\n"
        session.database = int(words[0])
        return OK

    def flush(self, _: list[bytes], session: Session) -> bytes:
        return self._flushed(session, [self.bases[session.database]], b"FLUSHDB")

    def flush_all(self, _: list[bytes], session: Session) -> bytes:
        return self._flushed(session, self.bases, b"FLUSHALL")

    def _flushed(self, session: Session, bases: list[Base], name: bytes) -> bytes:
        if self.leader is not None and session is not self.own:
            return _READ_ONLY
        for base in bases:
            for key in list(base.data):
                base.drop(key)
        self.note(session.database, [[name]])
        return OK

    def begin(self, _: list[bytes], session: Session) -> bytes:
        if session.queue is not None:
            return b"-ERR MULTI calls can not be nested\r\n"
        session.queue = []
        return OK

    def execute(self, _: list[bytes], session: Session) -> bytes:
        if session.queue is None:
            return b"-ERR EXEC without MULTI\r\n"
        queue, session.queue = session.queue, None
        return replies(self._done(words[0].upper().decode("latin-1"), words, session) for words in queue)

    def discard(self, _: list[bytes], session: Session) -> bytes:
        if session.queue is None:
            return b"-ERR DISCARD without MULTI\r\n"
        session.queue = None
        return OK

    def publish(self, words: list[bytes], _: Session) -> bytes:
        channel, text, heard = words[0], words[1], 0
        for one in self.sessions:
            if channel in one.channels:
                one.send(array([b"message", channel, text]))
                heard += 1
            for pattern in one.patterns:
                if matches_glob(decode(pattern), decode(channel)):
                    one.send(array([b"pmessage", pattern, channel, text]))
                    heard += 1
        return integer(heard)

    def listen(self, words: list[bytes], session: Session, *, by_pattern: bool = False, leaves: bool = False) -> bytes:
        chosen = session.patterns if by_pattern else session.channels
        verb = (b"p" if by_pattern else b"") + (b"unsubscribe" if leaves else b"subscribe")
        out = b""
        for word in words or (sorted(chosen) if leaves else []):
            (chosen.discard if leaves else chosen.add)(word)
            out += replies([bulk(verb), bulk(word), integer(len(session.channels) + len(session.patterns))])
        return out or replies([bulk(verb), bulk(None), integer(0)])

    def watch_all(self, _: list[bytes], session: Session) -> bytes:
        session.is_watching = True
        return OK

    def info(self, words: list[bytes], _: Session) -> bytes:
        return bulk(info(self, [decode(word).lower() for word in words]).encode())

    def echo(self, words: list[bytes], _: Session) -> bytes:
        return bulk(words[0])

    def okay(self, _: list[bytes], __: Session) -> bytes:
        return OK

    def time(self, _: list[bytes], __: Session) -> bytes:
        now_s = self.call.process.clock.now_s()
        return array([b"%d" % int(now_s), b"%d" % int(now_s % 1 * 1_000_000)])

    def config(self, words: list[bytes], _: Session) -> bytes:
        verb, rest = words[0].upper(), words[1:]
        if verb == b"GET":
            return array(self.settings.find(rest))
        if verb == b"SET" and (problem := self.settings.change(rest)):
            return encode(f"-ERR {problem}\r\n")
        return OK

    def client(self, words: list[bytes], session: Session) -> bytes:
        verb = words[0].upper()
        if verb == b"ID":
            return integer(session.number)
        if verb == b"GETNAME":
            return bulk(session.name or None)
        if verb == b"SETNAME" and len(words) > 1:
            session.name = words[1]
        if verb in (b"LIST", b"INFO"):
            rows = [self._client(one) for one in (self.sessions if verb == b"LIST" else [session])]
            return bulk("".join(rows).encode())
        return OK

    def _client(self, one: Session) -> str:
        return (
            f"id={one.number} addr={one.address[0]}:{one.address[1]} laddr=127.0.0.1:{self.settings.port} fd={one.number + 5}"
            f" name={one.name.decode()} age=0 idle=0 flags={'S' if one.is_following else 'P' if one.channels else 'N'} db={one.database}"
            f" sub={len(one.channels)} psub={len(one.patterns)} ssub=0 multi={-1 if one.queue is None else len(one.queue)} watch=0 user=default\n"
        )

    def save(self, _: list[bytes], __: Session) -> bytes:
        return b"-ERR\r\n" if self.on_save() else OK

    def save_behind(self, _: list[bytes], __: Session) -> bytes:
        self.on_save()
        return b"+Background saving started\r\n"

    def saved(self, _: list[bytes], __: Session) -> bytes:
        return integer(int(self.saved_s))

    def role(self, _: list[bytes], __: Session) -> bytes:
        if (leader := self.leader) is not None:
            state = b"connected" if self.link_up else b"connect"
            return replies([bulk(b"slave"), bulk(leader[0].encode()), integer(leader[1]), bulk(state), integer(self.offset)])
        followers = [one for one in self.sessions if one.is_following]
        rows = [array([one.address[0].encode(), b"%d" % self.settings.port, b"%d" % self.offset]) for one in followers]
        return replies([bulk(b"master"), integer(self.offset), replies(rows)])

    def follow(self, words: list[bytes], _: Session) -> bytes:
        is_none = [word.upper() for word in words[:2]] == [b"NO", b"ONE"]
        self.settings.values["replicaof"] = "" if is_none else " ".join(decode(word) for word in words[:2])
        self.on_follow()
        return OK

    def command(self, words: list[bytes], _: Session) -> bytes:
        return integer(len(_READS) + len(_WRITES) + len(_SERVER)) if words[:1] and words[0].upper() == b"COUNT" else array([])

    def wait(self, _: list[bytes], __: Session) -> bytes:
        return integer(sum(one.is_following for one in self.sessions))

    def empty(self, _: list[bytes], __: Session) -> bytes:
        return array([])


def _maker(key: bytes, base: Base) -> list[bytes]:
    value = base.data[key]
    if isinstance(value, bytes):
        return [b"SET", key, value]
    if isinstance(value, SortedSet):
        return [b"ZADD", key, *(word for member, score in value.items() for word in (shown(score), member))]
    if isinstance(value, dict) and not isinstance(value, SortedSet):
        return [b"HSET", key, *(word for pair in value.items() for word in pair)]
    return [b"RPUSH" if isinstance(value, list) else b"SADD", key, *value]


def _listen(store: Store, words: list[bytes], session: Session) -> bytes:
    return store.listen(words, session)


def _listen_by_pattern(store: Store, words: list[bytes], session: Session) -> bytes:
    return store.listen(words, session, by_pattern=True)


def _leave(store: Store, words: list[bytes], session: Session) -> bytes:
    return store.listen(words, session, leaves=True)


def _leave_by_pattern(store: Store, words: list[bytes], session: Session) -> bytes:
    return store.listen(words, session, by_pattern=True, leaves=True)


_Own: TypeAlias = tuple[int, Callable[[Store, list[bytes], Session], bytes]]
_SERVER: Final[dict[str, _Own]] = {
    "PING": (0, Store.ping), "SELECT": (1, Store.select), "FLUSHDB": (0, Store.flush), "FLUSHALL": (0, Store.flush_all),
    "MULTI": (0, Store.begin), "EXEC": (0, Store.execute), "DISCARD": (0, Store.discard), "WATCH": (1, Store.okay), "UNWATCH": (0, Store.okay),
    "PUBLISH": (2, Store.publish), "SUBSCRIBE": (1, _listen), "PSUBSCRIBE": (1, _listen_by_pattern), "UNSUBSCRIBE": (0, _leave),
    "PUNSUBSCRIBE": (0, _leave_by_pattern), "MONITOR": (0, Store.watch_all), "INFO": (0, Store.info), "ECHO": (1, Store.echo),
    "TIME": (0, Store.time), "CONFIG": (1, Store.config), "CLIENT": (1, Store.client), "SAVE": (0, Store.save),
    "BGSAVE": (0, Store.save_behind), "LASTSAVE": (0, Store.saved), "ROLE": (0, Store.role), "REPLICAOF": (2, Store.follow),
    "SLAVEOF": (2, Store.follow), "COMMAND": (0, Store.command), "WAIT": (2, Store.wait), "SLOWLOG": (1, Store.empty), "AUTH": (1, Store.okay),
    "QUIT": (0, Store.okay), "SHUTDOWN": (0, Store.okay), "REPLCONF": (0, Store.okay), "BLPOP": (2, Store.okay), "BRPOP": (2, Store.okay),
    "PSYNC": (2, Store.okay), "SYNC": (0, Store.okay), "BGREWRITEAOF": (0, Store.okay),
}  # fmt: skip
