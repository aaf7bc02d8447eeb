"""Rows of tables, kind by kind, as a real API server printed them for the very same objects."""

import json
from pathlib import Path
from typing import Any

import pytest

from orrery.kinds.builtin import builtin
from orrery.kinds.columns.cells import human_duration, since

ROWS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("recorded_rows.json").read_text())
KINDS = builtin()


def _name(row: dict[str, Any]) -> str:
    return f"{row['object']['kind']}-{row['object']['metadata']['name']}"


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_a_row_reads_as_the_real_servers(row: dict[str, Any]) -> None:
    obj = row["object"]
    kind = KINDS.of(obj["apiVersion"], obj["kind"])
    assert kind is not None
    meta = obj["metadata"]

    cells = [column.cell(obj, row["now"]) for column in kind.columns] or [meta["name"], meta["creationTimestamp"]]

    assert cells == row["cells"]


def test_nearly_every_kind_with_columns_of_its_own_is_among_them() -> None:
    """The others cannot be made on an idle server, or are served for old clients only."""
    recorded = {KINDS.of(row["object"]["apiVersion"], row["object"]["kind"]) for row in ROWS}
    missing = {kind.group_resource for kind in KINDS if kind.columns and kind not in recorded}

    assert missing <= {
        "apiservices.apiregistration.k8s.io",
        "componentstatuses",
        "customresourcedefinitions.apiextensions.k8s.io",
        "events.events.k8s.io",
        "horizontalpodautoscalers.autoscaling",
        "nodes.metrics.k8s.io",
        "pods.metrics.k8s.io",
        "servicecidrs.networking.k8s.io",
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-2, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (119.9, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (599, "9m59s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (10860, "3h1m"),
        (28799, "7h59m"),
        (28800, "8h"),
        (172799, "47h"),
        (172800, "2d"),
        (176400, "2d1h"),
        (691199, "7d23h"),
        (691200, "8d"),
        (63071999, "729d"),
        (63072000, "2y"),
        (63158400, "2y1d"),
        (252287999, "7y364d"),
        (252288000, "8y"),
    ],
)
def test_durations_lose_detail_as_they_grow(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text


def test_an_age_without_a_beginning_is_unknown() -> None:
    assert since(None, 0.0) == "<unknown>"
