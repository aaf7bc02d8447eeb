"""How fast the store is, without HTTP and without the rules of the API: appends, opening, memory. Prints JSON.

python bench/store.py [--objects 100000] [--seconds 3] [--dir DIRECTORY]
"""

import argparse
import asyncio
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson

from orrery.machinery.clock import RealClock
from orrery.machinery.objects import FrozenObject
from orrery.settings import Settings
from orrery.store.engine import data_url
from orrery.store.log import Index, Log, Operation, Write, key_of
from orrery.store.memory_log import MemoryLog
from orrery.store.sql_log import SqlLog


def index_of(_bucket: str, obj: FrozenObject) -> Index:
    metadata = obj["metadata"]
    owners = tuple(owner["uid"] for owner in metadata.get("ownerReferences", ()))
    fields = {"spec.nodeName": obj["spec"]["nodeName"], "status.phase": obj["status"]["phase"]} if "spec" in obj else {}
    return Index(labels=metadata.get("labels", {}), fields=fields, owners=owners, uid=metadata["uid"])


def new_pod(number: int) -> dict[str, Any]:
    """About 2.5 KB of JSON, with what the index asks for."""
    app = f"app-{number // 100}"
    container = {
        "name": "web",
        "image": "nginx:1.25",
        "env": [{"name": f"VARIABLE_{each}", "value": "a value of some length " * 2} for each in range(20)],
    }
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            "name": f"{app}-{number:06d}",
            "namespace": f"team-{number % 10}",
            "uid": f"00000000-0000-4000-8000-{number:012d}",
            "resourceVersion": "0",
            "labels": {"app": app, "pod-template-hash": "5d4f8c7b9", "tier": "web"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": app, "uid": f"owner-of-{app}", "controller": True}],
        },
        "spec": {"nodeName": f"node-{number % 50}", "containers": [container]},
        "status": {"phase": "Running", "conditions": [{"type": kind, "status": "True"} for kind in ("Ready", "PodScheduled")]},
    }


def new_configmap(number: int) -> dict[str, Any]:
    metadata = {"name": f"cm-{number}", "namespace": "default", "uid": f"uid-{number}", "resourceVersion": "0"}
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": {"text": "x" * 900}}


def creation(bucket: str, obj: dict[str, Any]) -> Write:
    def encode(revision: int) -> bytes:
        obj["metadata"]["resourceVersion"] = str(revision)
        return orjson.dumps(obj)

    key = key_of(bucket, obj["metadata"]["namespace"], obj["metadata"]["name"])
    return Write(key, 0, Operation.CREATED, encode, index_of(bucket, obj), obj)


async def appends_per_s(log: Log, *, callers: int, seconds: float, first: int) -> float:
    """Creates from `callers` tasks that each wait for their own write."""
    numbers = iter(range(first, sys.maxsize))
    end, done = time.perf_counter() + seconds, 0

    async def create() -> None:
        nonlocal done
        while time.perf_counter() < end:
            await log.append(creation("configmaps", new_configmap(next(numbers))))
            done += 1

    await asyncio.gather(*(create() for _ in range(callers)))
    return round(done / seconds)


def memory_mb() -> float:
    """Resident now (not the peak), where the system tells."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


async def open_log(directory: Path) -> SqlLog:
    return await SqlLog.open(data_url(directory), Settings(), RealClock(), index_of=index_of)


async def measure_appends(directory: Path, seconds: float) -> dict[str, float]:
    log = await open_log(directory / "appends")
    results = {}
    for callers in (1, 32, 256):
        results[f"appends_per_s_{callers}"] = await appends_per_s(log, callers=callers, seconds=seconds, first=callers * 10_000_000)
    await log.close()
    memory = MemoryLog()
    results["memory_log_appends_per_s_1"] = await appends_per_s(memory, callers=1, seconds=seconds, first=0)
    return results


async def fill(directory: Path, objects: int) -> dict[str, float]:
    start, log = time.perf_counter(), await open_log(directory)
    for first in range(0, objects, 500):
        await asyncio.gather(*(log.append(creation("pods", new_pod(number))) for number in range(first, min(first + 500, objects))))
    result = {"fill_s": round(time.perf_counter() - start, 2), "filled_process_mb": round(memory_mb())}
    await log.close()
    return result


async def load(directory: Path, objects: int) -> dict[str, float]:
    before_mb, start = memory_mb(), time.perf_counter()
    log = await open_log(directory)
    took_s, after_mb = time.perf_counter() - start, memory_mb()
    await log.close()
    per_object = (after_mb - before_mb) * 1e6 / max(objects, 1)
    return {"open_s": round(took_s, 2), "opened_process_mb": round(after_mb), "memory_per_object_bytes": round(per_object)}


def in_a_process(step: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Memory is only telling in a process that has done nothing else."""
    command = [sys.executable, __file__, "--step", step, "--objects", str(arguments.objects), "--dir", str(arguments.dir)]
    result: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--dir", type=Path, help="where the databases are made; what is measured is that disk")
    parser.add_argument("--step", choices=("fill", "load"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        step = fill if arguments.step == "fill" else load
        print(json.dumps(asyncio.run(step(arguments.dir / "objects", arguments.objects))))
        return
    with tempfile.TemporaryDirectory(dir=arguments.dir) as directory:
        arguments.dir = Path(directory)
        results: dict[str, Any] = {"python": platform.python_version(), "objects": arguments.objects}
        results |= {"object_json_bytes": len(orjson.dumps(new_pod(0)))}
        results |= asyncio.run(measure_appends(arguments.dir, arguments.seconds))
        results |= in_a_process("fill", arguments) | in_a_process("load", arguments)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
