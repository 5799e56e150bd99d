"""Tests with for_each report all failing cases."""

from __future__ import annotations

import inspect

import pytest

from tests.each import for_each


@for_each(number=[1, 2, 3])
def odd(number: int, zoom: object) -> None:
    assert number % 2, f"{number} is even"
    assert zoom


def test_all_failing_cases_are_reported() -> None:
    """The error contains each failing case with its message."""
    with pytest.raises(AssertionError, match=r"1 cases fail\.\n2:\n(.|\n)*2 is even"):
        odd(zoom="a fixture")
    with pytest.raises(AssertionError, match=r"3 cases fail\.\n1:\n(.|\n)*2:\n(.|\n)*3:\n"):
        odd(zoom=None)


def test_other_parameters_are_fixtures() -> None:
    """pytest finds them in the signature."""
    assert list(inspect.signature(odd).parameters) == ["zoom"]
