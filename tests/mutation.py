"""A plugin of pytest for `make mutants`: whatever fails does so soon."""

from __future__ import annotations

import pytest
from hypothesis import Phase, settings


def pytest_configure() -> None:
    """A mutant that is found has not to be explained by the smallest example."""
    normal = settings.get_profile("same every time")
    settings.register_profile("mutants", normal, phases=(Phase.explicit, Phase.generate), database=None)
    settings.load_profile("mutants")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First the tests of one example each."""
    items.sort(key=lambda item: getattr(getattr(item, "obj", None), "is_hypothesis_test", False))
