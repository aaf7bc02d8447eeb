"""The documentation is true: generated pages match the code, and the README's commands exist."""

import re
from pathlib import Path

import pytest

from tools.generate_docs import PAGES, differences, settings_told

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_generated_page_is_up_to_date(name: str) -> None:
    """`make openapi` writes it."""
    assert (ROOT / "docs" / name).read_text() == PAGES[name]()


def test_every_deviation_says_what_upstream_does_and_what_we_do() -> None:
    for entries in differences().values():
        for entry in entries:
            assert re.search(r"[Uu]pstream.*; we ", entry) or re.search(r"[Uu]pstream.*; ", entry), entry


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_readme_names_every_option_of_serve() -> None:
    from orrery.cli.options import parse

    with pytest.raises(SystemExit):
        parse(["serve", "--help"])
    options = set(re.findall(r'option\("(--[a-z-]+)"', (ROOT / "app/orrery/cli/options.py").read_text()))
    missing = {option for option in options if f"`{option}" not in (ROOT / "README.md").read_text()}
    assert not missing


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, _, meaning in settings_told() if not meaning] == []
