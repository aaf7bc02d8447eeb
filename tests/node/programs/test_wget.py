"""What busybox's wget says when nobody answers."""

import pytest

from orrery.node.network.pod_network import Fate
from tests.node.processes.harness import Box


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("", "can't connect to remote host (10.96.0.9): Connection timed out"),
        ("-T 2", "download timed out"),
        ("-T 900", "can't connect to remote host (10.96.0.9): Connection timed out"),
    ],
)
async def test_it_tells_its_own_patience_from_the_kernels(monkeypatch: pytest.MonkeyPatch, options: str, words: str) -> None:
    box = Box(family="busybox")
    monkeypatch.setattr(box.network, "_route", lambda source, address, port: Fate.DROPPED)

    result = await box.run(f"wget {options} http://10.96.0.9:81")

    assert (result.code, result.err.splitlines()[-1]) == (1, f"wget: {words}")
