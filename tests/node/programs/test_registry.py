"""Every program that is listed can be loaded, and every one that exists is listed."""

import importlib

import pytest

from orrery.node.programs.registry import HOMES, find


@pytest.mark.parametrize("home", sorted(set(HOMES.values())))
def test_a_module_holds_the_programs_listed_for_it(home: str) -> None:
    programs = importlib.import_module(f"orrery.node.programs.{home}").PROGRAMS

    listed = {name for name, module in HOMES.items() if module == home}

    assert listed <= set(programs)


def test_a_program_nobody_wrote_is_none() -> None:
    assert find("no-such-program", "busybox") is None


def test_an_image_may_have_a_program_of_its_own_under_a_common_name() -> None:
    assert find("whoami", "debian:whoami") != find("whoami", "debian")
