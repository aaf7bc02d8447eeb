"""docs/kubelet-events.md lists what the node tells, and nothing that it does not."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = {"Resize": 'f"Resize{refusal.reason}"', "OutOf": 'f"OutOf{name}"'}


def reasons(section: str) -> set[str]:
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {reason for row in rows for reason in re.findall(r"`([A-Za-z-]+)`", row)}


def test_every_reason_on_the_page_is_told_or_not_as_it_says() -> None:
    told, silent = map(reasons, (ROOT / "docs/kubelet-events.md").read_text().split("## Not told"))
    source = "\n".join(path.read_text() for path in sorted((ROOT / "app/orrery/node").rglob("*.py")))

    composed = {"ResizeDeferred", "ResizeInfeasible", *(reason for reason in told if reason.startswith("OutOf"))}
    assert all(part in source for part in PARTS.values())
    assert {reason for reason in told - composed if f'"{reason}"' not in source} == set()
    assert {reason for reason in silent if f'"{reason}"' in source} == set()
    assert not told & silent


def test_every_reason_the_node_tells_is_on_the_page() -> None:
    told, _ = map(reasons, (ROOT / "docs/kubelet-events.md").read_text().split("## Not told"))
    source = "\n".join(path.read_text() for path in sorted((ROOT / "app/orrery/node").rglob("*.py")))

    assert set(re.findall(r'"(?:Normal|Warning)", "([A-Za-z]+)"', source)) - told == set()
