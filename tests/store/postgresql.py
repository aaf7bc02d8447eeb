"""A real PostgreSQL server for tests, started from the binaries of the distribution's package, on a socket of its own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

_ROOT = 0
_WAIT_S = "600"


def _binaries() -> Path:
    """The folder with the newest initdb and pg_ctl; skips, or fails in CI, where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    if on_path := shutil.which("pg_ctl"):
        return Path(on_path).parent
    missing = "missing PostgreSQL's server (initdb, pg_ctl): apt install postgresql"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@contextmanager
def running_server() -> Iterator[Path]:
    """The folder of the socket of a server that runs until the end."""
    folder = _binaries()
    # Not pytest's own folder: the server refuses to run as root, and the user it runs as cannot enter that one.
    directory = Path(tempfile.mkdtemp(prefix="orrery-pg-"))
    if os.geteuid() == _ROOT:
        shutil.chown(directory, "postgres", "postgres")
    data = directory / "data"
    try:
        _run(
            folder / "initdb",
            "--pgdata",
            data,
            "--username",
            "postgres",
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--no-locale",
            "--no-sync",
        )
        options = f"-c listen_addresses='' -c unix_socket_directories='{directory}' -c fsync=off"
        _run(folder / "pg_ctl", "start", "--wait", "--timeout", _WAIT_S, "--pgdata", data, "--log", directory / "log", "--options", options)
        try:
            yield directory
        finally:
            _run(folder / "pg_ctl", "stop", "--wait", "--timeout", _WAIT_S, "--pgdata", data, "--mode", "immediate")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _run(*command: str | Path) -> None:
    is_root = os.geteuid() == _ROOT
    subprocess.run(
        [str(part) for part in command],
        check=True,
        cwd="/",
        stdout=subprocess.DEVNULL,
        user="postgres" if is_root else None,
        group="postgres" if is_root else None,
        extra_groups=() if is_root else None,
    )


def new_database(socket_folder: Path, name: str) -> str:
    """The URL of a fresh database."""
    with psycopg.connect(host=str(socket_folder), user="postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"postgresql://postgres@/{name}?host={socket_folder}"


def end_sessions(socket_folder: Path, url: str) -> int:
    """Break every connection to that database, as a restart of the server or a network does."""
    with psycopg.connect(host=str(socket_folder), user="postgres", autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = %s", (make_url(url).database,)
        )
        return len(ended.fetchall())
