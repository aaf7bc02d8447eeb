"""ip, ifconfig, route, netstat, ss, traceroute, arp: what a Pod's network looks like from inside."""

from collections.abc import Callable, Sequence

from orrery.node.programs.call import Applet, Call
from orrery.node.programs.faults import Fault


def _address(call: Call) -> str:
    return next(iter(call.process.network.addresses), "10.244.0.2")


def _gateway(call: Call) -> str:
    return _address(call).rpartition(".")[0] + ".1"


def _hardware(call: Call) -> str:
    parts = [int(part) if part.isdigit() else 0 for part in _address(call).split(".")]
    return "0a:58:" + ":".join(f"{part:02x}" for part in (*parts, 0, 0, 0, 0)[:4])


async def ip(call: Call) -> int:
    words = [word for word in call.arguments if not word.startswith("-")]
    is_short = "-br" in call.arguments or "-brief" in call.arguments
    subject = words[0] if words else ""
    address, hardware = _address(call), _hardware(call)
    if subject and "address".startswith(subject):
        if is_short:
            await call.print(f"lo               UNKNOWN        127.0.0.1/8 \neth0@if7         UP             {address}/24 \n")
            return 0
        await call.print(_links(hardware, addresses={"lo": "127.0.0.1/8", "eth0": f"{address}/24"}, gateway=_gateway(call)))
        return 0
    if subject and "link".startswith(subject):
        await call.print(_links(hardware, addresses={}, gateway=""))
        return 0
    if subject and "route".startswith(subject):
        if words[1:2] == ["get"]:
            await call.print(f"{words[2]} via {_gateway(call)} dev eth0  src {address} \n")
            return 0
        subnet = address.rpartition(".")[0] + ".0/24"
        await call.print(
            f"default via {_gateway(call)} dev eth0 \n{subnet} dev eth0 "
            f"{'scope link  src ' if call.is_busybox else 'proto kernel scope link src '}{address} \n"
        )
        return 0
    if (subject and "neighbour".startswith(subject)) or subject == "neighbor":
        await call.print(f"{_gateway(call)} dev eth0 lladdr 0a:58:0a:f4:00:01 REACHABLE\n")
        return 0
    if not subject:
        await call.process.complain("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }")
        return 255
    await call.process.complain(f'Object "{subject}" is unknown, try "ip help".')
    return 1


def _links(hardware: str, *, addresses: dict[str, str], gateway: str) -> str:
    lines = ["1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN qlen 1000",
             "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00"]  # fmt: skip
    if "lo" in addresses:
        lines += [f"    inet {addresses['lo']} scope host lo", "       valid_lft forever preferred_lft forever"]
    lines += ["2: eth0@if7: <BROADCAST,MULTICAST,UP,LOWER_UP,M-DOWN> mtu 1500 qdisc noqueue state UP ",
              f"    link/ether {hardware} brd ff:ff:ff:ff:ff:ff"]  # fmt: skip
    if "eth0" in addresses:
        broadcast = gateway.rpartition(".")[0] + ".255"
        lines += [f"    inet {addresses['eth0']} brd {broadcast} scope global eth0", "       valid_lft forever preferred_lft forever"]
    return "\n".join(lines) + "\n"


async def ifconfig(call: Call) -> int:
    address = _address(call)
    broadcast = address.rpartition(".")[0] + ".255"
    wanted = next((word for word in call.arguments if not word.startswith("-")), "")
    counters = (
        "          RX packets:0 errors:0 dropped:0 overruns:0 frame:0\n          TX packets:0 errors:0 dropped:0 overruns:0 carrier:0\n"
        "          collisions:0 txqueuelen:{} \n          RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)\n\n"
    )
    eth = (
        "eth0      Link encap:Ethernet  "
        f"HWaddr {_hardware(call).upper()}  \n "
        f"         inet addr:{address}  Bcast:"
        f"{broadcast}  Mask:255.255.255.0\n"
        "          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n" + counters.format(0)
    )
    lo = (
        "lo        Link encap:Local Loopback "
        " \n          inet addr:127.0.0.1 "
        " Mask:255.0.0.0\n          UP "
        "LOOPBACK RUNNING  MTU:65536  Metric:1\n"
    )
    lo += counters.format(1000)
    if wanted and wanted not in ("eth0", "lo"):
        raise Fault(f"{wanted}: error fetching interface information: Device not found")
    await call.print(eth if wanted == "eth0" else lo if wanted == "lo" else eth + lo)
    return 0


