"""The documents as bytes: made in a thread when first asked for, kept in files where there is a data directory, else in memory.

A document's hash is that of everything it is made from, so the index of all documents is known without making any of them.
"""

import asyncio
import contextlib
import hashlib
import os
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from orrery import __version__
from orrery.kinds.catalogue import Catalogue
from orrery.machinery.assets import asset

if TYPE_CHECKING:
    from orrery.api.openapi.specs import Specs

SWAGGER: Final = "v2"
SWAGGER_PROTOBUF: Final = "v2.pb"
TRYABLE: Final = "try/"
"""Before a name of version 3: the document as the documentation page shows it."""
_FOLDER: Final = "openapi-cache"


class Library:
    """All documents of a catalogue."""

    def __init__(self, catalogue: Catalogue, data: Path | None = None) -> None:
        """`data` is the server's data directory, or None to keep the documents in memory."""
        self._catalogue = catalogue
        self._data = data
        self._kept: dict[tuple[str, str], bytes] = {}
        self._making = asyncio.Lock()

    @cached_property
    def _specs(self) -> "Specs":
        from orrery.api.openapi.specs import Specs  # What makes documents is loaded with the first of them, not at the start.

        return Specs(self._catalogue)

    def names(self) -> list[str]:
        """Of the documents of version 3."""
        return self._specs.names()

    def group_versions(self) -> list[str]:
        """Of those that describe kinds, in the order of discovery."""
        return self._specs.group_versions()

    def hash(self, name: str) -> str:
        """The hash of a document; changes when the document may have changed."""
        found = hashlib.sha512(_sources())
        kinds = self._catalogue if name.startswith(SWAGGER) else self._specs.kinds(name.removeprefix(TRYABLE)) or self._catalogue
        for kind in kinds:
            facts = (kind.group, kind.version, kind.kind, kind.resource, kind.namespaced, kind.verbs, kind.subresources)
            found.update(repr(facts).encode())
        found.update(name.removesuffix(".pb").encode())
        return found.hexdigest().upper()

    async def document(self, name: str) -> bytes:
        """The bytes of a document: a name of version 3, one after TRYABLE, SWAGGER or SWAGGER_PROTOBUF. KeyError when there is none."""
        key = (name, self.hash(name))
        if key in self._kept:
            return self._kept[key]
        async with self._making:
            if key not in self._kept:
                found = await asyncio.to_thread(self._read_or_make, *key)
                if self._data is not None:
                    return found
                self._kept[key] = found
        return self._kept[key]

    def _read_or_make(self, name: str, digest: str) -> bytes:
        path = self._path(name, digest)
        if path is None:
            return self._make(name)
        try:
            return path.read_bytes()
        except OSError:
            body = self._make(name)
            _keep(path, body)
            return body

    def _path(self, name: str, digest: str) -> Path | None:
        return None if self._data is None else self._data / _FOLDER / f"{name.replace('/', '__')}-{digest[:32]}"

    def _make(self, name: str) -> bytes:
        from orrery.api.openapi import descriptions, gnostic, swagger
        from orrery.api.openapi.tryable import tryable

        words = descriptions.load()
        if name.startswith(TRYABLE):
            shown = name.removeprefix(TRYABLE)
            return orjson.dumps(tryable(self._specs.make(shown, words), f"Kubernetes {shown.partition('/')[2]}"))
        if not name.startswith(SWAGGER):
            return orjson.dumps(self._specs.make(name, words))
        merged = swagger.merge(self._specs.make(each, words) for each in self._specs.names())
        return gnostic.encode(merged) if name == SWAGGER_PROTOBUF else orjson.dumps(merged)


def _keep(path: Path, body: bytes) -> None:
    """Write a file whole or not at all. A directory that cannot be written only costs the next start some time."""
    temporary = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob(f"{path.name.rpartition('-')[0]}-*"):
            old.unlink(missing_ok=True)
        temporary.write_bytes(body)
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()


@cache
def _sources() -> bytes:
    """A digest of what all documents are made from: this package, the schema table and the package with the words."""
    from orrery.api.openapi.descriptions import source

    found = hashlib.sha512(f"{__version__} {source()}".encode())
    for path in (*sorted(Path(__file__).parent.glob("*.py")), asset("openapi/kubernetes-1.35.schema.json")):
        found.update(path.read_bytes())
    return found.digest()
