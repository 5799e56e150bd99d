"""Run the tap in forks of a process that has already imported it.

Importing the tap takes several times as long as syncing a small account, and the tests start it hundreds of times.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import BinaryIO

import tap_zoom

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tap_zoom.cli", "tests.at", __name__, "tests.frozen"])


class Fork:
    """A run of the tap, with the parts of subprocess.Popen that the tests use."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        stdout: int,
        stderr: BinaryIO,
        cwd: Path,
        env: Mapping[str, str],
        at: float | None,
        patch: str = "",
    ) -> None:
        """`stdout`: a file descriptor or subprocess.PIPE; `at`: the Unix time at which the tap's clock starts (None:
        real time); `patch`: Python statements to execute before the tap runs."""
        self.stdout: BinaryIO | None = None
        if stdout == subprocess.PIPE:
            ours, theirs = os.pipe()
            self.stdout = os.fdopen(ours, "rb")
        else:
            theirs = os.dup(stdout)
        given = (list(arguments), _Inherited(theirs), _Inherited(stderr.fileno()), cwd, dict(env), at, patch)
        self._process = FORKS.Process(target=_run, args=given, daemon=True)
        self._process.start()
        os.close(theirs)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status: None while the process runs, the negative signal number if a signal killed it."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> None:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("tap-zoom", timeout or 0)

    def send_signal(self, number: int) -> None:
        if self._process.exitcode is None:
            with suppress(ProcessLookupError):  # it has ended, and the fork server will say so
                os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()


class _Inherited:
    """A file descriptor that pickle passes to the fork as a duplicate."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __reduce__(self) -> tuple[Callable[[DupFd], int], tuple[DupFd]]:
        return _descriptor_of, (DupFd(self._descriptor),)


def _descriptor_of(duplicate: DupFd) -> int:
    return duplicate.detach()


def _run(
    arguments: list[str], stdout: int, stderr: int, cwd: Path, env: dict[str, str], at: float | None, patch: str
) -> None:
    """Run the command tap-zoom, in the fork."""
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.close(stdout)
    os.close(stderr)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["tap-zoom", *arguments]
    exec(patch, {})
    if at is None:
        tap_zoom.main()
        return
    from tests.at import travel

    with travel(at):
        tap_zoom.main()
