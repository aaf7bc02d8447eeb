"""What becomes of plain commands."""

import pytest

from orrery.node.commands import missing_command, script_of
from orrery.node.images.catalogue import ImageCatalogue
from orrery.node.images.references import parse_reference


@pytest.mark.parametrize(
    ("argv", "runs_s", "code"),
    [
        (["sleep", "10"], 10, 0),
        (["sleep", "10s"], 10, 0),
        (["sleep", "1m", "5"], 65, 0),
        (["sleep", "0.5"], 0.5, 0),
        (["sleep", "infinity"], None, 0),
        (["sleep"], 0, 1),
        (["sleep", "ten"], 0, 1),
        (["/bin/sleep", "3"], 3, 0),
        (["true"], 0, 0),
        (["false"], 0, 1),
        (["echo", "hello"], 0, 0),
        (["sh"], 0, 0),
        (["/bin/bash"], 0, 0),
        (["sh", "-c", "sleep 3600"], 3600, 0),
        (["/bin/sh", "-c", "echo x && sleep 3600"], 3600, 0),
        (["sh", "-c", "exit 3"], 0, 3),
        (["sh", "-c", "sleep 5; exit 1"], 5, 1),
        (["sh", "-c", "exit 1; sleep 5"], 0, 1),
        (["bash", "-ec", "echo a; sleep 2"], 2, 0),
        (["sh", "-c", "false || sleep 4"], 4, 0),
        (["sh", "-c", "false && sleep 4"], 0, 1),
        (["sh", "-c", "echo hello > /tmp/x; sleep 5"], 5, 0),
        (["sh", "-c", 'echo "a; b" && sleep 1'], 1, 0),
        (["sh", "-c", "while true; do date; sleep 1; done"], None, 0),
        (["sh", "-c", "until nslookup mydb; do sleep 2; done"], None, 0),
        (["sh", "-c", 'echo "unterminated'], 0, 2),
        (["python", "app.py"], None, 0),
        ([], 0, 0),
    ],
)
def test_a_command_ends_when_and_as_it_would(argv: list[str], runs_s: float | None, code: int) -> None:
    script = script_of(tuple(argv))

    assert (script.runs_s, script.code) == (runs_s, code)


def test_a_shell_with_open_input_waits_for_it() -> None:
    assert script_of(("bash",), has_stdin=True).runs_s is None
    assert script_of(("bash",)).runs_s == 0


@pytest.mark.parametrize(
    ("image", "command", "why"),
    [
        ("ubuntu", "sleep2.0", 'exec: "sleep2.0": executable file not found in $PATH'),
        ("ubuntu-sleeper", "sleep2.0", 'exec: "sleep2.0": executable file not found in $PATH'),
        ("alpine", "bash", 'exec: "bash": executable file not found in $PATH'),
        ("busybox", "/bin/bash", 'exec: "/bin/bash": stat /bin/bash: no such file or directory'),
        ("hello-world", "sh", 'exec: "sh": executable file not found in $PATH'),
    ],
)
def test_a_command_the_image_lacks_is_named_in_runcs_words(image: str, command: str, why: str) -> None:
    message = missing_command(command, ImageCatalogue().pull(parse_reference(image)))

    assert message == (
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        f"unable to start container process: error during container init: {why}"
    )


@pytest.mark.parametrize(
    ("image", "command"),
    [("ubuntu", "sleep"), ("nginx", "nginx"), ("nginx", "/docker-entrypoint.sh"), ("hello-world", "/hello"), ("ubuntu", "/scripts/run.sh")],
)
def test_a_command_the_image_has_or_a_volume_may_bring_is_let_through(image: str, command: str) -> None:
    assert missing_command(command, ImageCatalogue().pull(parse_reference(image))) == ""
