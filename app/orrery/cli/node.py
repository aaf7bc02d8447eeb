"""`orrery node`: adds, fails, recovers, removes and lists the nodes of a running server, over its control API."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from orrery.cli.node_options import NodeOptions
from orrery.cli.server_client import Refused, ServerClient, client_at, client_of

_PATH: Final = "/orrery/v1/nodes"


def node(options: NodeOptions) -> int:
    """Do it and say so; 1 when the server says no."""
    try:
        client = client_at(options.server) if options.server else client_of(options.kubeconfig)
        if options.action == "list":
            _list(client, options.output)
        elif options.action == "add":
            for added in client.ask("POST", _PATH, dict(options.wanted))["items"]:
                print(f"node/{added['name']} added")
        else:
            _do(client, options)
    except Refused as problem:
        print(f"orrery: {problem}", file=sys.stderr)
        return 1
    return 0


def _do(client: ServerClient, options: NodeOptions) -> None:
    for name in options.names:
        path = f"{_PATH}/{quote(name, safe='')}"
        if options.action == "fail":
            client.ask("POST", f"{path}/fail", {"how": options.how})
            print(f"node/{name} failed ({options.how})")
        elif options.action == "recover":
            client.ask("POST", f"{path}/recover")
            print(f"node/{name} recovered")
        else:
            client.ask("DELETE", path)
            print(f"node/{name} removed")


def _list(client: ServerClient, output: str) -> None:
    items = client.ask("GET", _PATH)["items"]
    if output == "json":
        print(json.dumps(items, indent=2))
    else:
        print("\n".join(_table(items)))


def _table(items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    rows = [("NAME", "STATUS", "MACHINE", "ADDRESS", "ZONE", "PODS", "CPU", "MEMORY")]
    for item in items:
        capacity = item["capacity"]
        machine = f"down ({item['failure']})" if item["failure"] else "up"
        zone = item["zone"] or "<none>"
        row = (item["name"], item["status"], machine, item["address"], zone, str(item["pods"]), capacity["cpu"], capacity["memory"])
        rows.append(row)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
