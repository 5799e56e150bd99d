"""Signals that come before the tap is there."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.tap import ROOT

SENDS_ITSELF = """
import os, sys
class Moment:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), {number})
sys.meta_path.insert(0, Moment())
sys.argv = ["tap-zoom", "--version"]
import tap_zoom
tap_zoom.main()
"""


@pytest.mark.parametrize("module", ["tap_zoom.cli", "orjson", "tap_zoom.output"])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_while_the_tap_is_loaded_is_answered(number: signal.Signals, status: int, module: str) -> None:
    """One CRITICAL line and the exit status of the signal, at whatever module it comes."""
    script = SENDS_ITSELF.format(module=module, number=int(number))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("CRITICAL ") and number.name in line
