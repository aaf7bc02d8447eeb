"""The fixture of this room's tests."""

import pytest

from tests.verbs.world import Api, new_api


@pytest.fixture
async def api() -> Api:
    return await new_api()
