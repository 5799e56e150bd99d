"""Run many cases in one test, which reports all cases that fail.

For cases that take about a millisecond, such as a rule for each stream. A pytest test for each case would take ten
times as long.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterable
from typing import Any

Test = Callable[..., None]


def for_each(**cases: Iterable[Any]) -> Callable[[Test], Test]:
    """Decorate a test that takes a case: `@for_each(stream=STREAMS)`. Its other parameters are fixtures."""
    [(name, values)] = cases.items()

    def decorate(test: Test) -> Test:
        signature = inspect.signature(test)

        def run(**fixtures: Any) -> None:
            failed = []
            for value in values:
                try:
                    test(**{name: value}, **fixtures)
                except Exception:
                    failed.append(f"{getattr(value, 'name', value)}:\n{traceback.format_exc(limit=-1)}")
            assert not failed, "\n".join([f"{len(failed)} cases fail.", *failed])

        run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
        fixtures = [each for each in signature.parameters.values() if each.name != name]
        run.__signature__ = signature.replace(parameters=fixtures)  # type: ignore[attr-defined]
        return run

    return decorate
