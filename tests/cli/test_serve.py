"""What `orrery serve` says when it cannot start: one line on standard error, and exit code 1."""

import gc
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from orrery.cli import serve as module
from orrery.cli.main import main
from orrery.cli.serve import is_loopback


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """A server that starts changes the process's garbage collector."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()
    gc.enable()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("example.test", False),
        ("127.0.0.1.example.test", False),
    ],
)
def test_loopback_means_this_machine_only(host: str, *, expected: bool) -> None:
    assert is_loopback(host) is expected


def refusal(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """The line, without the name of the program."""
    assert main(["serve", *options]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("orrery: ")
    assert told.err.count("\n") == 1
    return told.err.removeprefix("orrery: ").rstrip("\n")


def test_a_name_that_means_no_address(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    line = refusal(capsys, "--host", "no-such-host.invalid", "--insecure", "--port", "1", "--data", str(tmp_path))

    assert line.startswith("cannot listen on no-such-host.invalid:1: ")


def test_an_ipv6_port_in_use_is_written_in_brackets(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        taken = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 loopback address here")
    with taken:
        port = taken.getsockname()[1]

        assert refusal(capsys, "--host", "::1", "--port", str(port), "--data", str(tmp_path)) == (
            f"cannot listen on [::1]:{port}: address already in use"
        )


def test_a_data_directory_that_is_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()

    assert refusal(capsys, "--port", "0", "--data", str(path)) == f"cannot write to {path / 'orrery.db'}: {path} is not a directory"


def test_a_database_that_is_none(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "orrery.db").write_text("this is a shopping list, not a database\n" * 100)

    assert refusal(capsys, "--port", "0", "--data", str(tmp_path)).endswith("file is not a database")


def test_a_kubeconfig_that_cannot_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    line = refusal(capsys, "--port", "0", "--in-memory", "--data", str(tmp_path), "--kubeconfig", str(tmp_path), "--pace", "fast")

    assert line == f"cannot write the kubeconfig {tmp_path}: is a directory"


def test_an_unsupported_database(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    line = refusal(capsys, "--port", "0", "--data", str(tmp_path), "--database-url", "mysql://jane:secret@host/db")

    assert line.startswith("unsupported database URL mysql://jane:***@host/db")


def test_an_interrupt_while_it_starts_ends_it_without_a_trace(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_listen", interrupted)

    assert main(["serve", "--port", "0", "--data", str(tmp_path)]) == 130
    assert capsys.readouterr() == ("", "")