async def route(call: Call) -> int:
    subnet = _address(call).rpartition(".")[0] + ".0"
    default = "0.0.0.0" if "-n" in call.arguments else "default"
    gateway = _gateway(call)
    await call.print(
        "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n"
        f"{default:<15} {gateway:<15} 0.0.0.0         UG    0      0        0 eth0\n"
        f"{subnet:<15} {'0.0.0.0' if '-n' in call.arguments else '*':<15} 255.255.255.0   U     0      0        0 eth0\n"
    )
    return 0


def _listening(call: Call) -> Sequence[tuple[str, int]]:
    """The Pod's listening ports, where the network can tell them."""
    tell: Callable[[], Sequence[tuple[str, int]]] | None = getattr(call.process.network, "listening", None)
    return tell() if tell is not None else ()


async def netstat(call: Call) -> int:
    options = call.options("ltunaprWeos", {"listening": "l", "tcp": "t", "numeric": "n", "all": "a", "program": "p"})
    if options.has("r"):
        return await route(call)
    shows = options.has("l", "a")
    which = "only servers" if options.has("l") else "servers and established" if options.has("a") else "w/o servers"
    program = "PID/Program name    " if options.has("p") else ""
    text = (
        f"Active Internet connections ({which}"
        ")\nProto Recv-Q Send-Q Local "
        "Address           Foreign Address "
        f"        State       {program}\n"
    )
    for address, port in _listening(call) if shows else ():
        local = f"{address}:{port}"
        text += f"tcp        0      0 {local:<23} {'0.0.0.0:*':<23} LISTEN      {'-                   ' if program else ''}\n"
    await call.print(text)
    return 0


async def ss(call: Call) -> int:
    options = call.options("ltunap46Hs", {"listening": "l", "tcp": "t", "numeric": "n"})
    text = "" if options.has("H") else "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
    for address, port in _listening(call) if options.has("l", "a") else ():
        text += f"LISTEN 0      511    {address + ':' + str(port):>18}      0.0.0.0:*          \n"
    await call.print(text)
    return 0


async def traceroute(call: Call) -> int:
    options = call.options("nm:q:w:I46F", {}, minimum=1)
    name = options.operands[0]
    found = await call.process.network.resolve(name)
    if not found:
        raise Fault(f"bad address '{name}'" if call.is_busybox else f"{name}: Name or service not known")
    await call.print(f"traceroute to {name} ({found[0]}), 30 hops max, {46 if call.is_busybox else 60} byte packets\n")
    trip_s = await call.process.network.reachable(found[0])
    if trip_s is None:
        for hop in range(1, 31):
            await call.process.sleep(3)
            await call.print(f"{hop:2}  *  *  *\n")
        return 0
    times = "  ".join(f"{trip_s * 1000 + extra:.3f} ms" for extra in (0.009, 0.003, 0.002))
    await call.print(f" 1  {name} ({found[0]})  {times}\n")
    return 0


async def arp(call: Call) -> int:
    await call.print(f"? ({_gateway(call)}) at 0a:58:0a:f4:00:01 [ether]  on eth0\n")
    return 0


PROGRAMS: dict[str, Applet] = {
    "ip": ip, "ifconfig": ifconfig, "route": route, "netstat": netstat, "ss": ss, "traceroute": traceroute, "arp": arp,
}  # fmt: skip
