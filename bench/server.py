"""A server of its own for every measurement: started from a command line as a user would, stopped and weighed afterwards."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

READY_S = 60.0


class Server:
    """A running `orrery serve` on a free port, with its data in a folder that goes with it."""

    def __init__(self, data: Path, *options: str) -> None:
        self.started_s = time.perf_counter()
        orrery = Path(sys.executable).with_name("orrery")
        command = [str(orrery), "serve", "--port", "0", "--data", str(data), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        self.url = self._read_url()
        self._wait_until_ready()
        self.ready_after_s = time.perf_counter() - self.started_s

    def _read_url(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            for word in line.split():
                if word.startswith("http://"):
                    return word.rstrip(".,)")
        raise RuntimeError("the server ended before it said where it is")

    def _wait_until_ready(self) -> None:
        deadline = time.perf_counter() + READY_S
        while time.perf_counter() < deadline:
            try:
                with urllib.request.urlopen(self.url + "/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pass
            time.sleep(0.005)
        raise RuntimeError("the server did not become ready")

    def memory_mb(self) -> float:
        """Resident memory of the process, in MB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1000
        return 0.0

    def cpu_s(self) -> float:
        """Processor time used so far, in seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ask(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """One request; the parsed answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers={"Content-Type": content_type})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


@contextmanager
def running(*options: str) -> Iterator[Server]:
    """A server with an empty data folder, for the length of a block."""
    data = Path(tempfile.mkdtemp(prefix="orrery-bench-"))
    server = Server(data, *options)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(data, ignore_errors=True)
