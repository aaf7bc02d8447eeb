"""docs/lesson.md: what kubectl prints when somebody works through the lesson, from a fresh server at pace fast.

`python -m tools.generate_transcript` plays it and writes the page; a client test plays it again and compares. So what differs from run
to run is made equal here: names that the server makes up, ages, times, identifiers, addresses, and the order of rows that such names
decide. The steps themselves are in `tools/lesson/`.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.lesson import LESSON
from tools.lesson.steps import Chapter, File, Run, Step

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "lesson.md"
KUBECTL = ROOT / ".tools" / "kubectl-1.35"
DEADLINE_S = 240.0

INTRODUCTION = """\
# The lesson, word for word

A newcomer's afternoon with kubectl 1.35 on a fresh Orrery (`orrery serve --pace fast`): every command, and what it prints. The page is
played and written by `python -m tools.generate_transcript`, and a test plays it again. What differs each time is made equal: the random
end of a Pod's name is `xxxxx`, an age is `1s`, and times, identifiers and addresses stand still.
"""

_STABLE = (
    (re.compile(r"\b(\w[\w-]*-[0-9a-f]{8,10})-[bcdfghjklmnpqrstvwxz2456789]{5}\b"), r"\1-xxxxx"),
    (re.compile(r"kube-api-access-\w{5}"), "kube-api-access-xxxxx"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "00000000-0000-0000-0000-000000000000"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "2026-01-01T00:00:00Z"),
    (re.compile(r"\w{3}, \d\d \w{3} (?!1970)\d{4} \d\d:\d\d:\d\d \+0000"), "Thu, 01 Jan 2026 00:00:00 +0000"),
    (re.compile(r'(resourceVersion: ")\d+'), r"\g<1>1"),
    (re.compile(r"(containerd://)[0-9a-f]{64}"), r"\g<1>" + "0" * 64),
    (re.compile(r"\b10\.244\.\d+\.\d+"), "10.244.0.2"),
    (re.compile(r"\b10\.96\.(?!0\.1\b)\d+\.\d+"), "10.96.0.10"),
    (re.compile(r"\.\.\d{4}(_\d\d){5}\.\d{9,10}\b"), "..2026_01_01_00_00_00.1234567890"),
    (re.compile(r"(?<= )\w{3} [ \d]\d \d\d:\d\d(?= \S)"), "Jan  1 00:00"),
    (re.compile(r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000"), "01/Jan/2026:00:00:00 +0000"),
    (re.compile(r"172\.18\.0\.\d+"), "172.18.0.2"),
    (re.compile(r"orrery-worker\d"), "orrery-worker"),
    (re.compile(r"\bin \d+m?s \(\d+m?s including waiting\)"), "in 1ms (1ms including waiting)"),
    (re.compile(r"(LIVE|MERGED)-\d+"), r"\1-1"),
    (re.compile(r"(/(?:LIVE|MERGED)-1/\S+)\t.*"), r"\1"),
    (re.compile(r"\b(\d+m)?\d+s ago\b"), "1s ago"),
    # Where something is tried again and again, the page shows the first time.
    (re.compile(r"ImagePullBackOff"), "ErrImagePull"),
    (re.compile(r"(CrashLoopBackOff +)\d+(?= \()"), r"\g<1>1"),
    (re.compile(r"(Restart Count: +)[1-9]\d*"), r"\g<1>1"),
)
_OPEN, _CLOSE = "\n```console\n", "```\x00\n"
_AGE = re.compile(r"^(\d+[smh])+$")
_OVER = re.compile(r"^(\d+s)( \(x\d+ over \d+s\))?$")
_HEADER = re.compile(r"(NAME|LAST SEEN) .*[A-Z]\n")


def stable(text: str) -> str:
    """`text` without what differs from run to run, its tables set anew."""
    for pattern, replacement in _STABLE:
        text = pattern.sub(replacement, text)
    blocks = [_table(block) if _HEADER.match(block) else block for block in re.split(r"(?<=\n)\n", text)]
    return _events("\n".join(blocks))


def _table(block: str) -> str:
    """A table of kubectl: ages equal, rows in order, columns as wide as they must be."""
    lines = block.splitlines()
    rows = [["1s" if _AGE.match(cell) else cell for cell in re.split(r" {3,}", line.rstrip())] for line in lines]
    return _set([rows[0], *sorted(rows[1:])]) + "\n"


def _set(rows: list[list[str]]) -> str:
    columns = max(len(row) for row in rows)
    widths = [max((len(row[at]) for row in rows if len(row) > at), default=0) for at in range(columns)]
    return "\n".join("   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows)


def _events(text: str) -> str:
    """The events at the end of `describe`, each once, without how often and when."""
    head, mark, tail = text.partition("\nEvents:\n")
    if not mark:
        return text
    rows = [[_OVER.sub("1s", cell) for cell in re.split(r" {2,}", line.strip())] for line in tail.splitlines() if line.strip()]
    rows[1] = ["-" * len(cell) for cell in rows[0]]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    told = ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return f"{head}{mark}" + "\n".join(dict.fromkeys(told)) + "\n"


class Player:
    """Types the commands of the lesson."""

    def __init__(self, folder: Path, kubeconfig: Path, programs: Path) -> None:
        self.folder = folder
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        # kubectl tells times where it is, and in the language of its user; the temporary folder of `kubectl diff` is named in its output.
        fixed = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "TMPDIR": "/tmp"}
        self._environment = {**os.environ, **fixed, "PATH": path, "KUBECONFIG": str(kubeconfig), "HOME": str(folder)}

    def play(self, chapter: Chapter) -> str:
        """One chapter as Markdown."""
        page = f"\n## {chapter.title}\n"
        for step in chapter.steps:
            text = self._step(step)
            if text.startswith(_OPEN) and page.endswith(_CLOSE):  # Commands with nothing to say in between share a block.
                page, text = page.removesuffix(_CLOSE) + "\n", text.removeprefix(_OPEN)
            page += text
        return page.replace(_CLOSE, "```\n")

    def _step(self, step: Step) -> str:
        if isinstance(step, File):
            path = self.folder / step.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text)
            return f"\n{step.say} `{step.name}`:\n\n```yaml\n{step.text}```\n" if step.say else ""
        if isinstance(step, Run):
            said = f"\n{step.say}\n" if step.say else ""
            return f"{said}{_OPEN}$ {step.command}\n{self._shown(step)}{_CLOSE}"
        raise TypeError(step)

    def _shown(self, step: Run) -> str:
        seen = self._until_it_shows(step.after or step.command, step.shows)
        text = stable(self._type(step.command) if step.after else seen)
        if step.only:
            text = "".join(line for line in dict.fromkeys(text.splitlines(keepends=True)) if re.search(step.only, line))
        if step.until and step.until in text:
            text = text[: text.index(step.until)].rstrip() + "\n…\n"
        return text if text.endswith("\n") or not text else text + "\n"

    def _type(self, command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        return done.stdout

    def _until_it_shows(self, command: str, pattern: str) -> str:
        """What the command prints once that is in it."""
        deadline = time.monotonic() + DEADLINE_S
        while not re.search(pattern, seen := self._type(command)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{command} never showed {pattern}, but {seen}")
            time.sleep(0.05)
        return seen


@contextmanager
def _server(folder: Path) -> Iterator[Path]:
    """A fresh server; yields its kubeconfig."""
    kubeconfig = folder / "kubeconfig"
    program = Path(sys.executable).with_name("orrery")
    options = ["--port", "0", "--pace", "fast", "--in-memory", "--data", str(folder), "--kubeconfig", str(kubeconfig)]
    process = subprocess.Popen([program, "serve", *options], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Stop it"):
                break
        else:
            raise RuntimeError("the server ended")
        yield kubeconfig
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE_S)
        if process.stdout is not None:
            process.stdout.close()


def transcript(programs: Path = KUBECTL) -> str:
    """Play the lesson with the kubectl in that folder."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch) / "work"
        work.mkdir()
        with _server(Path(scratch)) as kubeconfig:
            player = Player(work, kubeconfig, programs)
            return INTRODUCTION + "".join(player.play(chapter) for chapter in LESSON)


def main() -> int:
    """Write the page."""
    PAGE.write_text(transcript())
    return 0


if __name__ == "__main__":
    sys.exit(main())
