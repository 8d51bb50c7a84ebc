"""How long to look: shortly, and at the same each time, with all other tests; long with `make fuzz`."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("shortly", deadline=None, max_examples=15, derandomize=True)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.config.getoption("--hypothesis-profile") is None:
        settings.load_profile("shortly")


def pytest_runtest_teardown(item: pytest.Item) -> None:
    if item.config.getoption("--hypothesis-profile") is None:
        settings.load_profile("any machine")
