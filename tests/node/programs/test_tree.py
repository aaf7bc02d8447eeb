"""tree draws what is there."""

from tests.node.processes.harness import run

FILES = {"/d/a/b/f": "", "/d/a/.h": "", "/d/z": ""}
DRAWN = """d
├── a
│   └── b
│       └── f
├── l -> a
└── z

4 directories, 2 files
"""


async def test_a_tree_of_folders_links_and_files() -> None:
    result = await run("ln -s a d/l; tree d", files=FILES)

    assert result.out == DRAWN
    assert (await run("tree -L 1 -d d", files=FILES)).out == "d\n└── a\n\n2 directories\n"
    assert (await run("tree -a d/a", files=FILES, family="busybox")).out == "d/a\n├── .h\n└── b\n    └── f\n\n1 directories, 2 files\n"


async def test_what_is_no_folder_cannot_be_opened() -> None:
    assert (await run("tree nope")).out == "nope  [error opening dir]\n\n0 directories, 0 files\n"
