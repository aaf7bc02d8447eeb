"""One request of the corpus, and what all its parts are written with."""

import json
from typing import Any, NamedTuple

from tests.parity.samples import NAMESPACE

JSON = "application/json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
YAML = "application/yaml"
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
PARTIAL = {"Accept": "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"}
PARTIAL_LIST = {"Accept": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"}

NS = f"/api/v1/namespaces/{NAMESPACE}"
APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"


class Step(NamedTuple):
    """One request. A body that is text is sent as it is."""

    name: str
    method: str
    path: str
    content_type: str | None = None
    body: Any = None
    headers: dict[str, str] = {}  # noqa: RUF012


def encoded(step: Step) -> bytes | None:
    """The body as it goes over the wire."""
    if step.body is None:
        return None
    return step.body.encode() if isinstance(step.body, str) else json.dumps(step.body, separators=(",", ":")).encode()
