"""Loaded last by the process that the tests fork: it reads the schemas, and freezes what forks inherit.

Otherwise each fork reads the files again, and garbage collection makes it copy the memory of every module.
Source: https://docs.python.org/3/library/gc.html#gc.freeze
"""

from __future__ import annotations

import gc

from tap_zoom.discover import catalog

catalog()
gc.collect()
gc.freeze()
