"""The committed documents under openapi/served/ are those the server serves, and hold none of upstream's prose."""

import orjson
import pytest

from tools import generate_openapi


@pytest.fixture(scope="module")
def served() -> dict[str, str]:
    return generate_openapi.served()


def test_the_committed_documents_are_what_is_served(served: dict[str, str]) -> None:
    assert generate_openapi.stale(served) == [], "run `make openapi`"


def test_documents_are_small_enough_to_review(served: dict[str, str]) -> None:
    assert sum(map(len, served.values())) < 3_000_000


def test_upstreams_documents_carry_no_prose() -> None:
    for path in generate_openapi.TARGET.glob("*.json"):
        if path.name == "orrery-v1.json":
            continue
        words = set(_descriptions(orjson.loads(path.read_bytes())))
        assert words <= {"OK", "Created", "Accepted", "Unauthorized"}, path.name


def _descriptions(value: object) -> list[str]:
    if isinstance(value, list):
        return [text for each in value for text in _descriptions(each)]
    if not isinstance(value, dict):
        return []
    own = [value["description"]] if isinstance(value.get("description"), str) else []
    return own + [text for each in value.values() for text in _descriptions(each)]
