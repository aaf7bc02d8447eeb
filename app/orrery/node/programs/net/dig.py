"""dig and host: what bind's own tools say of a name, section by section.

A name server here answers at once and never truncates; of an alias we know where it leads, and of a name that is not there the zone's SOA.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from orrery.node.programs.call import Applet, Call
from orrery.node.programs.net.names import alias_of, ask, candidates, is_address, resolver_of, reverse
from orrery.node.programs.system.moments import format_moment

_KINDS: Final = frozenset({"A", "AAAA", "SRV", "TXT", "PTR", "CNAME", "NS", "MX", "ANY", "SOA"})
_HEADER_BYTES: Final = 12
_OPT_BYTES: Final = 23
_RECORD_BYTES: Final = 10
_COLUMNS: Final = (24, 32, 40, 48)
_TAB: Final = 8
_ALL: Final = frozenset({"cmd", "comments", "question", "answer", "authority", "additional", "stats"})
_ZONE: Final = ".cluster.local"


@dataclass(slots=True)
class _Order:
    """What the command line asks for."""

    server: str = ""
    names: list[tuple[str, str]] = field(default_factory=list)
    """Each with its kind."""
    parts: set[str] = field(default_factory=lambda: set(_ALL))
    is_short: bool = False
    uses_search: bool = False

    def read(self, words: Sequence[str]) -> None:
        kind, rest = "", list(words)
        while rest:
            word = rest.pop(0)
            if word.startswith("@"):
                self.server = word[1:]
            elif word.startswith("+"):
                self._switch(word[1:])
            elif word == "-x" and rest:
                self.names.append((reverse(rest.pop(0)), "PTR"))
            elif word in ("-t", "-q", "-c", "-p", "-b") and rest:
                value = rest.pop(0)
                if word == "-q":
                    self.names.append((value, ""))
                kind = value.upper() if word == "-t" else kind
            elif word.upper() in _KINDS:
                kind = word.upper()
            elif not word.startswith("-") and word.upper() != "IN":
                self.names.append((word, ""))
        self.names = [(name, own or kind or "A") for name, own in self.names] or [(".", kind or "NS")]

    def _switch(self, name: str) -> None:
        is_on = not name.startswith("no")
        name = name.removeprefix("no") if not is_on else name
        if name == "all":
            self.parts = set(_ALL) if is_on else set()
        elif name in _ALL:
            (self.parts.add if is_on else self.parts.discard)(name)
        elif name == "short":
            self.is_short = is_on
        elif name in ("search", "defname"):
            self.uses_search = is_on


async def dig(call: Call) -> int:
    order = _Order()
    order.read(call.arguments)
    server, search, dots = resolver_of(call)
    order.server = order.server or server
    for number, (name, kind) in enumerate(order.names):
        full, answers = name.rstrip("."), await ask(call, name, kind)
        if order.uses_search:
            for full in candidates(name, search, dots):
                if not isinstance(answers := await ask(call, full, kind), str):
                    break
        if answers == "TIMEOUT":
            banner = f"\n; <<>> DiG 9.18.33 <<>> {' '.join(call.arguments)}\n;; global options: +cmd\n" if "cmd" in order.parts else ""
            tried = f";; communications error to {order.server}#53: timed out\n" * 3
            await call.print(f"{tried}{banner};; no servers could be reached\n")
            return 9
        alias = await alias_of(call, full, kind)
        if order.is_short:
            await call.print("".join(f"{line}\n" for line in [*alias, *_words(answers)]))
        else:
            await call.print(_shown(call, order, full, kind, alias, answers, is_first=number == 0))
    return 0


def _words(answers: list[str] | str) -> list[str]:
    return [] if isinstance(answers, str) else answers


def _shown(call: Call, order: _Order, name: str, kind: str, alias: list[str], answers: list[str] | str, *, is_first: bool) -> str:
    records = [(name, "CNAME", line) for line in alias]
    records += [(alias[0].rstrip(".") if alias else name, kind, line) for line in _words(answers)]
    now_s = call.process.clock.now_s()
    soa = []
    if not records and f".{name}".endswith(_ZONE):
        zone = _ZONE[1:]
        soa = [(zone, "SOA", f"ns.dns.{zone}. hostmaster.{zone}. {int(now_s)} 7200 1800 86400 30")]
    text, parts = "", order.parts
    if "cmd" in parts and is_first:
        text += f"\n; <<>> DiG 9.18.33 <<>> {' '.join(call.arguments)}\n;; global options: +cmd\n"
    if "comments" in parts:
        text += _header(call, answers if isinstance(answers, str) else "NOERROR", len(records), len(soa))
    if "question" in parts:
        lead = ";; QUESTION SECTION:\n" if "comments" in parts else ""
        text += lead + _laid(f";{name}.", "", "IN", kind, "") + ("\n" if "comments" in parts else "")
    for title, part, lines in (("ANSWER", "answer", records), ("AUTHORITY", "authority", soa)):
        if lines and part in parts:
            lead = f";; {title} SECTION:\n" if "comments" in parts else ""
            text += lead + "".join(_laid(f"{owner}.", "30", "IN", type_, value) for owner, type_, value in lines)
            text += "\n" if "comments" in parts else ""
    if "stats" in parts:
        size = _HEADER_BYTES + len(name) + 6 + _OPT_BYTES + sum(_size(*record) for record in (*records, *soa))
        moment = format_moment("%a %b %d %H:%M:%S %Z %Y", now_s)
        text += (
            f";; Query time: 0 msec\n;; SERVER: {order.server}#53({order.server}) (UDP)\n;; WHEN: {moment}\n;; MSG SIZE  rcvd: {size}\n\n"
        )
    return text


def _header(call: Call, status: str, answers: int, authorities: int) -> str:
    chance = call.process.clock.random
    return (
        f";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {status}, id: {chance.randrange(65_536)}\n"
        f";; flags: qr aa rd; QUERY: 1, ANSWER: {answers}, AUTHORITY: {authorities}, ADDITIONAL: 1\n"
        ";; WARNING: recursion requested but not available\n\n;; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n"
        f"; COOKIE: {chance.randrange(1 << 64):016x} (echoed)\n"
    )


def _laid(name: str, ttl: str, class_: str, kind: str, value: str) -> str:
    """One line in bind's columns, by tabs; where a word is longer than its column, one space."""
    line, at = name, len(name) - (not ttl and not value)
    for column, word in zip(_COLUMNS, (ttl, class_, kind, value), strict=True):
        if not word:
            continue
        goal = max(column, at + 1)
        tabs = goal // _TAB - at // _TAB
        line += "\t" * tabs + " " * (goal - (goal // _TAB * _TAB if tabs else at)) + word
        at = goal + len(word)
    return line + "\n"


def _size(owner: str, kind: str, value: str) -> int:
    """How long a record is on the wire, which CoreDNS does not compress."""
    if kind == "A":
        data = 4
    elif kind == "SRV":
        data = 6 + len(value.split()[-1]) + 1
    elif kind == "SOA":
        data = sum(len(word) + 1 for word in value.split()[:2]) + 20
    else:
        data = len(value) + 1
    return len(owner) + 2 + _RECORD_BYTES + data


async def host(call: Call) -> int:
    options = call.options("t:aW:vT", minimum=1)
    name = options.operands[0]
    kind = (options.value("t") or ("PTR" if is_address(name) else "A")).upper()
    _, search, dots = resolver_of(call)
    failure = "NXDOMAIN"
    for full in [reverse(name)] if is_address(name) else candidates(name, search, dots):
        answers = await ask(call, full, kind)
        if isinstance(answers, str):
            failure = answers
            continue
        alias = await alias_of(call, full, kind)
        text = "".join(f"{full} is an alias for {line}\n" for line in alias)
        owner = alias[0].rstrip(".") if alias else full
        text += "".join(f"{owner} {_HOST_WORDS.get(kind, kind + ' record')} {line}\n" for line in answers)
        await call.print(text or f"{full} has no {kind} record\n")
        return 0
    if failure == "TIMEOUT":
        await call.print(";; connection timed out; no servers could be reached\n")
        return 1
    await call.print(f"Host {reverse(name) + '.' if is_address(name) else name} not found: 3({failure})\n")
    return 1


_HOST_WORDS: Final = {
    "A": "has address", "AAAA": "has IPv6 address", "PTR": "domain name pointer", "SRV": "has SRV record", "CNAME": "is an alias for",
    "TXT": "descriptive text",
}  # fmt: skip

PROGRAMS: dict[str, Applet] = {"dig": dig, "host": host}
