"""What a server loads before it answers: time to the first answer and idle memory are mostly imports."""

import subprocess
import sys
from pathlib import Path

_START = """
import asyncio, sys
import orrery.cli.serve
from orrery.cluster import ClusterSource, open_cluster
from orrery.settings import Settings

async def main():
    cluster = await open_cluster(Settings(), ClusterSource(data=__import__("pathlib").Path(sys.argv[1])))
    app = cluster.app()
    await cluster.start()
    sent = []
    async def send(message):
        sent.append(message)
    scope = {"type": "http", "path": "/readyz", "method": "GET", "query_string": b"", "headers": [(b"host", b"localhost")]}
    await app(scope, None, send)
    assert sent[0]["status"] in (200, 500), sent
    await cluster.stop()

asyncio.run(main())
print(sorted(name for name in sys.argv[2:] if name in sys.modules))
"""

_LATER = (
    "alembic",
    "cryptography",
    "fastapi",
    "h11",
    "mako",
    "orrery.control.routes",
    "orrery.node.shell.main",
    "starlette",
    "wsproto",
    "yaml",
)


def test_a_start_loads_only_what_the_first_answer_needs(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _START, str(tmp_path), *_LATER], capture_output=True, text=True, check=False)

    assert done.stderr == ""
    assert done.stdout == "[]\n"
