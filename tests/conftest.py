"""Shared fixtures: a directory for files, a simulated Zoom, and the models that dbt builds."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.built import INSTALLED, Built, shared
from tests.simulator import SimulatedZoom
from tests.tap import UNDER_WAY, account

settings.register_profile("same every time", derandomize=True, deadline=None)
settings.load_profile("same every time")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests with `few` as long, except for their first parameters. Run tests of the dbt package first: one worker
    gets them all, and no other worker waits for the models."""
    seen: Counter[str] = Counter()
    for item in items:
        if few := item.get_closest_marker("few"):
            name = item.nodeid.partition("[")[0]
            seen[name] += 1
            if seen[name] > few.args[0]:
                item.add_marker(pytest.mark.long)
    items.sort(key=lambda item: "built" not in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session", autouse=True)
def files() -> Iterator[None]:
    """A temporary directory for the configs and logs of all runs."""
    with tempfile.TemporaryDirectory(prefix="tap-zoom-tests-") as directory:
        os.environ["TAP_ZOOM_TEST_FILES"] = directory
        yield


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """An account loaded twice, and the models of the dbt package."""
    if not INSTALLED.exists():
        pytest.skip("There is no dbt. Set it up: make .venv/dbt/.installed")
    directory = tmp_path_factory.getbasetemp()
    return shared(directory.parent if "PYTEST_XDIST_WORKER" in os.environ else directory)


@pytest.fixture
def zoom() -> Iterator[SimulatedZoom]:
    """A simulated Zoom with a small account."""
    with SimulatedZoom(account()) as zoom:
        yield zoom


@pytest.fixture(autouse=True)
def end_runs() -> Iterator[None]:
    """End runs that a failed test left behind, so that they don't disturb other tests."""
    yield
    while UNDER_WAY:
        UNDER_WAY[0].end()
