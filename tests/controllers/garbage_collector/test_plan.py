"""What becomes of a dependent, as a table over the states of its owners."""

from typing import Any

import pytest

from orrery.controllers.garbage_collector.plan import Delete, Dependents, Keep, OwnerState, is_blocking, plan_dependent, unblock

SOLID, DANGLING, WAITING = OwnerState.SOLID, OwnerState.DANGLING, OwnerState.WAITING
NONE, SOME, CIRCLE = Dependents.NONE, Dependents.SOME, Dependents.WAITING


@pytest.mark.parametrize(
    ("states", "dependents", "finalizers", "plan"),
    [
        ([SOLID], NONE, [], Keep([])),
        ([SOLID, DANGLING], NONE, [], Keep(["uid-1"])),
        ([WAITING, SOLID], SOME, [], Keep(["uid-0"])),  # Else the waiting owner would wait for ever.
        ([DANGLING], NONE, [], Delete("Background")),
        ([DANGLING], SOME, [], Delete("Background")),
        ([DANGLING], NONE, ["orphan"], Delete("Orphan")),
        ([DANGLING], NONE, ["foregroundDeletion"], Delete("Foreground")),
        ([WAITING], NONE, [], Delete("Background")),
        ([WAITING], SOME, [], Delete("Foreground")),
        ([WAITING, DANGLING], SOME, ["orphan"], Delete("Foreground")),
        ([WAITING], CIRCLE, [], Delete("Foreground", unblock=True)),
    ],
)
def test_what_becomes_of_a_dependent(states: list[OwnerState], dependents: Dependents, finalizers: list[str], plan: Keep | Delete) -> None:
    obj = {"metadata": {"name": "child", "finalizers": finalizers}}
    owners: list[tuple[Any, OwnerState]] = [({"uid": f"uid-{number}"}, state) for number, state in enumerate(states)]

    assert plan_dependent(obj, owners, dependents) == plan


def test_only_a_blocking_reference_holds_up_its_owner() -> None:
    child = {"metadata": {"ownerReferences": [{"uid": "a", "blockOwnerDeletion": True}, {"uid": "b"}]}}

    assert is_blocking(child, "a")
    assert not is_blocking(child, "b")
    assert unblock(child)
    assert not is_blocking(child, "a")
    assert not unblock(child)
