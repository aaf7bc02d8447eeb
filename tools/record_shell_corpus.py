"""Run the corpus of shell scripts through the real dash, busybox ash and bash, and write down what they print and how they end.

`python tools/record_shell_corpus.py` writes tests/node/shell/recorded.json. Install the shells with `apt-get install dash busybox bash`.
Every script runs in an empty directory with a small environment. What differs from run to run (process numbers) is masked.
"""

import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

CORPUS: Final = Path(__file__).resolve().parents[1] / "tests" / "node" / "shell" / "corpus"
RECORDED: Final = CORPUS.parent / "recorded.json"
SEPARATOR: Final = "\n#%%\n"
SHELLS: Final = {"dash": ("dash", ["sh", "-c"]), "ash": ("busybox", ["sh", "-c"]), "bash": ("bash", ["bash", "-c"])}
ENVIRONMENT: Final = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
_PROCESS_NUMBER: Final = re.compile(r"(?<=line )(\d+): +\d+ (Killed|Terminated)")

Outcome = tuple[str, str, int]
"""Standard output, standard error, exit code."""


def scripts(path: Path) -> list[str]:
    """The scripts of one file of the corpus."""
    return [text.strip("\n") for text in ("\n" + path.read_text()).split(SEPARATOR)]


def shells_for(path: Path) -> list[str]:
    return ["bash"] if path.name.startswith("bash") else ["dash", "ash"]


def masked(text: str) -> str:
    """Without what differs from run to run."""
    return _PROCESS_NUMBER.sub(r"\1: PID \2", text)


def missing_shells() -> list[str]:
    return [name for name, (program, _) in SHELLS.items() if shutil.which(program) is None]


def run_real(shell: str, script: str) -> Outcome:
    """One script through the real shell. `sh` inside it is the same shell."""
    program, arguments = SHELLS[shell]
    executable = shutil.which(program)
    assert executable is not None
    with tempfile.TemporaryDirectory() as top:
        folder, programs = Path(top) / "work", Path(top) / "bin"
        folder.mkdir()
        programs.mkdir()
        if shell != "bash":
            (programs / "sh").symlink_to(executable)
        environment = {**ENVIRONMENT, "PATH": f"{programs}:{ENVIRONMENT['PATH']}"}
        with _nothing_ignored():
            done = subprocess.run(
                [*arguments, script],
                executable=executable,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=120,
                check=False,
            )
    code = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return masked(done.stdout.decode(errors="replace")), masked(done.stderr.decode(errors="replace")), code


@contextmanager
def _nothing_ignored() -> Iterator[None]:
    """A shell cannot trap what it was started to ignore, and what runs in the background of another ignores these two."""
    ignored = [number for number in (signal.SIGINT, signal.SIGQUIT) if signal.getsignal(number) == signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)


def main() -> int:
    if missing := missing_shells():
        sys.stderr.write(f"missing: {', '.join(missing)}\n")
        return 1
    recorded: dict[str, dict[str, Outcome]] = {}
    for path in sorted(CORPUS.glob("*.sh")):
        for script in scripts(path):
            recorded.setdefault(script, {}).update({shell: run_real(shell, script) for shell in shells_for(path)})
    RECORDED.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
    sys.stdout.write(f"{len(recorded)} scripts\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
