"""`orrery images`: lists the images there are, those of users too, as a server with the same options would have them."""

import json
import sys
from collections.abc import Sequence
from typing import Final

from orrery.cli.options import ImagesOptions
from orrery.node.images.listing import Listed, listed_images, tags_of
from orrery.node.images.references import InvalidReference
from orrery.node.images.user_files import ImagesUnusable, load_images
from orrery.node.images.user_images import UserImage

_TAGS_WIDTH: Final = 60


def images(options: ImagesOptions) -> int:
    """Print the list, or the tags of one image; 1 when a user's file is wrong or the image is not known."""
    try:
        users = load_images(options.images_files, data=options.data)
    except ImagesUnusable as problem:
        print(f"orrery: {problem}", file=sys.stderr)
        return 1
    if options.name:
        return _print_tags(options, users)
    rows = listed_images(users)
    if options.output == "json":
        print(json.dumps([_facts(row, users) for row in rows], indent=2))
    else:
        print(_table(rows))
    return 0


def _print_tags(options: ImagesOptions, users: Sequence[UserImage]) -> int:
    try:
        tags = tags_of(options.name, users)
    except InvalidReference as problem:
        print(f"orrery: {options.name}: {problem}", file=sys.stderr)
        return 1
    if tags is None:
        print(f"orrery: {options.name} is not in the catalogue", file=sys.stderr)
        return 1
    if options.output == "json":
        print(json.dumps(tags))
    else:
        print("\n".join(tags) or "(every tag)")
    return 0


def _facts(row: Listed, users: Sequence[UserImage]) -> dict[str, object]:
    return {
        "repository": row.repository,
        "kind": row.kind,
        "ports": list(row.ports),
        "tags": tags_of(row.repository, users) if row.tags else None,
        "latest": row.newest or None,
        "source": row.source,
    }


def _table(rows: Sequence[Listed]) -> str:
    table = [("REPOSITORY", "KIND", "PORTS", "LATEST", "SOURCE", "TAGS")]
    for row in rows:
        ports = ",".join(str(port) for port in row.ports) or "<none>"
        table.append((row.repository, row.kind, ports, row.newest or "<none>", row.source, _short(row.tags) or "<any>"))
    widths = [max(len(line[column]) for line in table) for column in range(5)]
    return "\n".join(
        "   ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[5]]).rstrip() for line in table
    )


def _short(tags: str) -> str:
    return tags if len(tags) <= _TAGS_WIDTH else tags[: _TAGS_WIDTH - 1].rpartition(" ")[0] + " …"
