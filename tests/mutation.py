"""Pytest plugin for `make mutants`: runs that fail should fail early."""

from __future__ import annotations

import pytest
from hypothesis import Phase, settings


def pytest_configure() -> None:
    """Turn off shrinking: one failing example is enough, and it need not be the smallest."""
    normal = settings.get_profile("same every time")
    settings.register_profile("mutants", normal, phases=(Phase.explicit, Phase.generate), database=None)
    settings.load_profile("mutants")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run Hypothesis tests last."""
    items.sort(key=lambda item: getattr(getattr(item, "obj", None), "is_hypothesis_test", False))
