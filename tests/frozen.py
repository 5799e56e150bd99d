"""Imported last by the fork server: loads the schemas and freezes all objects that forks inherit.

Without this, each fork reads the schema files again, and garbage collection copies the memory of all modules.
Source: https://docs.python.org/3/library/gc.html#gc.freeze
"""

from __future__ import annotations

import gc

from tap_zoom.discover import catalog

catalog()
gc.collect()
gc.freeze()
