#!/usr/bin/env python3
"""Writes what docs/ takes from the code: docs/differences.md from the `# DIFFERS:` lines, docs/kinds.md and
docs/fields.md from the catalogue and from who names which field, docs/image-catalogue.md from the images.

`make openapi` runs it; `generate_docs.py --check` fails when a file is out of date, as tests/test_docs.py does.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "app" / "orrery"
# A mark is a comment, or a paragraph of a docstring; it goes on over the lines that follow in the same form.
_DIFFERS = re.compile(r"^\s*(# )?DIFFERS: (.+?)$")
_MORE_COMMENT = re.compile(r"^\s*# (?!DIFFERS)(.+)$")
_MORE_TEXT = re.compile(r'^\s*(?!""")(\S.*)$')

_ROOMS = {
    "api": "HTTP",
    "auth": "Authentication and authorization",
    "cli": "The command",
    "control": "Orrery's own API",
    "controllers": "Controllers and scheduler",
    "kinds": "Kinds: defaults, validation, columns",
    "machinery": "Formats and values",
    "node": "Nodes and containers",
    "store": "Storage",
    "verbs": "Verbs and admission",
}


def differences() -> dict[str, list[str]]:
    """Every deviation by room, in the order of files and lines."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(SOURCES.rglob("*.py")):
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines):
            match = _DIFFERS.match(line)
            if match is None:
                continue
            text = [match.group(2)]
            pattern = _MORE_COMMENT if match.group(1) else _MORE_TEXT
            for following in lines[number + 1 :]:
                more = pattern.match(following)
                if more is None:
                    break
                text.append(more.group(1))
            room = path.relative_to(SOURCES).parts[0].removesuffix(".py")
            found[room].append(f"{' '.join(text).removesuffix(chr(34) * 3)} (`{path.relative_to(SOURCES)}`)")
    return found


def differences_page() -> str:
    """docs/differences.md."""
    parts = [
        "# Differences from Kubernetes 1.35\n",
        "Every deliberate deviation is marked in the code; this page is generated from those marks. What is not there at all yet is in",
        "[missing.md](missing.md).\n",
    ]
    for room, entries in sorted(differences().items(), key=lambda item: _ROOMS.get(item[0], item[0])):
        parts.append(f"## {_ROOMS.get(room, room)}\n")
        parts += [f"- {entry[0].upper()}{entry[1:]}" for entry in entries]
        parts.append("")
    return "\n".join(parts)


def kinds_page() -> str:
    """docs/kinds.md: what is served, and which kinds have behaviour of their own."""
    from orrery.kinds.builtin import builtin

    rows = [
        "| Kind | API version | Resource | Short names | Scope | Subresources | Own rules |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for kind in sorted(builtin(), key=lambda kind: (kind.group, kind.version, kind.resource)):
        own = [word for word, there in (("defaults", kind.behaviour.default), ("validation", kind.behaviour.validate)) if there]
        cells = (
            kind.kind,
            kind.api_version,
            kind.resource,
            ", ".join(kind.short_names),
            "namespace" if kind.namespaced else "cluster",
            ", ".join(sub.name for sub in kind.subresources),
            ", ".join(own),
        )
        rows.append("| " + " | ".join(cells) + " |")
    head = (
        "# Kinds\n\nEvery built-in kind of the stable groups is served by the same verbs, with discovery, OpenAPI, defaults and columns.\n"
        "Generated from the catalogue.\n\n"
    )
    return head + "\n".join(rows) + "\n"


_STATE_MEANINGS = {
    "acted on": "a controller, the scheduler, the node, admission or the API does something with it, or keeps it up to date",
    "checked only": "defaulted and validated as Kubernetes does; nothing else follows from it",
    "stored only": "kept and served as it was written",
    "refused": "an object with it is not accepted there",
    "switched off": "dropped on the way in, as Kubernetes 1.35 does while the feature's gate is off",
}


def fields_page() -> str:
    """docs/fields.md: kind by kind, field by field, what is acted on, checked, stored, refused."""
    from tools.field_coverage import sections

    kinds, shared = sections()
    parts = [
        "# Kinds, field by field\n",
        "Generated from the code: who names a field acts on it. Paths begin at the object; a name in parentheses is a struct with a",
        "section of its own at the end of the page. What the words mean:\n",
        *(f"- **{state}**: {meaning}." for state, meaning in _STATE_MEANINGS.items()),
        "",
    ]
    for title, found in (("Kinds", kinds), ("Structs that several kinds share", shared)):
        parts.append(f"## {title}\n")
        for section in found:
            parts.append(f"### {section.title}\n")
            parts += [
                f"- **{state}**: {', '.join(f'`{path}`' for path in section.of(state))}" for state in _STATE_MEANINGS if section.of(state)
            ]
            parts.append("")
    return "\n".join(parts)


def images_page() -> str:
    """docs/image-catalogue.md: the built-in images."""
    from orrery.node.images.listing import listed_images

    rows = ["| Image | Kind | Ports | Latest | Tags |", "| --- | --- | --- | --- | --- |"]
    for row in listed_images():
        ports = ", ".join(str(port) for port in row.ports)
        tags = row.tags.replace("|", "\\|") or "every"
        rows.append(f"| `{row.repository}` | {row.kind} | {ports} | {row.newest} | {tags} |")
    head = (
        "# Built-in images\n\nGenerated from the catalogue; [images.md](images.md) says what the words mean and how to add images.\n"
        "Tags are short: `1.25.{0..5}` is six tags which also bring 1.25 and 1, and endings after a bar may follow each of them.\n"
        "Where versions were recorded (nginx, httpd, redis, memcached, mysql, mariadb, postgres, mongo, rabbitmq, python, node,\n"
        "golang), those exist as well. Mirrors lead to the same images: `mirror.gcr.io`, `public.ecr.aws/docker/library`,\n"
        "`k8s.gcr.io` and `gcr.io/google_containers`.\n\n"
    )
    return head + "\n".join(rows) + "\n"


PAGES = {"differences.md": differences_page, "image-catalogue.md": images_page, "fields.md": fields_page, "kinds.md": kinds_page}


def main() -> int:
    stale = []
    for name, page in PAGES.items():
        path, text = ROOT / "docs" / name, page()
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    if stale:
        print("out of date:" if "--check" in sys.argv else "written:", ", ".join(stale))
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
