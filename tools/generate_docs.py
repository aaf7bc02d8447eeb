#!/usr/bin/env python3
"""Writes what docs/ takes from the code: docs/differences.md from the `# DIFFERS:` lines, docs/kinds.md and
docs/fields.md from the catalogue and from who names which field, docs/image-catalogue.md from the images, docs/limits.md from the settings.

`make openapi` runs it; `generate_docs.py --check` fails when a file is out of date, as tests/test_docs.py does.
"""

import ast
import itertools
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
        "Tags are short: `1.25.{0..5}` is six tags which also bring 1.25 and 1, and endings after a bar may follow each version.\n"
        "Where versions were recorded (nginx, httpd, redis, memcached, mysql, mariadb, postgres, mongo, rabbitmq, python, node,\n"
        "golang), those exist as well. Mirrors lead to the same images: `mirror.gcr.io`, `public.ecr.aws/docker/library`,\n"
        "`k8s.gcr.io` and `gcr.io/google_containers`.\n\n"
    )
    return head + "\n".join(rows) + "\n"


def limits_page() -> str:
    """docs/limits.md: every setting with its default and what it means, from the docstrings of `Settings`."""
    parts = [_LIMITS_HEAD, "| Setting | Default | Meaning |", "| --- | --- | --- |"]
    parts += [f"| `{name}` | {_shown(default)} | {meaning} |" for name, default, meaning in settings_told()]
    return "\n".join(parts) + "\n"


def settings_told() -> list[tuple[str, object, str]]:
    """Name, default and docstring of every setting, in their order."""
    from orrery.settings import Settings

    body = next(node for node in ast.parse((SOURCES / "settings.py").read_text()).body if isinstance(node, ast.ClassDef)).body
    told = []
    for field, after in itertools.zip_longest(body, body[1:]):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        text = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
        meaning = " ".join(str(text).split())
        told.append((field.target.id, Settings.model_fields[field.target.id].default, meaning))
    return told


def _shown(default: object) -> str:
    if isinstance(default, int) and default >= 1 << 20 and default % (1 << 20) == 0:
        return f"{default >> 20} MiB"
    return f"`{default}`"


_LIMITS_HEAD = """# Limits

Orrery is one process, so whatever runs in its containers is bounded: nothing they do takes the server's memory or keeps it from answering.
A container meets the limits where a real one would, and is told in the same words.

| What runs | What it gets |
| --- | --- |
| a loop that spins or prints, a fork bomb, anything busy | half of the event loop's time, in steps of 2 ms; other requests go first |
| a program that wants more memory than the container's limit | all its processes are killed: `OOMKilled`, exit code 137 |
| more memory than all containers may have together | the container that holds most is `OOMKilled` |
| more processes than there may be | `Resource temporarily unavailable`: bash ends with 254, dash and busybox with 2 |
| a file larger than what is left of the disk | `No space left on device`; zeros are free, so `dd if=/dev/zero` fills nothing |
| a log flood | who writes faster than the rate waits; the oldest lines are forgotten |
| endless recursion of a shell | exit code 139, or `OOMKilled` |
| a regular expression that would take forever | matched in linear time; with back-references `Memory exhausted` (grep: exit code 2) |

Every limit and delay is a field of `Settings` in `app/orrery/settings.py`; the README says which are options of `orrery serve`.
"""

PAGES = {
    "differences.md": differences_page,
    "fields.md": fields_page,
    "image-catalogue.md": images_page,
    "kinds.md": kinds_page,
    "limits.md": limits_page,
}


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
