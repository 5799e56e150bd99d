"""Loaded last by the process that the tests fork, so that garbage collection in a fork leaves these objects alone.

Otherwise each fork copies the memory of every module it inherits, which takes a tenth of the time of all tests.
Source: https://docs.python.org/3/library/gc.html#gc.freeze
"""

from __future__ import annotations

import gc

gc.collect()
gc.freeze()
